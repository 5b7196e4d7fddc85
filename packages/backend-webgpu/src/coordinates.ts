// From the number of an element to its coordinates, in WGSL.
import type { Shape } from "@lamina/core";

/** Declares c0, c1, … (i32) of element `i` (u32) in row-major order. */
export function coordinatesText(sizes: Shape, i: string): string {
  const lines: string[] = [`var rest = i32(${i});`];
  for (let axis = sizes.length - 1; axis > 0; axis--)
    lines.push(`let c${axis} = rest % ${sizes[axis]}; rest /= ${sizes[axis]};`);
  lines.push("let c0 = rest;");
  return lines.join("\n  ");
}
