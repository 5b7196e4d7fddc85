// Walks the windows of 2-D pooling. What is done with their elements is said by maxPool2d.ts and avgPool2d.ts.
import { loop, when } from "../source.ts";

/** [h, w] each. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
}

/** `body` for each element of the window at (row, column), at row `h` and column `w`; padding is left out. */
export function eachElement(
  [row, column]: readonly string[],
  [H, W]: readonly number[],
  { kernel, stride, padding, dilation = [1, 1] }: WindowAttrs,
  body: string,
): string {
  const at = (axis: 0 | 1, window: string, tap: string) =>
    `${window} * ${stride[axis]} + ${tap} * ${dilation[axis]} - ${padding[axis]}`;
  const columns = loop("q", kernel[1], `const w = ${at(1, column, "q")};\n${when(["w >= 0", `w < ${W}`], body)}`);
  return loop("p", kernel[0], `const h = ${at(0, row, "p")};\n${when(["h >= 0", `h < ${H}`], columns)}`);
}
