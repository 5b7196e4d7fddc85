// The shader of conv2dGradWeight: an invocation has some channels of dy by some rows of kernels, and walks over its part of
// the pixels, four in a row at a time. It reads what these need of a row of x once for all columns of the kernel. Positions are i32: right for
// arrays of up to 2^31 elements (8 GiB).
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
  /** In how many parts the N*oh rows of pixels are summed. */
  readonly parts: number;
  /** Channels of dy, and rows of kernels, in an invocation's tile. */
  readonly tileRows: number;
  readonly tileLines: number;
  readonly quads: boolean;
}

/** Invocations beside each other take other rows of kernels, and so need the same dy. */
export const lanesOfGradient = ({ channels, kernel, tileLines }: Omit<WeightGradient, "parts">): number =>
  lanesOf(Math.ceil((channels * kernel[0]) / tileLines));

export function conv2dGradWeightWgsl(g: WeightGradient): Wgsl {
  const { kernel, stride, image, pixels, before, channels, groups, rows, tileRows, tileLines } = g;
  const [, kw] = kernel;
  const [oh, ow] = pixels;
  const length = groups * rows * channels * kernel[0] * kw;
  const units = (g.images * oh) / g.parts;
  const tiles = Math.ceil(rows / tileRows);
  const lanes = lanesOfGradient(g);
  const guarded = leavesImage(g) || ow % 4 !== 0;
  return {
    globals: guarded ? `${isNaNFunction}\n${exactFunction(g, units)}` : "",
    main: `
  let id = group * ${WORKGROUP}u + local;
  let first = id % ${lanes}u * ${tileLines}u;
  let tile = id / ${lanes}u;
  let row = tile % ${tiles}u * ${tileRows}u;
  let g = tile / ${tiles}u % ${groups}u;
  let part = tile / ${tiles * groups}u;
  ${lines(
    tileLines,
    (t) => `
  let top${t} = i32((first + ${t}u) % ${kernel[0]}u * ${g.dilation[0]}u) - ${before[0]};
  let plane${t} = i32((g * ${channels}u + (first + ${t}u) / ${kernel[0]}u) * ${image[0] * image[1]}u);`,
  )}
  ${sums(g, (r, t, q) => `var ${sum(r, t, q)} = 0.0;`)}
  for (var u = 0u; u < ${units}u; u++) {
    let unit = part * ${units}u + u;
    let n = unit / ${oh}u;
    let i = unit % ${oh}u;
    let dys = ((n * ${groups * rows}u + g * ${rows}u + row) * ${oh}u + i) * ${ow}u;
    ${lines(
      tileLines,
      (t) => `
    let y${t} = i32(i * ${stride[0]}u) + top${t};
    let inside${t} = u32(y${t}) < ${image[0]}u;
    let line${t} = i32(n * ${groups * channels * image[0] * image[1]}u) + plane${t} + y${t} * ${image[1]};`,
    )}
    for (var j = 0u; j < ${ow}u; j += 4u) {
      let left = i32(j * ${stride[1]}u);
      ${lines(tileLines, (t) => readLine(g, t))}
      ${lines(tileRows, (r) => addRow(g, r))}
    }
  }
  if (part >= ${g.parts}u) { return; }
  let at = part * ${length}u + ((g * ${rows}u + row) * ${channels * kernel[0]}u + first) * ${kw}u;
  var sums = array<f32, ${tileRows * tileLines * kw}>(${everySum(g)});
  for (var r = 0u; r < ${tileRows}u && row + r < ${rows}u; r++) {
    for (var k = 0u; k < ${tileLines * kw}u; k++) {
      let line = first + k / ${kw}u;
      if (line >= ${channels * kernel[0]}u) { break; }
      var sum = sums[r * ${tileLines * kw}u + k];
      ${guarded ? `if (is_nan(sum)) { sum = exact(part, g, row + r, line / ${kernel[0]}u, line % ${kernel[0]}u, k % ${kw}u); }` : ""}
      write_out(at + r * ${channels * kernel[0] * kw}u + k, sum);
    }
  }`,
  };
}

const sum = (r: number, t: number, q: number): string => `sum${r}_${t}_${q}`;
const sums = (
  { tileRows, tileLines, kernel }: WeightGradient,
  line: (r: number, t: number, q: number) => string,
): string => lines(tileRows, (r) => lines(tileLines, (t) => lines(kernel[1], (q) => line(r, t, q))));
const everySum = ({ tileRows, tileLines, kernel }: WeightGradient): string[] =>
  range(tileRows).flatMap((r) => range(tileLines).flatMap((t) => range(kernel[1]).map((q) => sum(r, t, q))));

/** Whether some pixel reads outside the image. */
const leavesImage = ({ kernel, stride, dilation, before, image, pixels }: WeightGradient): boolean =>
  [0, 1].some(
    (a) => before[a] > 0 || (pixels[a] - 1) * stride[a] + (kernel[a] - 1) * dilation[a] - before[a] >= image[a],
  );

/** Where pixel k of four reads column q of the kernel, from `left` on. */
const offset = ({ stride, dilation, before }: WeightGradient, k: number, q: number): number =>
  k * stride[1] + q * dilation[1] - before[1];
const named = (o: number): string => (o < 0 ? `m${-o}` : `${o}`);

/** What four pixels need of a row of x. */
function readLine(g: WeightGradient, t: number): string {
  const all = range(4).flatMap((k) => range(g.kernel[1]).map((q) => offset(g, k, q)));
  return [...new Set(all)]
    .sort((a, b) => a - b)
    .map((o) => {
      const read = `read_x(u32(line${t} + left + ${o}))`;
      const inside = `inside${t} && u32(left + ${o}) < ${g.image[1]}u`;
      return `let x${t}_${named(o)} = ${leavesImage(g) || g.pixels[1] % 4 ? `select(0.0, ${read}, ${inside})` : read};`;
    })
    .join("\n      ");
}

function addRow(g: WeightGradient, r: number): string {
  const [oh, ow] = g.pixels;
  const read = (k: string) => {
    const one = `read_dy(dys + ${r * oh * ow}u + j + ${k})`;
    return ow % 4 ? `select(0.0, ${one}, j + ${k} < ${ow}u)` : one;
  };
  const pixel = (k: number) => (g.quads ? `quadBroadcast(dy${r}, ${k}u)` : read(`${k}u`));
  return `${g.quads ? `let dy${r} = ${read("quad")};` : ""}
      ${lines(4, (k) => `let dy${r}_${k} = ${pixel(k)};`)}
      ${lines(g.tileLines, (t) => lines(g.kernel[1], (q) => addPixels(g, r, t, q)))}`;
}

/** The products of four pixels go to one sum after the other, so that each stays in a register meanwhile. */
const addPixels = (g: WeightGradient, r: number, t: number, q: number): string =>
  range(4)
    .map((k) => `${sum(r, t, q)} = fma(dy${r}_${k}, x${t}_${named(offset(g, k, q))}, ${sum(r, t, q)});`)
    .join(" ");

/** One element's part, with no product where there is no image. */
const exactFunction = (g: WeightGradient, units: number): string => {
  const { stride, dilation, before, image, pixels, groups, rows, channels } = g;
  return `
fn exact(part: u32, g: u32, row: u32, channel: u32, p: u32, q: u32) -> f32 {
  var sum = 0.0;
  for (var unit = part * ${units}u; unit < (part + 1u) * ${units}u; unit++) {
    let n = unit / ${pixels[0]}u;
    let i = unit % ${pixels[0]}u;
    let y = u32(i32(i * ${stride[0]}u + p * ${dilation[0]}u) - ${before[0]});
    if (y >= ${image[0]}u) { continue; }
    let line = ((n * ${groups}u + g) * ${channels}u + channel) * ${image[0] * image[1]}u + y * ${image[1]}u;
    let dys = ((n * ${groups * rows}u + g * ${rows}u + row) * ${pixels[0]}u + i) * ${pixels[1]}u;
    for (var j = 0u; j < ${pixels[1]}u; j++) {
      let x = u32(i32(j * ${stride[1]}u + q * ${dilation[1]}u) - ${before[1]});
      if (x < ${image[1]}u) { sum = fma(read_dy(dys + j), read_x(line + x), sum); }
    }
  }
  return sum;
}`;
};
