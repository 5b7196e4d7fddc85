// What avgPool2d and its adjoint divide by: a number, or how much of window (i, j) is counted.
import type { WindowAttrs } from "./windows.ts";

export interface AvgPoolAttrs extends WindowAttrs {
  readonly countIncludePad: boolean;
  /** 0: none */
  readonly divisor: number;
}
export const averageKey = ({ countIncludePad, divisor }: AvgPoolAttrs): string => `${countIncludePad} ${divisor}`;

/** fn divisor(i, j): of window (i, j) over an image whose height and width are given. */
export function divisorFunction(image: readonly number[], attrs: AvgPoolAttrs): string {
  if (attrs.divisor) return `fn divisor(i: u32, j: u32) -> f32 { return f32(${attrs.divisor}); }`;
  return `fn divisor(i: u32, j: u32) -> f32 { return f32(${counted(image, attrs, 0)} * ${counted(image, attrs, 1)}); }`;
}
/** Along an axis: all up to the end of the padding, or only what is in the image. */
function counted(
  image: readonly number[],
  { kernel, stride, padding, countIncludePad }: AvgPoolAttrs,
  a: 0 | 1,
): string {
  const first = `i32(${"ij"[a]} * ${stride[a]}u) - ${padding[a]}`;
  if (countIncludePad) return `min(${kernel[a]}, ${image[a] + padding[a]} - (${first}))`;
  return `(min(${first} + ${kernel[a]}, ${image[a]}) - max(${first}, 0))`;
}
