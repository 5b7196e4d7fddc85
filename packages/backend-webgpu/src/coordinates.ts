// From the number of an element to its coordinates, or to where it lies, in WGSL.
import type { Shape } from "@lamina/core";
import type { Access } from "@lamina/core/passes";

/** Declares c0, c1, … (i32) of element `i` (u32) in row-major order. */
export function coordinatesText(sizes: Shape, i: string): string {
  const lines: string[] = [`var rest = i32(${i});`];
  for (let axis = sizes.length - 1; axis > 0; axis--)
    lines.push(`let c${axis} = rest % ${sizes[axis]}; rest /= ${sizes[axis]};`);
  lines.push("let c0 = rest;");
  return lines.join("\n  ");
}

/** The offset of coordinates c0, c1, …. */
export const dotText = (strides: readonly number[]): string =>
  strides.flatMap((s, axis) => (s === 0 ? [] : [`c${axis} * ${s}`])).join(" + ") || "0";

/** A function `name(i: u32) -> i32`: where element i of an access lies. */
export const offsetFunction = (name: string, { sizes, strides }: Access): string =>
  `fn ${name}(i: u32) -> i32 {\n  ${coordinatesText(sizes, "i")}\n  return ${dotText(strides)};\n}`;
