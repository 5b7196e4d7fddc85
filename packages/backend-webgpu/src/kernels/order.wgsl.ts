// Numbers as integers that are ordered as they are, NaN above all: compilers may assume that there is no NaN, so maxima are
// found among these.
import type { DType } from "@lamina/core";

/** -Infinity. */
export const LEAST_ORDER = "-2139095041";

/** -0 comes before 0. */
export const orderFunction = `
fn order(x: f32) -> i32 {
  let bits = bitcast<i32>(x);
  if ((bits & 0x7fffffff) > 0x7f800000) { return 0x7fffffff; }
  return select(bits, bits ^ 0x7fffffff, bits < 0);
}
fn unorder(order: i32) -> f32 { return bitcast<f32>(select(order, order ^ 0x7fffffff, order < 0)); }`;

/** -0 and 0 are equal. With `least` NaN is below all, and what is larger comes first. */
export const rankFunction = (dtype: DType, least: boolean): string => {
  if (dtype !== "float32") {
    const type = dtype === "int32" ? "i32" : "u32";
    // complements are in the opposite order, without overflow
    return `fn rank(x: ${type}) -> i32 { return ${least ? "~" : ""}i32(x); }`;
  }
  return `${orderFunction}
fn rank(x: f32) -> i32 {
  let at = order(x);
  let rank = select(at, 0, at == -1);
  return ${least ? "select(-rank, 0x7fffffff, rank == 0x7fffffff)" : "rank"};
}`;
};
