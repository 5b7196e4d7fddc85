// A window that slides over images, seen from its taps: tap (i, j) of all windows at once is one strided slice. From
// these, convolution and average pooling are made where a device has no kernel of its own.
import type { Tensor } from "../tensor.ts";
import { add } from "./arithmetic.ts";
import { cut, padWith } from "./slice.ts";

type Two = readonly [number, number] | readonly number[];
export interface Window {
  readonly kernel: Two;
  readonly stride: Two;
  readonly dilation: Two;
  /** [height, width] of the result: how many windows there are. */
  readonly out: Two;
}

/** The taps of a window, row by row. */
const tapsOf = ([h, w]: Two): [number, number][] => Array.from({ length: h * w }, (_, k) => [Math.floor(k / w), k % w]);

const start = (tap: number, { dilation }: Window, axis: number) => tap * dilation[axis];

/** For each tap the elements of `x` [N,C,H,W] (already padded) that it meets: [N,C,oh,ow]. */
export function slicesAtTaps(x: Tensor, window: Window): Tensor[] {
  const [n, c] = x.shape;
  return tapsOf(window.kernel).map(([i, j]) =>
    cut(x, {
      starts: [0, 0, start(i, window, 0), start(j, window, 1)],
      sizes: [n, c, ...window.out],
      steps: [1, 1, ...window.stride],
    }),
  );
}

/** The adjoint: adds `parts` up at the places of an image of `size` that their taps meet. */
export function addAtTaps(parts: readonly Tensor[], window: Window, size: Two): Tensor {
  const room = (axis: number, from: number) => size[axis] - from - ((window.out[axis] - 1) * window.stride[axis] + 1);
  return tapsOf(window.kernel)
    .map(([i, j], k) => {
      const [top, left] = [start(i, window, 0), start(j, window, 1)];
      return padWith(
        parts[k],
        {
          before: [0, 0, top, left],
          after: [0, 0, room(0, top), room(1, left)],
          interior: [0, 0, window.stride[0] - 1, window.stride[1] - 1],
        },
        0,
      );
    })
    .reduce(add);
}

/** Surrounds the last two axes: [top, bottom, left, right]. */
export const padImage = (x: Tensor, [top, bottom, left, right]: readonly number[], value = 0): Tensor =>
  padWith(x, { before: [0, 0, top, left], after: [0, 0, bottom, right], interior: [0, 0, 0, 0] }, value);
/** Takes the surroundings away again. */
export const cropImage = (x: Tensor, [top, , left]: readonly number[], [h, w]: Two): Tensor =>
  cut(x, { starts: [0, 0, top, left], sizes: [x.shape[0], x.shape[1], h, w], steps: [1, 1, 1, 1] });
