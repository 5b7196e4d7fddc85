// What users may pass to a pointwise op: tensors and numbers of any shapes and types that go together.
import { type DType, isFloat, promote } from "../dtype.ts";
import { Tensor } from "../tensor.ts";
import { expand } from "./broadcast.ts";
import { cast } from "./cast.ts";
import { filled, full } from "./creation.ts";
import { broadcastShapes, sameShape } from "./shapes.ts";

/** A number is a 0-d tensor that takes the other's type where it can, and never part of a program. */
export type Operand = Tensor | number;

/** The type a number takes beside `other`, as in PyTorch: a fraction makes integers float32, a whole number makes booleans int32. */
function numberType(value: number, other: DType): DType {
  if (isFloat(other)) return other;
  if (!Number.isInteger(value)) return "float32";
  return other === "bool" ? "int32" : other;
}
function besideNumber(x: Tensor, value: number): [Tensor, Tensor] {
  const dtype = numberType(value, x.dtype);
  return [cast(x, dtype), filled(x.shape, value, dtype)];
}

/** Both as tensors of one dtype, not yet of one shape. */
export function typed(x: Operand, y: Operand): [Tensor, Tensor] {
  if (typeof x === "number") {
    if (typeof y === "number") return [full([], x), full([], y)];
    const [b, a] = besideNumber(y, x);
    return [a, b];
  }
  if (typeof y === "number") return besideNumber(x, y);
  if (x.dtype === y.dtype) return [x, y];
  const dtype = promote(x.dtype, y.dtype);
  return [cast(x, dtype), cast(y, dtype)];
}

/** @throws for what is neither: a value that somebody forgot, or JavaScript's list. */
export function checkOperands(op: string, ...operands: readonly Operand[]): void {
  for (let i = 0; i < operands.length; i++)
    if (typeof operands[i] !== "number" && !(operands[i] instanceof Tensor)) throw wrongOperand(op, i, operands[i]);
}
function wrongOperand(op: string, i: number, x: unknown): Error {
  const what = Array.isArray(x) ? "a list" : typeof x === "object" && x ? `a ${x.constructor?.name}` : String(x);
  return new Error(`${op}: input ${i} is ${what}, but must be a tensor or a number; make one with tensor(…)`);
}

/** Both as tensors of one dtype and one shape. */
export function pair(op: string, x: Operand, y: Operand): [Tensor, Tensor] {
  checkOperands(op, x, y);
  const [a, b] = typed(x, y);
  if (sameShape(a.shape, b.shape)) return [a, b];
  const shape = broadcastShapes(op, a.shape, b.shape);
  return [expand(a, shape), expand(b, shape)];
}
/** As {@link pair}, with integers and booleans as float32. */
export function floatPair(op: string, x: Operand, y: Operand): [Tensor, Tensor] {
  const [a, b] = pair(op, x, y);
  return isFloat(a.dtype) ? [a, b] : [cast(a, "float32"), cast(b, "float32")];
}
