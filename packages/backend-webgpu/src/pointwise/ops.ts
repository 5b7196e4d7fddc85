// One row for each pointwise op: its value as a WGSL expression of its operands'. float32 is f32, int32 i32, uint8 u32, bool
// bool; a thread computes one element, or four as a vector. Functions that WGSL lacks, or has only roughly, are in library.ts.
import type { DType } from "@lamina/core";
import { HALF } from "../half.ts";
import { isWide } from "./library.ts";

export type Width = 1 | 4;
export interface Operand {
  /** The name of a variable. */
  readonly text: string;
  readonly dtype: DType;
}
interface Kind {
  /** Of the operands (of the last one, where they differ), and of the result. */
  readonly dtype: DType;
  readonly out: DType;
  readonly width: Width;
}
type Expression = (x: readonly string[], kind: Kind) => string;

const scalarType = (dtype: DType): string =>
  dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : dtype === "bool" ? "bool" : "u32";
/** What values of a dtype are while they are computed with. */
export const valueType = (dtype: DType, width: Width): string =>
  width === 1 ? scalarType(dtype) : `vec4<${scalarType(dtype)}>`;

/** A function of the library. */
const call =
  (name: string): Expression =>
  (x, { width }) =>
    `${name}${width === 4 ? "_4" : ""}(${x.join(", ")})`;
/** A function that WGSL has for vectors as well. */
const builtin =
  (name: string): Expression =>
  (x) =>
    `${name}(${x.join(", ")})`;
const infix =
  (operator: string): Expression =>
  ([x, y]) =>
    `(${x} ${operator} ${y})`;
/** By the operands' type. uint8 is computed in 32 bits and cut to 8. */
const byType =
  (float: Expression, int: Expression, bool: Expression = int): Expression =>
  (x, kind) => {
    const { dtype, out, width } = kind;
    if (dtype === "float32") return float(x, kind);
    if (dtype === "bool") return bool(x, kind);
    return dtype === "uint8" && out === "uint8" ? asByte(int(x, kind), width) : int(x, kind);
  };
const asByte = (text: string, width: Width): string => `(${text} & ${valueType("uint8", width)}(255u))`;
/** Of truth values, as numbers. */
const ordered =
  (operator: string): Expression =>
  ([x, y], { width }) => {
    const number = valueType("uint8", width);
    return `(${number}(${x}) ${operator} ${number}(${y}))`;
  };

const cast: Expression = ([x], kind) => {
  const { dtype: from, out: to, width } = kind;
  if (from === to) return x;
  const type = valueType(to, width);
  if (to === "bool") return from === "float32" ? call("is_true")([x], kind) : `(${x} != ${valueType(from, width)}())`;
  if (to !== "uint8" || from === "bool") return `${type}(${x})`;
  return asByte(from === "float32" ? `${type}(${valueType("int32", width)}(${x}))` : `${type}(${x})`, width);
};
const reluGrad: Expression = ([dy, y], kind) => {
  const zero = `${valueType("float32", kind.width)}()`;
  return `select(${zero}, ${dy}, ${call("is_positive")([y], { ...kind, out: "bool" })})`;
};
const remainder: Expression = (x, kind) =>
  call(kind.dtype === "int32" ? "int_remainder_of" : "uint_remainder_of")(x, kind);

const rows: Readonly<Record<string, Expression>> = {
  neg: byType(call("negative"), ([x]) => `(-${x})`),
  abs: byType(call("magnitude"), builtin("abs")),
  sign: byType(call("sign_of"), builtin("sign")),
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
  [HALF]: ([x]) => x,
  add: byType(infix("+"), infix("+")),
  sub: byType(infix("-"), infix("-")),
  mul: byType(infix("*"), infix("*")),
  maximum: byType(call("maximum_of"), builtin("max"), infix("|")),
  minimum: byType(call("minimum_of"), builtin("min"), infix("&")),
  div: infix("/"),
  pow: call("pow_of"),
  atan2: call("atan2_of"),
  remainder: byType(call("remainder_of"), remainder),
  equal: byType(call("equal_to"), infix("==")),
  less: byType(call("less_than"), infix("<"), ordered("<")),
  lessEqual: byType(call("at_most"), infix("<="), ordered("<=")),
  where: ([c, x, y]) => `select(${y}, ${x}, ${c})`,
  reluGrad,
  sigmoidGrad: ([dy, y]) => `(${dy} * ${y} * (1.0 - ${y}))`,
  tanhGrad: ([dy, y]) => `(${dy} * (1.0 - ${y} * ${y}))`,
};
/** Those that core knows. */
export const pointwiseOps: readonly string[] = Object.keys(rows).filter((op) => op !== HALF);
/** Whether an op can be computed for four elements at a time; the others take a function of single numbers. */
export const isWideOp = (op: string, dtype: DType, out: DType): boolean => {
  const x = ["x", "y", "z"];
  return (rows[op](x, { dtype, out, width: 4 }).match(/\w+(?=_4\()/g) ?? []).every(isWide);
};
export const isPointwise = (op: string): boolean => op === "full" || Object.hasOwn(rows, op);

/** `out` is the result's dtype; operands of a choice may differ from its condition. */
export function expressionOf(op: string, operands: readonly Operand[], out: DType, width: Width): string {
  const dtype = operands[operands.length - 1].dtype;
  return rows[op](
    operands.map(({ text }) => text),
    { dtype, out, width },
  );
}
