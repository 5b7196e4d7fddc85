// What avgPool2d and its adjoint divide by: a number, or how much of window (i, j) is counted.
import { areInside, type WindowAttrs, type Windows } from "./windows.ts";

export interface AvgPoolAttrs extends WindowAttrs {
  readonly countIncludePad: boolean;
  /** 0: none */
  readonly divisor: number;
}
export const averageKey = ({ countIncludePad, divisor }: AvgPoolAttrs): string => `${countIncludePad} ${divisor}`;

/** fn divisor(i, j): of window (i, j). */
export function divisorFunction(windows: Windows, attrs: AvgPoolAttrs): string {
  const { kernel, divisor } = attrs;
  const always = divisor || (areInside(windows) ? kernel[0] * kernel[1] : 0);
  const value = always || `${counted(attrs, 0)} * ${counted(attrs, 1)}`;
  return `fn divisor(i: u32, j: u32) -> f32 { return f32(${value}); }`;
}
/** Along an axis: all up to the end of the padding, or only what is in the image. */
function counted({ kernel, stride, padding, countIncludePad }: AvgPoolAttrs, a: 0 | 1): string {
  const size = `i32(${["p.height", "p.width"][a]})`;
  const first = `i32(${"ij"[a]} * ${stride[a]}u) - ${padding[a]}`;
  if (countIncludePad) return `min(${kernel[a]}, ${size} + ${padding[a]} - (${first}))`;
  return `(min(${first} + ${kernel[a]}, ${size}) - max(${first}, 0))`;
}
