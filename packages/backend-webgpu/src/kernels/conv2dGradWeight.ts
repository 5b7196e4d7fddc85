// conv2dGradWeight: x [N,C,H,W] and dy [N,O,oh,ow] -> [O,C/groups,kh,kw], the adjoint of conv2d in w. Rows of pictures are
// dealt out in parts that are summed apart and added in order; the shader is conv2dGradWeight.wgsl.ts.
import { conv2dGradWeightWgsl, formOf, invocationsOf, sizesOf, type WeightGradient } from "./conv2dGradWeight.wgsl.ts";
import type { ConvAttrs } from "./correlation.ts";
import { workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { numbers } from "./numbers.ts";
import { partsOf, sumOfParts } from "./partial.ts";
import { type Tiling, tilingFor } from "./tiling.ts";

/** Pixels of a part, at least. */
const LEAST_PIXELS = 64;

export const conv2dGradWeight: Lower = ([x, dy], attrs: ConvAttrs, out, target) => {
  const [O, channels, ...kernel] = out.shape;
  const pixels = dy.shape.slice(2);
  const gradient: WeightGradient = {
    images: x.shape[0],
    groups: attrs.groups,
    rows: O / attrs.groups,
    channels,
    kernel,
    stride: attrs.stride,
    dilation: attrs.dilation,
    before: [attrs.padding[0], attrs.padding[2]],
    image: x.shape.slice(2),
    pixels,
  };
  const tiling = tilingFor(target);
  const form = formOf(gradient, ...tileOf(gradient, tiling), tiling.quads);
  const invocations = invocationsOf(gradient, form);
  const parts = partsOf(invocations, x.shape[0] * pixels[0], Math.ceil(LEAST_PIXELS / Math.max(1, pixels[1])));
  return sumOfParts(parts, out, (to) => ({
    key: `conv2dGradWeight ${JSON.stringify(form)}`,
    subgroups: tiling.quads,
    arrays: [{ name: "x", input: 0 }, { name: "dy", input: 1 }, to],
    uniforms: numbers(sizesOf(gradient, form, parts)),
    wgsl: () => conv2dGradWeightWgsl(form),
    workgroups: workgroupsOf(parts * invocations),
    work: x.shape[0] * O * channels * kernel[0] * kernel[1] * pixels[0] * pixels[1],
  }));
};

/** The sizes of tiles are few, because each is code of its own. */
const largestOf = (sizes: readonly number[], most: number): number => sizes.find((size) => size <= most) ?? 1;

/** Channels of dy, and rows of kernels, in a tile: few enough rows of kernels that a quad is busy. */
function tileOf(
  { rows, channels, kernel }: WeightGradient,
  { rows: most, sums }: Tiling,
): [rows: number, lines: number] {
  const fits = (others: number) => Math.max(1, Math.floor(sums / (others * kernel[1])));
  const busy = Math.ceil((channels * kernel[0]) / 4);
  const lines = largestOf([6, 4, 2, 1], Math.min(fits(Math.min(rows, most)), busy));
  return [largestOf([8, 4, 2, 1], Math.min(most, fits(lines), 2 * rows - 1)), lines];
}
