// conv2dGradWeight: x [N,C,H,W] and dy [N,O,oh,ow] -> [O,C/groups,kh,kw], the adjoint of conv2d in w. Rows of pictures are
// dealt out in parts that are summed apart and added in order; the shader is conv2dGradWeight.wgsl.ts.
import { conv2dGradWeightWgsl, lanesOfGradient, type WeightGradient } from "./conv2dGradWeight.wgsl.ts";
import type { ConvAttrs } from "./correlation.ts";
import { workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { partsOf, sumOfParts } from "./partial.ts";
import { rowsOf } from "./tile.wgsl.ts";

/** Sums that an invocation keeps. */
const MOST_SUMS = 64;
const MOST_ROWS = 16;
/** Pixels of a part, at least. */
const LEAST_PIXELS = 64;

export const conv2dGradWeight: Lower = ([x, dy], attrs: ConvAttrs, out, { subgroups }) => {
  const [O, channels, ...kernel] = out.shape;
  const pixels = dy.shape.slice(2);
  const rows = O / attrs.groups;
  const tileLines = Math.min(channels * kernel[0], Math.ceil(3 / kernel[1]));
  const tileRows = rowsOf(rows, Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_SUMS / (tileLines * kernel[1])))));
  const fixed = {
    images: x.shape[0],
    groups: attrs.groups,
    rows,
    channels,
    kernel,
    stride: attrs.stride,
    dilation: attrs.dilation,
    before: [attrs.padding[0], attrs.padding[2]],
    image: x.shape.slice(2),
    pixels,
    tileRows,
    tileLines,
    subgroups,
  };
  const invocations = invocationsOf(fixed);
  const parts = partsOf(invocations, x.shape[0] * pixels[0], Math.ceil(LEAST_PIXELS / Math.max(1, pixels[1])));
  const gradient: WeightGradient = { ...fixed, parts };
  return sumOfParts(parts, out, (to) => ({
    key: `conv2dGradWeight ${JSON.stringify(gradient)}`,
    subgroups,
    arrays: [{ name: "x", input: 0 }, { name: "dy", input: 1 }, to],
    wgsl: () => conv2dGradWeightWgsl(gradient),
    workgroups: workgroupsOf(parts * invocations),
    work: x.shape[0] * O * channels * kernel[0] * kernel[1] * pixels[0] * pixels[1],
  }));
};

type Tiled = Omit<WeightGradient, "parts">;
const invocationsOf = (g: Tiled): number => g.groups * Math.ceil(g.rows / g.tileRows) * lanesOfGradient(g);
