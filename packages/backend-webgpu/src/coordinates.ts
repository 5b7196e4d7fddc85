// From the number of an element to its coordinates, or to where it lies, in WGSL. Sizes and strides are numbers of the dispatch, so
// that the code depends on how many axes there are, and on which strides are 0 or 1, but not on sizes. All is u32, and may wrap around.
import type { Access } from "@lamina/core/passes";
import { type Fixed, numbers } from "./kernels/numbers.ts";

const isWritten = (stride: number): boolean => stride === 0 || stride === 1;

/** The numbers NAME0, NAME1, … of an axis each. */
export const axisNumbers = (name: string, values: readonly number[]): Fixed[] =>
  numbers(Object.fromEntries(values.map((value, axis) => [`${name}${axis}`, value])));
/** Those of strides that are not written into the code. */
export const strideNumbers = (name: string, strides: readonly number[]): Fixed[] =>
  axisNumbers(name, strides).filter((_, axis) => !isWritten(strides[axis]));
/** What the code depends on. */
export const strideKey = (strides: readonly number[]): string =>
  strides.map((stride) => (isWritten(stride) ? stride : "n")).join("");

/** Declares c0, c1, … of element `i` in row-major order, for sizes called NAME0, NAME1, …. */
export function coordinatesText(axes: number, name: string, i: string): string {
  if (axes < 2) return `let c0 = ${i};`;
  const lines: string[] = [`var rest = ${i};`];
  for (let axis = axes - 1; axis > 0; axis--)
    lines.push(`let c${axis} = rest % p.${name}${axis}; rest /= p.${name}${axis};`);
  lines.push("let c0 = rest;");
  return lines.join("\n  ");
}

/** The offset of coordinates c0, c1, …, for strides called NAME0, NAME1, …. */
export const dotText = (strides: readonly number[], name: string): string =>
  strides
    .flatMap((stride, axis) => (stride === 0 ? [] : [stride === 1 ? `c${axis}` : `c${axis} * p.${name}${axis}`]))
    .join(" + ") || "0u";

/** A function `NAME_at(i)`: where element i of an access lies. */
export const offsetFunction = (name: string, { sizes, strides }: Access): string =>
  `fn ${name}_at(i: u32) -> u32 {\n  ${coordinatesText(sizes.length, `${name}_size`, "i")}\n  return ${dotText(strides, `${name}_stride`)};\n}`;
/** The numbers that it reads. */
export const offsetNumbers = (name: string, { sizes, strides }: Access): Fixed[] => [
  ...axisNumbers(`${name}_size`, sizes),
  ...strideNumbers(`${name}_stride`, strides),
];
