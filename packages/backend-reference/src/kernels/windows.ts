// Where the windows of 2-D pooling lie. What is done with their elements is said by maxPool2d.ts and avgPool2d.ts.
import type { Shape } from "@lamina/core";

/** [h, w] each. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
}

/** The rows (axis 0) or columns (axis 1) of window `i`, from 0 to `size`-1: padding and what runs over the edge is left out. */
function inside(
  i: number,
  axis: 0 | 1,
  size: number,
  { kernel, stride, padding, dilation = [1, 1] }: WindowAttrs,
): number[] {
  const found: number[] = [];
  for (let k = 0; k < kernel[axis]; k++) {
    const at = i * stride[axis] - padding[axis] + k * dilation[axis];
    if (at >= 0 && at < size) found.push(at);
  }
  return found;
}

/**
 * Calls `visit` for each window of `pooled` [N,C,oh,ow] over `image` [N,C,H,W], row-major: its number in `pooled`, the position where
 * its plane of `image` starts, its elements as h*W+w in row-major order, and its row and column.
 */
export function eachWindow(
  image: Shape,
  pooled: Shape,
  attrs: WindowAttrs,
  visit: (window: number, plane: number, elements: readonly number[], i: number, j: number) => void,
): void {
  const [N, C, H, W] = image;
  const [, , oh, ow] = pooled;
  const rows = Array.from({ length: oh }, (_, i) => inside(i, 0, H, attrs));
  const columns = Array.from({ length: ow }, (_, j) => inside(j, 1, W, attrs));
  let window = 0;
  for (let plane = 0; plane < N * C; plane++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++) {
        const elements = rows[i].flatMap((h) => columns[j].map((w) => h * W + w));
        visit(window++, plane * H * W, elements, i, j);
      }
}
