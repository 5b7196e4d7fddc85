// The text of kernels: positions of elements as expressions, and how elements are read. Positions stay expressions of the
// functions in helpers.ts, which are exact beyond 2^24; what loops count is below that and may be stored in variables.
import type { Shape } from "@lamina/core";
import { stridesOf } from "@lamina/core/passes";

/** A whole number in the language of kernels. */
export type Position = string;
/** float32 counts no further. */
export const EXACT = 2 ** 24;

/**
 * A call of a function of positions. gpu.js stores the inner of two nested calls of one function in a float32 variable, so each
 * depth has a name of its own: place1(…, place(…)).
 */
function call(name: "quotient" | "rest" | "place", ...values: readonly (Position | number)[]): Position {
  const text = values.join(", ");
  const depths = [...text.matchAll(new RegExp(`\\b${name}(\\d*)\\(`, "g"))].map(([, depth]) => Number(depth) + 1);
  return `${name}${depths.length ? Math.max(...depths) : ""}(${text})`;
}
export const quotient = (a: Position, b: number): Position => (b === 1 ? a : call("quotient", a, b));
export const rest = (a: Position, b: number): Position => (b === 1 ? "0" : call("rest", a, b));
/** c * stride + start */
export const place = (c: Position, stride: number, start: Position | number): Position =>
  call("place", c, stride, start);

/** The index of element `i` of a shape, axis by axis. */
export function indexOf(i: Position, shape: Shape): Position[] {
  const strides = stridesOf(shape);
  const first = shape.findIndex((n) => n > 1);
  return shape.map((n, axis) => {
    const q = quotient(i, strides[axis]);
    return n === 1 ? "0" : axis === first ? q : rest(q, n);
  });
}
/** start + sum of coordinate * stride. */
export function placeOf(coordinates: readonly Position[], strides: readonly number[], start: Position = "0"): Position {
  return coordinates.reduceRight(
    (sum, c, axis) => (c === "0" || strides[axis] === 0 ? sum : place(c, strides[axis], sum)),
    start,
  );
}
/** The same where everything stays below 2^24: plain arithmetic, which may also use variables. */
function sumOf(coordinates: readonly Position[], strides: readonly number[], start = "0"): Position {
  const terms = coordinates.flatMap((c, axis) => {
    if (c === "0" || strides[axis] === 0) return [];
    return [strides[axis] === 1 ? c : `${c} * ${strides[axis]}`];
  });
  return [...(start === "0" && terms.length ? [] : [start]), ...terms].join(" + ");
}

/** Text that reads number `i` of an input. */
export type Reader = (i: Position) => string;
export interface Operand {
  /** Numbers, of which an int32 has two. */
  readonly length: number;
  at: Reader;
  /** Where an element lies, by the cheapest arithmetic that is exact for this operand. */
  place(coordinates: readonly Position[], strides: readonly number[], start?: Position): Position;
}
/** @param most how many numbers a texture holds; what is longer lies in several. */
export function operandOf(name: string, length: number, most: number): Operand {
  const pieces = Math.ceil(length / most);
  const at: Reader = (i) => {
    if (pieces === 0) return "0";
    if (pieces === 1) return `${name}p0[${i}]`;
    let text = `${name}p${pieces - 1}[${i} - ${(pieces - 1) * most}]`;
    for (let p = pieces - 2; p >= 0; p--)
      text = `(${i} < ${(p + 1) * most} ? ${name}p${p}[${p ? `${i} - ${p * most}` : i}] : ${text})`;
    return text;
  };
  return { length, at, place: length < EXACT && pieces < 2 ? sumOf : placeOf };
}
export const pieceNames = (name: string, length: number, most: number): string[] =>
  Array.from({ length: Math.ceil(length / most) }, (_, p) => `${name}p${p}`);

/**
 * Gives coordinates names, so that a loop does not compute them again; an axis too long for a variable keeps its expression.
 * @returns the statements, and what to write for each coordinate.
 */
export function named(prefix: string, coordinates: readonly Position[], shape: Shape): [string, Position[]] {
  const short = (axis: number) => shape[axis] < EXACT && coordinates[axis] !== "0";
  const text = coordinates.map((c, axis) => (short(axis) ? `const ${prefix}${axis} = ${c};\n` : "")).join("");
  return [text, coordinates.map((c, axis) => (short(axis) ? `${prefix}${axis}` : c))];
}
/** Counts `name` from 0 to n - 1. */
export const loop = (name: string, n: number, body: string): string =>
  `for (let ${name} = 0; ${name} < ${n}; ${name}++) {\n${body}\n}\n`;
/** Statements if all conditions hold; none is always. */
export const when = (conditions: readonly string[], body: string): string =>
  conditions.reduceRight((inner, condition) => `if (${condition}) {\n${inner}\n}`, body);
