// One row for each pointwise op: its value as a WGSL expression of its operands'. float32 is f32, int32 i32, uint8 u32, bool
// bool. Functions that WGSL lacks, or has only roughly, are in library.ts.
import type { DType } from "@lamina/core";

export interface Operand {
  readonly text: string;
  readonly dtype: DType;
}
type Expression = (x: readonly string[], dtype: DType, out: DType) => string;

/** What values of a dtype are while they are computed with. */
export const valueType = (dtype: DType): string =>
  dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : dtype === "bool" ? "bool" : "u32";

const call =
  (name: string): Expression =>
  (x) =>
    `${name}(${x.join(", ")})`;
/** By the operands' type. uint8 is computed in 32 bits and cut to 8. */
const byType =
  (float: Expression, int: Expression, bool: Expression = int): Expression =>
  (x, dtype, out) => {
    if (dtype === "float32") return float(x, dtype, out);
    if (dtype === "bool") return bool(x, dtype, out);
    return dtype === "uint8" && out === "uint8" ? `(${int(x, dtype, out)} & 255u)` : int(x, dtype, out);
  };
const infix =
  (operator: string): Expression =>
  ([x, y]) =>
    `(${x} ${operator} ${y})`;
const truth = (text: string) => `u32(${text})`;

const cast: Expression = ([x], from, to) => {
  if (from === to) return x;
  if (to === "bool") return from === "float32" ? `is_true(${x})` : from === "int32" ? `(${x} != 0)` : `(${x} != 0u)`;
  if (from === "bool") return to === "float32" ? `f32(${x})` : to === "int32" ? `i32(${x})` : `u32(${x})`;
  if (to === "float32") return `f32(${x})`;
  if (to === "int32") return from === "float32" ? `i32(${x})` : `i32(${x})`;
  return from === "float32" ? `(u32(i32(${x})) & 255u)` : `(u32(${x}) & 255u)`;
};

const rows: Readonly<Record<string, Expression>> = {
  neg: byType(call("negative"), ([x]) => `(-${x})`),
  abs: byType(call("magnitude"), call("abs")),
  sign: byType(call("sign_of"), ([x]) => `sign(${x})`),
  floor: call("floor_of"),
  ceil: call("ceil_of"),
  round: call("round_of"),
  trunc: call("trunc_of"),
  sqrt: call("sqrt_of"),
  exp: call("exp_of"),
  expm1: call("expm1_of"),
  log: call("log_of"),
  log1p: call("log1p_of"),
  sin: call("sin_of"),
  cos: call("cos_of"),
  tan: call("tan_of"),
  asin: call("asin_of"),
  acos: call("acos_of"),
  atan: call("atan_of"),
  sinh: call("sinh_of"),
  cosh: call("cosh_of"),
  tanh: call("tanh_of"),
  erf: call("erf_of"),
  reciprocal: ([x]) => `(1.0 / ${x})`,
  square: ([x]) => `(${x} * ${x})`,
  rsqrt: call("rsqrt_of"),
  sigmoid: call("sigmoid_of"),
  relu: call("relu_of"),
  softplus: call("softplus_of"),
  gelu: call("gelu_of"),
  silu: call("silu_of"),
  logicalNot: ([x]) => `(!${x})`,
  cast,
  add: byType(infix("+"), infix("+")),
  sub: byType(infix("-"), infix("-")),
  mul: byType(infix("*"), infix("*")),
  maximum: byType(call("maximum_of"), call("max"), infix("||")),
  minimum: byType(call("minimum_of"), call("min"), infix("&&")),
  div: infix("/"),
  pow: call("pow_of"),
  atan2: call("atan2_of"),
  remainder: byType(
    call("remainder_of"),
    (x, dtype) => `${dtype === "int32" ? "int_remainder_of" : "uint_remainder_of"}(${x.join(", ")})`,
  ),
  equal: byType(call("equal_to"), infix("=="), infix("==")),
  less: byType(call("less_than"), infix("<"), ([x, y]) => `(${truth(x)} < ${truth(y)})`),
  lessEqual: byType(call("at_most"), infix("<="), ([x, y]) => `(${truth(x)} <= ${truth(y)})`),
  where: ([c, x, y]) => `select(${y}, ${x}, ${c})`,
  reluGrad: ([dy, y]) => `select(0.0, ${dy}, less_than(0.0, ${y}))`,
  sigmoidGrad: ([dy, y]) => `(${dy} * ${y} * (1.0 - ${y}))`,
  tanhGrad: ([dy, y]) => `(${dy} * (1.0 - ${y} * ${y}))`,
};
export const pointwiseOps: readonly string[] = Object.keys(rows);
export const isPointwise = (op: string): boolean => op === "full" || Object.hasOwn(rows, op);

/** `dtype` of the result; operands of a choice may differ from its condition. */
export function expressionOf(op: string, operands: readonly Operand[], dtype: DType): string {
  return rows[op](
    operands.map(({ text }) => text),
    operands[operands.length - 1].dtype,
    dtype,
  );
}
