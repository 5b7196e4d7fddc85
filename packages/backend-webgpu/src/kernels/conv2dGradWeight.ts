// conv2dGradWeight: x [N,C,H,W] and dy [N,O,oh,ow] -> [O,C/groups,kh,kw], the adjoint of conv2d in w. Rows of pictures are
// dealt out in parts that are summed apart and added in order; the shader is conv2dGradWeight.wgsl.ts.
import { conv2dGradWeightWgsl, lanesOfGradient, type WeightGradient } from "./conv2dGradWeight.wgsl.ts";
import type { ConvAttrs } from "./correlation.ts";
import { workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { partsOf, sumOfParts } from "./partial.ts";
import { rowsOf } from "./tile.wgsl.ts";
import { type Tiling, tilingFor } from "./tiling.ts";

/** Pixels of a part, at least. */
const LEAST_PIXELS = 64;

export const conv2dGradWeight: Lower = ([x, dy], attrs: ConvAttrs, out, target) => {
  const [O, channels, ...kernel] = out.shape;
  const pixels = dy.shape.slice(2);
  const rows = O / attrs.groups;
  const tiling = tilingFor(isStrided(attrs) ? { ...target, subgroupSize: 0 } : target);
  const tileLines = linesOf(channels * kernel[0], Math.min(rows, tiling.rows) * kernel[1], tiling);
  const tileRows = rowsOf(rows, Math.max(1, Math.min(tiling.rows, Math.floor(tiling.sums / (tileLines * kernel[1])))));
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
    quads: tiling.quads,
  };
  const invocations = invocationsOf(fixed);
  const parts = partsOf(invocations, x.shape[0] * pixels[0], Math.ceil(LEAST_PIXELS / Math.max(1, pixels[1])));
  const gradient: WeightGradient = { ...fixed, parts };
  return sumOfParts(parts, out, (to) => ({
    key: `conv2dGradWeight ${JSON.stringify(gradient)}`,
    subgroups: tiling.quads,
    arrays: [{ name: "x", input: 0 }, { name: "dy", input: 1 }, to],
    wgsl: () => conv2dGradWeightWgsl(gradient),
    workgroups: workgroupsOf(parts * invocations),
    work: x.shape[0] * O * channels * kernel[0] * kernel[1] * pixels[0] * pixels[1],
  }));
};

/** The sums of a large tile over pixels that are apart keep SwiftShader's compiler busy for minutes; small tiles do not. */
const isStrided = ({ stride }: ConvAttrs): boolean => stride.some((s) => s > 1);

/** Rows of kernels in a tile, each of which brings `sums` sums: few enough that a quad is busy. */
const linesOf = (lines: number, sums: number, tiling: Tiling): number =>
  Math.max(1, Math.min(Math.floor(tiling.sums / sums), Math.ceil(lines / 4)));

type Tiled = Omit<WeightGradient, "parts">;
const invocationsOf = (g: Tiled): number => g.groups * Math.ceil(g.rows / g.tileRows) * lanesOfGradient(g);
