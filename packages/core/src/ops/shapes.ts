// Axes and shapes as users write them, and the words for what is wrong with them. What an op does with them is its own.
import { type DType, isFloat, type Shape, type Spec } from "../dtype.ts";

/** One axis or several; negative ones count from the end. Left out, or empty: all. */
export type Axes = number | readonly number[];
/** A number for both, or [height, width]: any list of two, so that `x.shape.slice(2)` is one. */
export type Pair = number | readonly number[];

export const FLOATS: readonly DType[] = ["float32", "float64"];
export const SIGNED: readonly DType[] = [...FLOATS, "int32"];
export const NUMBERS: readonly DType[] = [...SIGNED, "uint8"];
export const ANY: readonly DType[] = [...NUMBERS, "bool"];

/** `float32 [2,3]`, for messages. */
export const show = ({ shape, dtype }: Spec): string => `${dtype} [${shape}]`;
const LETTERS = ["x", "y", "z"];

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A copy of a shape that a user passed. */
export function checkShape(op: string, shape: Shape): Shape {
  if (typeof shape !== "object")
    throw new Error(
      `${op}: the shape is ${shape} but must be a list of sizes, as in ${op}([2, 3]); put brackets around them`,
    );
  for (const n of shape)
    if (!Number.isInteger(n) || n < 0)
      throw new Error(`${op}: the shape [${shape}] has a size ${n}; sizes must be whole numbers, 0 or more`);
  return [...shape];
}

/** The axis from the front. A 0-d tensor is read as if it had one axis, as in PyTorch. */
export function axisOf(op: string, axis: number, rank: number): number {
  const n = Math.max(rank, 1);
  if (!Number.isInteger(axis) || axis < -n || axis >= n)
    throw new Error(`${op}: axis ${axis} does not exist in a tensor of ${rank} axes; use ${-n} to ${n - 1}`);
  return axis < 0 ? axis + n : axis;
}

/** As {@link axisOf}, for ops that take an axis apart: a 0-d tensor has none. */
export function axisIn(op: string, axis: number, shape: Shape): number {
  if (shape.length === 0) throw new Error(`${op}: a 0-d tensor has no axis ${axis}; reshape() it to [1] first`);
  return axisOf(op, axis, shape.length);
}

/** The axes from the front, in order; all of them if none are named. */
export function axesOf(op: string, axes: Axes | undefined, rank: number): number[] {
  const list = axes === undefined ? [] : typeof axes === "number" ? [axes] : axes;
  if (list.length === 0) return Array.from({ length: rank }, (_, i) => i);
  const found = list.map((a) => axisOf(op, a, rank));
  if (new Set(found).size !== found.length)
    throw new Error(`${op}: the axes [${list}] name one axis twice (of ${rank}); name each once`);
  return rank === 0 ? [] : found.sort((a, b) => a - b);
}

/** The shape with the named axes of size 1. */
export const keptShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((n, i) => (axes.includes(i) ? 1 : n));
/** The shape without the named axes. */
export const droppedShape = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));

/** NumPy's rule: shapes are aligned at the end, and sizes are equal or 1. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const [m, n] = [sizeAt(a, i - rank), sizeAt(b, i - rank)];
    if (m !== n && m !== 1 && n !== 1)
      throw new Error(
        `${op}: shapes [${a}] and [${b}] do not broadcast (${m} and ${n}); sizes must be equal or 1, counted from the last axis`,
      );
    shape.push(m === 1 ? n : m);
  }
  return shape;
}
/** Counted from the end; 1 before the first. */
const sizeAt = (shape: Shape, axis: number): number => (shape.length + axis < 0 ? 1 : shape[shape.length + axis]);

/** [height, width] of an option that is a number or a pair of whole numbers, at least `least`. */
export function pairOf(op: string, name: string, value: Pair, least: number): readonly [number, number] {
  const pair = typeof value === "number" ? ([value, value] as const) : value;
  if (pair.length !== 2 || pair.some((n) => !Number.isInteger(n) || n < least))
    throw new Error(
      `${op}: ${name} is ${JSON.stringify(value)}; pass a whole number or [height, width], each at least ${least}`,
    );
  return [pair[0], pair[1]];
}

/** The shape rule of a pointwise op: all inputs of one shape and one of the dtypes it accepts, the result as well. */
export const pointwise =
  (op: string, accepts: readonly DType[]) =>
  (inputs: readonly Spec[]): Spec => {
    const [x] = inputs;
    if (!accepts.includes(x.dtype))
      throw new Error(`${op}: x is ${x.dtype} but must be ${accepts.join(" or ")}; cast it first`);
    for (let i = 1; i < inputs.length; i++) {
      const y = inputs[i];
      if (y.dtype !== x.dtype || !sameShape(x.shape, y.shape))
        throw new Error(
          `${op}: x is ${show(x)} but ${LETTERS[i]} is ${show(y)}; cast() and expand() them to one dtype and shape first`,
        );
    }
    return x;
  };

/** Refuses anything but a floating-point tensor. */
export function checkFloat(op: string, name: string, x: Spec): void {
  if (!isFloat(x.dtype))
    throw new Error(`${op}: ${name} is ${x.dtype} but must be floating point; cast it, as in cast(${name}, "float32")`);
}
