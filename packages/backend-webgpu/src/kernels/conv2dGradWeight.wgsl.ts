// The shader of conv2dGradWeight: an invocation has some channels of dy by some rows of kernels, and walks over its part of
// the pixels, four in a row at a time. It reads what these need of a row of x once for all columns of the kernel. Sizes are
// uniforms, so that layers share the code. Positions are u32 and may wrap around below 0: right for arrays of up to 2^31 elements (8 GiB).
import { lanesOf, WORKGROUP } from "./lanes.ts";
import type { Wgsl } from "./lowered.ts";
import { isNaNFunction, lines, range } from "./tile.wgsl.ts";

export interface WeightGradient {
  readonly images: number;
  readonly groups: number;
  /** Channels of dy and of x in a group. */
  readonly rows: number;
  readonly channels: number;
  /** [h, w] each. */
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** top, left */
  readonly before: readonly number[];
  readonly image: readonly number[];
  readonly pixels: readonly number[];
}
/** What the code depends on. */
export interface Form {
  /** Channels of dy, and rows of kernels, in an invocation's tile. */
  readonly tileRows: number;
  readonly tileLines: number;
  readonly quads: boolean;
  /** Columns of the kernel, how far apart they are, and how far apart the pixels. */
  readonly columns: number;
  readonly dilation: number;
  readonly stride: number;
  /** Some pixel reads outside the image, or a row of pixels ends within four. */
  readonly guarded: boolean;
}

/** Whether some pixel reads outside the image. */
const leavesImage = ({ kernel, stride, dilation, before, image, pixels }: WeightGradient): boolean =>
  [0, 1].some(
    (a) => before[a] > 0 || (pixels[a] - 1) * stride[a] + (kernel[a] - 1) * dilation[a] - before[a] >= image[a],
  );

export const formOf = (g: WeightGradient, tileRows: number, tileLines: number, quads: boolean): Form => ({
  tileRows,
  tileLines,
  quads,
  columns: g.kernel[1],
  dilation: g.kernel[1] > 1 ? g.dilation[1] : 1,
  stride: g.stride[1],
  guarded: leavesImage(g) || g.pixels[1] % 4 !== 0,
});

/** Invocations beside each other take other rows of kernels, and so need the same dy. */
const lanes = ({ channels, kernel }: WeightGradient, { tileLines }: Form): number =>
  lanesOf(Math.ceil((channels * kernel[0]) / tileLines));
export const invocationsOf = (g: WeightGradient, form: Form): number =>
  g.groups * Math.ceil(g.rows / form.tileRows) * lanes(g, form);

/** The numbers that the code reads. @param parts in how many the N*oh rows of pixels are summed. */
export const sizesOf = (g: WeightGradient, form: Form, parts: number): Record<string, number> => ({
  lanes: lanes(g, form),
  tiles: Math.ceil(g.rows / form.tileRows),
  parts,
  units: (g.images * g.pixels[0]) / parts,
  groups: g.groups,
  rows: g.rows,
  channels: g.channels,
  kernel_rows: g.kernel[0],
  row_stride: g.stride[0],
  row_dilation: g.dilation[0],
  top: g.before[0],
  left: g.before[1],
  height: g.image[0],
  width: g.image[1],
  pixel_rows: g.pixels[0],
  pixel_columns: g.pixels[1],
});

export function conv2dGradWeightWgsl(form: Form): Wgsl {
  const { tileRows, tileLines, columns, guarded, stride } = form;
  return {
    globals: guarded ? `${isNaNFunction}\n${exactFunction(form)}` : "",
    main: `
  let id = group * ${WORKGROUP}u + local;
  let first = id % p.lanes * ${tileLines}u;
  let tile = id / p.lanes;
  let row = tile % p.tiles * ${tileRows}u;
  let g = tile / p.tiles % p.groups;
  let part = tile / (p.tiles * p.groups);
  let dy_plane = p.pixel_rows * p.pixel_columns;
  ${lines(tileRows, (r) => `let dy_row${r} = ${r}u * dy_plane;`)}
  ${lines(
    tileLines,
    (t) => `
  let top${t} = (first + ${t}u) % p.kernel_rows * p.row_dilation - p.top;
  let plane${t} = (g * p.channels + (first + ${t}u) / p.kernel_rows) * p.height * p.width;`,
  )}
  ${sums(form, (r, t, q) => `var ${sum(r, t, q)} = 0.0;`)}
  for (var u = 0u; u < p.units; u++) {
    let unit = part * p.units + u;
    let n = unit / p.pixel_rows;
    let i = unit % p.pixel_rows;
    let dys = (((n * p.groups + g) * p.rows + row) * p.pixel_rows + i) * p.pixel_columns;
    ${lines(
      tileLines,
      (t) => `
    let y${t} = i * p.row_stride + top${t};
    let inside${t} = y${t} < p.height;
    let line${t} = n * p.groups * p.channels * p.height * p.width + plane${t} + y${t} * p.width;`,
    )}
    for (var j = 0u; j < p.pixel_columns; j += 4u) {
      let left = j * ${stride}u - p.left;
      ${
        guarded
          ? offsetsOf(form)
              .map((o) => `let in${o} = left + ${o}u < p.width;`)
              .join(" ")
          : ""
      }
      ${lines(tileLines, (t) => readLine(form, t))}
      ${lines(tileRows, (r) => addRow(form, r))}
    }
  }
  if (part >= p.parts) { return; }
  let row_length = p.channels * p.kernel_rows * ${columns}u;
  let at = (part * p.groups * p.rows + g * p.rows + row) * row_length + first * ${columns}u;
  var sums = array<f32, ${tileRows * tileLines * columns}>(${everySum(form)});
  for (var r = 0u; r < ${tileRows}u && row + r < p.rows; r++) {
    for (var k = 0u; k < ${tileLines * columns}u; k++) {
      let line = first + k / ${columns}u;
      if (line >= p.channels * p.kernel_rows) { break; }
      var sum = sums[r * ${tileLines * columns}u + k];
      ${guarded ? `if (is_nan(sum)) { sum = exact(part, g, row + r, line / p.kernel_rows, line % p.kernel_rows, k % ${columns}u); }` : ""}
      write_out(at + r * row_length + k, sum);
    }
  }`,
  };
}

const sum = (r: number, t: number, q: number): string => `sum${r}_${t}_${q}`;
const sums = ({ tileRows, tileLines, columns }: Form, line: (r: number, t: number, q: number) => string): string =>
  lines(tileRows, (r) => lines(tileLines, (t) => lines(columns, (q) => line(r, t, q))));
const everySum = ({ tileRows, tileLines, columns }: Form): string[] =>
  range(tileRows).flatMap((r) => range(tileLines).flatMap((t) => range(columns).map((q) => sum(r, t, q))));

/** Where pixel k of four reads column q of the kernel, from `left` on. */
const offset = ({ stride, dilation }: Form, k: number, q: number): number => k * stride + q * dilation;
const offsetsOf = (form: Form): number[] => {
  const all = range(4).flatMap((k) => range(form.columns).map((q) => offset(form, k, q)));
  return [...new Set(all)].sort((a, b) => a - b);
};

/** What four pixels need of a row of x. */
const readLine = (form: Form, t: number): string =>
  offsetsOf(form)
    .map((o) => {
      const read = `read_x(line${t} + left + ${o}u)`;
      return `let x${t}_${o} = ${form.guarded ? `select(0.0, ${read}, inside${t} && in${o})` : read};`;
    })
    .join("\n      ");

function addRow(form: Form, r: number): string {
  const read = (k: string) => {
    const one = `read_dy(dys + dy_row${r} + j + ${k})`;
    return form.guarded ? `select(0.0, ${one}, j + ${k} < p.pixel_columns)` : one;
  };
  const pixel = (k: number) => (form.quads ? `quadBroadcast(dy${r}, ${k}u)` : read(`${k}u`));
  return `${form.quads ? `let dy${r} = ${read("quad")};` : ""}
      ${lines(4, (k) => `let dy${r}_${k} = ${pixel(k)};`)}
      ${lines(form.tileLines, (t) => lines(form.columns, (q) => addPixels(form, r, t, q)))}`;
}

/** The products of four pixels go to one sum after the other, so that each stays in a register meanwhile. */
const addPixels = (form: Form, r: number, t: number, q: number): string =>
  range(4)
    .map((k) => `${sum(r, t, q)} = fma(dy${r}_${k}, x${t}_${offset(form, k, q)}, ${sum(r, t, q)});`)
    .join(" ");

/** One element's part, with no product where there is no image. */
const exactFunction = ({ stride, dilation }: Form): string => `
fn exact(part: u32, g: u32, row: u32, channel: u32, k: u32, q: u32) -> f32 {
  var sum = 0.0;
  for (var unit = part * p.units; unit < (part + 1u) * p.units; unit++) {
    let n = unit / p.pixel_rows;
    let i = unit % p.pixel_rows;
    let y = i * p.row_stride + k * p.row_dilation - p.top;
    if (y >= p.height) { continue; }
    let line = (((n * p.groups + g) * p.channels + channel) * p.height + y) * p.width;
    let dys = (((n * p.groups + g) * p.rows + row) * p.pixel_rows + i) * p.pixel_columns;
    for (var j = 0u; j < p.pixel_columns; j++) {
      let x = j * ${stride}u + q * ${dilation}u - p.left;
      if (x < p.width) { sum = fma(read_dy(dys + j), read_x(line + x), sum); }
    }
  }
  return sum;
}`;
