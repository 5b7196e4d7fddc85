// The shader of correlations: an invocation computes a tile of channels by pixels, the pixels beside each other in a row.
// Channel by channel and kernel row by kernel row it reads what its pixels need of a row of the image, each number once
// however many taps use it, and adds the products tap by tap. Positions are
// i32, because taps may lie before the first element: right for arrays of up to 2^31 elements (8 GiB).
import { lanesOf, WORKGROUP } from "./lanes.ts";
import type { Wgsl } from "./lowered.ts";
import { addProducts, declareTile, isNaNFunction, lines, range, sharedRows, tileAsArray } from "./tile.wgsl.ts";

/** A tap: how far from the pixel's place it reads, and where its weight is from the first one of the kernel. */
export interface Tap {
  readonly offset: number;
  readonly weight: number;
}
/** Along rows (i) or columns (j): pixel t reads at t*stride + offset, and is written at t*outStride + outFirst. */
export interface Axis {
  readonly size: number;
  readonly count: number;
  readonly stride: number;
  readonly taps: readonly Tap[];
  readonly outSize: number;
  readonly outFirst: number;
  readonly outStride: number;
}
/**
 * out[n, g*rows + r, i, j] = sum over c, taps p and q of image[n, g*channels + c, i.., j..] * weights[weight], with
 * weight = g*groupWeights + r*rowWeights + c*channelWeights + p.weight + q.weight.
 */
export interface Correlation {
  readonly images: number;
  readonly groups: number;
  /** Channels of the result, in a group. */
  readonly rows: number;
  /** Channels of the image, in a group. */
  readonly channels: number;
  readonly groupWeights: number;
  readonly rowWeights: number;
  readonly channelWeights: number;
  readonly i: Axis;
  readonly j: Axis;
}
export interface Tiling {
  /** Channels of the result in a tile. */
  readonly rows: number;
  /** Vectors of four pixels in a tile, beside each other in a row. */
  readonly vectors: number;
  readonly quads: boolean;
}

/** Vectors of pixels in a row of the result, as tiles of `vectors` have them. */
const tilesInRow = ({ j }: Correlation, { vectors }: Tiling): number => Math.ceil(j.count / (4 * vectors));
export const lanesOfTiling = (c: Correlation, tiling: Tiling): number =>
  lanesOf(c.images * c.i.count * tilesInRow(c, tiling));
export const tilesOfGroup = ({ rows }: Correlation, tiling: Tiling): number => Math.ceil(rows / tiling.rows);

/** Four pixels beside each other are one vector of the result. */
export const writesVectors = ({ j }: Correlation): boolean =>
  j.outStride === 1 && j.outFirst === 0 && j.outSize % 4 === 0;

/** Whether some pixel reads outside the image. */
const leavesImage = ({ count, stride, taps, size }: Axis): boolean =>
  taps.some(({ offset }) => offset < 0 || (count - 1) * stride + offset >= size);

/** Taps whose offsets and weights go up (or down) evenly, as those of one axis always do. */
function evenly(taps: readonly Tap[]): { first: Tap; step: Tap } {
  const [first = { offset: 0, weight: 0 }, second = first] = taps;
  return { first, step: { offset: second.offset - first.offset, weight: second.weight - first.weight } };
}

export function correlationWgsl(c: Correlation, tiling: Tiling): Wgsl {
  const { i, j } = c;
  const guarded = leavesImage(i) || leavesImage(j);
  return {
    globals: guarded ? `${isNaNFunction}\n${exactFunction(c)}` : "",
    main: `
${place(c, tiling)}
  let top = i32(i * ${i.stride}u);
  let left = i32(j * ${j.stride}u);
  ${insideColumns(c, tiling)}
  ${declareTile(tiling)}
  var image = i32((n * ${c.groups}u + g) * ${c.channels * i.size * j.size}u) + left;
  var weights = g * ${c.groupWeights}u + row * ${c.rowWeights}u;
  for (var channel = 0u; channel < ${c.channels}u; channel++) {
${rowsOfTaps(c, tiling)}
    image += ${i.size * j.size};
    weights += ${c.channelWeights}u;
  }
  if (n >= ${c.images}u || g >= ${c.groups}u) { return; }
  let at = (n * ${c.groups * c.rows}u + g * ${c.rows}u + row) * ${i.outSize * j.outSize}u
    + (i * ${i.outStride}u + ${i.outFirst}u) * ${j.outSize}u + j * ${j.outStride}u + ${j.outFirst}u;
${putTile(c, tiling, guarded)}`,
  };
}

/** Which tile of channels and which pixels this invocation has. */
const place = (c: Correlation, tiling: Tiling): string => {
  const lanes = lanesOfTiling(c, tiling);
  const tiles = tilesOfGroup(c, tiling);
  const perRow = tilesInRow(c, tiling);
  return `
  let id = group * ${WORKGROUP}u + local;
  let pixels = id % ${lanes}u;
  let tile = id / ${lanes}u;
  let row = tile % ${tiles}u * ${tiling.rows}u;
  let g = tile / ${tiles}u;
  let j = pixels % ${perRow}u * ${4 * tiling.vectors}u;
  let i = pixels / ${perRow}u % ${c.i.count}u;
  let n = pixels / ${perRow * c.i.count}u;`;
};

/** The places in a row of the image that the pixels of a tile read, from `left` on. */
const offsetsOf = ({ j }: Correlation, { vectors }: Tiling): number[] => {
  const all = range(4 * vectors).flatMap((pixel) => j.taps.map(({ offset }) => pixel * j.stride + offset));
  return [...new Set(all)].sort((a, b) => a - b);
};
const named = (offset: number): string => (offset < 0 ? `m${-offset}` : `${offset}`);

const insideColumns = (c: Correlation, tiling: Tiling): string =>
  leavesImage(c.j)
    ? offsetsOf(c, tiling)
        .map((o) => `let in${named(o)} = u32(left + ${o}) < ${c.j.size}u;`)
        .join("\n  ")
    : "";

function rowsOfTaps(c: Correlation, tiling: Tiling): string {
  const { first, step } = evenly(c.i.taps);
  const guards = [...(leavesImage(c.i) ? ["inside"] : [])];
  const value = (o: number): string => {
    const inside = [...guards, ...(leavesImage(c.j) ? [`in${named(o)}`] : [])].join(" && ");
    const read = `read_image(u32(line + ${o}))`;
    return `let x${named(o)} = ${inside ? `select(0.0, ${read}, ${inside})` : read};`;
  };
  return `
    var y = top + ${first.offset};
    var kernel = weights + ${first.weight}u;
    for (var p = 0u; p < ${c.i.taps.length}u; p++) {
      ${leavesImage(c.i) ? `let inside = u32(y) < ${c.i.size}u;` : ""}
      let line = image + y * ${c.j.size};
      ${offsetsOf(c, tiling).map(value).join("\n      ")}
      ${addTaps(c, tiling)}
      y += ${step.offset};
      kernel += ${step.weight}u;
    }`;
}

function addTaps(c: Correlation, tiling: Tiling): string {
  const taps = c.j.taps.map(({ offset, weight }, q) => {
    const fetch = (r: string) => `read_weights(kernel + ${weight}u + ${r} * ${c.rowWeights}u)`;
    const { fetched, row } = sharedRows(tiling.rows, `weight${q}_`, tiling.quads, fetch);
    const pixels = (v: number) => range(4).map((p) => `x${named((4 * v + p) * c.j.stride + offset)}`);
    const vectors = lines(tiling.vectors, (v) => `let pixels${q}_${v} = vec4<f32>(${pixels(v)});`);
    return { text: `${fetched}\n${vectors}`, step: { left: row, right: (v: number) => `pixels${q}_${v}` } };
  });
  const steps = taps.map(({ step }) => step);
  return `${taps.map(({ text }) => text).join("\n")}\n${addProducts(tiling, steps)}`;
}

/** Writes the tile; sums that are NaN are worked out again first. */
function putTile(c: Correlation, tiling: Tiling, guarded: boolean): string {
  const at = `at + r * ${c.i.outSize * c.j.outSize}u + p * ${c.j.outStride}u`;
  const exact = (sum: string, p: string) =>
    guarded ? `if (is_nan(${sum})) { ${sum} = exact(n, g, row + r, i, j + ${p}); }` : "";
  const vector = `
      var sum = sums[r * ${tiling.vectors}u + p / 4u];
      ${guarded ? `for (var k = 0u; k < 4u; k++) { ${exact("sum[k]", "p + k")} }` : ""}
      write_out((${at}) / 4u, sum);`;
  const single = `
      var sum = sums[r * ${tiling.vectors}u + p / 4u][p % 4u];
      ${exact("sum", "p")}
      write_out(${at}, sum);`;
  return `
  ${tileAsArray(tiling)}
  for (var r = 0u; r < ${tiling.rows}u && row + r < ${c.rows}u; r++) {
    for (var p = 0u; p < ${4 * tiling.vectors}u && j + p < ${c.j.count}u; p += ${writesVectors(c) ? 4 : 1}u) {
      ${writesVectors(c) ? vector : single}
    }
  }`;
}

/** One element, with no product where there is no image. */
const exactFunction = (c: Correlation): string => {
  const [p, q] = [evenly(c.i.taps), evenly(c.j.taps)];
  return `
fn exact(n: u32, g: u32, row: u32, i: u32, j: u32) -> f32 {
  var sum = 0.0;
  for (var channel = 0u; channel < ${c.channels}u; channel++) {
    let image = ((n * ${c.groups}u + g) * ${c.channels}u + channel) * ${c.i.size * c.j.size}u;
    let weights = g * ${c.groupWeights}u + row * ${c.rowWeights}u + channel * ${c.channelWeights}u;
    for (var p = 0; p < ${c.i.taps.length}; p++) {
      let y = u32(i32(i * ${c.i.stride}u) + ${p.first.offset} + p * ${p.step.offset});
      for (var q = 0; q < ${c.j.taps.length}; q++) {
        let x = u32(i32(j * ${c.j.stride}u) + ${q.first.offset} + q * ${q.step.offset});
        if (y >= ${c.i.size}u || x >= ${c.j.size}u) { continue; }
        let weight = weights + u32(${p.first.weight} + p * ${p.step.weight} + ${q.first.weight} + q * ${q.step.weight});
        sum = fma(read_weights(weight), read_image(image + y * ${c.j.size}u + x), sum);
      }
    }
  }
  return sum;
}`;
};
