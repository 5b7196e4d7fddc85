// The shader of correlations: an invocation computes a tile of channels by pixels, the pixels beside each other in a row.
// Channel by channel and kernel row by kernel row it reads what its pixels need of a row of the image, each number once
// however many taps use it, and adds the products tap by tap. Sizes are uniforms, so that layers share the code. Positions are u32
// and may wrap around below 0, where taps lie before the first element: right for arrays of up to 2^31 elements (8 GiB).
import { lanesOf, WORKGROUP } from "./lanes.ts";
import type { Wgsl } from "./lowered.ts";
import { addProducts, declareTile, isNaNFunction, lines, range, sharedRows, tileAsArray } from "./tile.wgsl.ts";

/** Taps along an axis: how far from the pixel's place each reads, and where its weight is from the first one of the kernel. */
export interface Taps {
  readonly count: number;
  readonly offset: number;
  readonly offsetStep: number;
  readonly weight: number;
  readonly weightStep: number;
}
/** Along rows (i) or columns (j): pixel t reads at t*stride + offset, and is written at t*outStride + outFirst. */
export interface Axis {
  readonly size: number;
  readonly count: number;
  readonly stride: number;
  readonly taps: Taps;
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
/** What the code depends on. */
export interface Form {
  /** Channels of the result in a tile. */
  readonly rows: number;
  /** Vectors of four pixels in a tile, beside each other in a row. */
  readonly vectors: number;
  readonly quads: boolean;
  /** Taps in a row of the kernel, how far apart they are, and how far apart the pixels. */
  readonly taps: number;
  readonly tapStep: number;
  readonly stride: number;
  /** Some pixel reads outside the image. */
  readonly guarded: boolean;
  /** Four pixels beside each other are one vector of the result. */
  readonly writesVectors: boolean;
}

const leavesImage = ({ count, stride, taps, size }: Axis): boolean =>
  taps.count > 0 &&
  (taps.offset < 0 || (count - 1) * stride + taps.offset + (taps.count - 1) * taps.offsetStep >= size);

export const formOf = ({ i, j }: Correlation, rows: number, vectors: number, quads: boolean): Form => ({
  rows,
  vectors,
  quads,
  taps: j.taps.count,
  tapStep: j.taps.count > 1 ? j.taps.offsetStep : 1,
  stride: j.stride,
  guarded: leavesImage(i) || leavesImage(j),
  writesVectors: j.outStride === 1 && j.outFirst === 0 && j.outSize % 4 === 0,
});

/** Vectors of pixels in a row of the result, as tiles of `vectors` have them. */
const tilesInRow = ({ j }: Correlation, { vectors }: Form): number => Math.ceil(j.count / (4 * vectors));
const lanes = (c: Correlation, form: Form): number => lanesOf(c.images * c.i.count * tilesInRow(c, form));
const tilesOfGroup = ({ rows }: Correlation, form: Form): number => Math.ceil(rows / form.rows);
export const invocationsOf = (c: Correlation, form: Form): number => lanes(c, form) * tilesOfGroup(c, form) * c.groups;

/** The numbers that the code reads. */
export const sizesOf = (c: Correlation, form: Form): Record<string, number> => ({
  lanes: lanes(c, form),
  tiles: tilesOfGroup(c, form),
  tiles_in_row: tilesInRow(c, form),
  images: c.images,
  groups: c.groups,
  rows: c.rows,
  channels: c.channels,
  height: c.i.size,
  width: c.j.size,
  i_count: c.i.count,
  j_count: c.j.count,
  i_stride: c.i.stride,
  i_taps: c.i.taps.count,
  i_offset: c.i.taps.offset,
  i_step: c.i.taps.offsetStep,
  j_offset: c.j.taps.offset,
  weight: c.i.taps.weight + c.j.taps.weight,
  i_weight_step: c.i.taps.weightStep,
  j_weight_step: c.j.taps.weightStep,
  group_weights: c.groupWeights,
  row_weights: c.rowWeights,
  channel_weights: c.channelWeights,
  out_height: c.i.outSize,
  out_width: c.j.outSize,
  i_out_first: c.i.outFirst,
  i_out_stride: c.i.outStride,
  j_out_first: c.j.outFirst,
  j_out_stride: c.j.outStride,
});

export function correlationWgsl(form: Form): Wgsl {
  const { rows, vectors, quads, guarded } = form;
  const shared = sharedRows(rows, quads, "p.row_weights");
  return {
    globals: guarded ? `${isNaNFunction}\n${exactFunction(form)}` : "",
    main: `
  let id = group * ${WORKGROUP}u + local;
  let pixels = id % p.lanes;
  let tile = id / p.lanes;
  let row = tile % p.tiles * ${rows}u;
  let g = tile / p.tiles;
  let j = pixels % p.tiles_in_row * ${4 * vectors}u;
  let i = pixels / p.tiles_in_row % p.i_count;
  let n = pixels / (p.tiles_in_row * p.i_count);
  let top = i * p.i_stride + p.i_offset;
  let left = j * ${form.stride}u + p.j_offset;
  ${shared.places}
  ${range(form.taps)
    .map((q) => `let tap${q} = ${q}u * p.j_weight_step;`)
    .join(" ")}
  ${
    guarded
      ? offsetsOf(form)
          .map((o) => `let in${o} = left + ${o}u < p.width;`)
          .join("\n  ")
      : ""
  }
  ${declareTile({ rows, vectors })}
  var image = (n * p.groups + g) * p.channels * p.height * p.width + left;
  var weights = g * p.group_weights + row * p.row_weights + p.weight;
  for (var channel = 0u; channel < p.channels; channel++) {
    var y = top;
    var kernel = weights;
    for (var tap = 0u; tap < p.i_taps; tap++) {
      ${guarded ? "let inside = y < p.height;" : ""}
      let line = image + y * p.width;
      ${offsetsOf(form)
        .map((o) => readPixel(form, o))
        .join("\n      ")}
      ${addTaps(form, shared)}
      y += p.i_step;
      kernel += p.i_weight_step;
    }
    image += p.height * p.width;
    weights += p.channel_weights;
  }
  if (n >= p.images || g >= p.groups) { return; }
  let at = ((n * p.groups + g) * p.rows + row) * p.out_height * p.out_width
    + (i * p.i_out_stride + p.i_out_first) * p.out_width + j * p.j_out_stride + p.j_out_first;
${putTile(form)}`,
  };
}

/** The places in a row of the image that the pixels of a tile read, from `left` on. */
const offsetsOf = ({ vectors, taps, tapStep, stride }: Form): number[] => {
  const all = range(4 * vectors).flatMap((pixel) => range(taps).map((q) => pixel * stride + q * tapStep));
  return [...new Set(all)].sort((a, b) => a - b);
};
const readPixel = ({ guarded }: Form, o: number): string => {
  const read = `read_image(line + ${o}u)`;
  return `let x${o} = ${guarded ? `select(0.0, ${read}, inside && in${o})` : read};`;
};

function addTaps({ rows, vectors, taps, tapStep, stride }: Form, shared: ReturnType<typeof sharedRows>): string {
  const texts = range(taps).map((q) => {
    const pixels = (v: number) => range(4).map((pixel) => `x${(4 * v + pixel) * stride + q * tapStep}`);
    return `${shared.fetched(`weight${q}_`, (place) => `read_weights(kernel + tap${q} + ${place})`)}
      ${lines(vectors, (v) => `let pixels${q}_${v} = vec4<f32>(${pixels(v)});`)}`;
  });
  const steps = range(taps).map((q) => ({
    left: (r: number) => shared.row(`weight${q}_`, r),
    right: (v: number) => `pixels${q}_${v}`,
  }));
  return `${texts.join("\n")}\n${addProducts({ rows, vectors }, steps)}`;
}

/** Writes the tile; sums that are NaN are worked out again first. */
function putTile({ rows, vectors, guarded, writesVectors }: Form): string {
  const at = "at + r * p.out_height * p.out_width + q * p.j_out_stride";
  const exact = (sum: string, q: string) =>
    guarded ? `if (is_nan(${sum})) { ${sum} = exact(n, g, row + r, i, j + ${q}); }` : "";
  const vector = `
      var sum = sums[r * ${vectors}u + q / 4u];
      ${guarded ? `for (var k = 0u; k < 4u; k++) { ${exact("sum[k]", "q + k")} }` : ""}
      write_out((${at}) / 4u, sum);`;
  const single = `
      var sum = sums[r * ${vectors}u + q / 4u][q % 4u];
      ${exact("sum", "q")}
      write_out(${at}, sum);`;
  return `
  ${tileAsArray({ rows, vectors })}
  for (var r = 0u; r < ${rows}u && row + r < p.rows; r++) {
    for (var q = 0u; q < ${4 * vectors}u && j + q < p.j_count; q += ${writesVectors ? 4 : 1}u) {
      ${writesVectors ? vector : single}
    }
  }`;
}

/** One element, with no product where there is no image. */
const exactFunction = ({ taps, tapStep, stride }: Form): string => `
fn exact(n: u32, g: u32, row: u32, i: u32, j: u32) -> f32 {
  var sum = 0.0;
  for (var channel = 0u; channel < p.channels; channel++) {
    let image = ((n * p.groups + g) * p.channels + channel) * p.height * p.width;
    let weights = g * p.group_weights + row * p.row_weights + channel * p.channel_weights + p.weight;
    for (var k = 0u; k < p.i_taps; k++) {
      let y = i * p.i_stride + p.i_offset + k * p.i_step;
      for (var q = 0u; q < ${taps}u; q++) {
        let x = j * ${stride}u + p.j_offset + q * ${tapStep}u;
        if (y >= p.height || x >= p.width) { continue; }
        sum = fma(read_weights(weights + k * p.i_weight_step + q * p.j_weight_step), read_image(image + y * p.width + x), sum);
      }
    }
  }
  return sum;
}`;
