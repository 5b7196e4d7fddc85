// What pooling needs to know of its windows: how far they reach over the image, and which elements they cover tap by tap.
import { type Attr, type Handle, int, type TfType, text, type as typeAttr } from "../binding.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { sliced } from "./shape.ts";

/** [h, w] each. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
  readonly outputSize: readonly number[];
}

/** Rows (axis 0) or columns (axis 1) from the first window's start to the last one's end. */
const extent = ({ kernel, stride, outputSize, dilation = [1, 1] }: WindowAttrs, axis: number): number =>
  (outputSize[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;

/** How much must be added around an image of `size`, [top, bottom, left, right], so that all windows lie inside. */
export function surroundings(size: readonly number[], attrs: WindowAttrs): number[] {
  return [0, 1].flatMap((axis) => {
    const before = attrs.padding[axis];
    return [before, Math.max(0, extent(attrs, axis) - before - size[axis])];
  });
}
/** For every window the element that it has at each tap, row-major: NHWC images of the size of the result. */
export function taps(
  tf: TensorFlow,
  image: Handle,
  dtype: TfType,
  [n, c]: readonly number[],
  { kernel, stride, outputSize, dilation = [1, 1] }: WindowAttrs,
): Handle[] {
  const all: Handle[] = [];
  for (let k = 0; k < kernel[0]; k++)
    for (let l = 0; l < kernel[1]; l++) {
      const starts = [0, k * dilation[0], l * dilation[1], 0];
      const ends = [
        n,
        starts[1] + (outputSize[0] - 1) * stride[0] + 1,
        starts[2] + (outputSize[1] - 1) * stride[1] + 1,
        c,
      ];
      all.push(sliced(tf, image, dtype, starts, ends, [1, ...stride, 1]));
    }
  return all;
}
/** The attributes of TensorFlow's pooling ops, on an image that has what it needs around it. */
export const poolAttrs = ({ kernel, stride }: WindowAttrs): Attr[] => [
  typeAttr("T", "float32"),
  int("ksize", [1, ...kernel, 1]),
  int("strides", [1, ...stride, 1]),
  text("padding", "VALID"),
];
