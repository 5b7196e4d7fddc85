// Resampling with antialiasing, as Pillow computes it for bytes: weights rounded to 22 bits, the rows first, each pass rounded
// to bytes. Which part of a picture goes where is the callers' business. (Pillow 13 takes the columns first where much more of the
// height than of the width goes: there a byte may differ by 1.)
import type { Image } from "../image.ts";
import { blankLike } from "../image.ts";

export type Interpolation = "nearest" | "bilinear" | "bicubic";

interface Filter {
  /** How far from its centre it reaches, in source pixels. */
  readonly support: number;
  weight(x: number): number;
}
const filters: Readonly<Record<Exclude<Interpolation, "nearest">, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
};
/** Keys' cubic with a = -0.5. */
function cubic(at: number): number {
  const x = Math.abs(at);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/** For each pixel along one axis of the result: where its source pixels begin, how many, and their weights. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `most` for each pixel. */
  readonly weights: Float64Array;
  readonly most: number;
}

function tapsOf(from: number, to: number, { support, weight }: Filter): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1); // below the source's resolution the filter covers all that falls together
  const reach = support * stretch;
  const most = Math.ceil(reach) * 2 + 1;
  const [first, count] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Float64Array(to * most);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    first[i] = Math.max(0, Math.trunc(center - reach + 0.5));
    count[i] = Math.min(from, Math.trunc(center + reach + 0.5)) - first[i];
    let total = 0;
    for (let k = 0; k < count[i]; k++) total += weights[i * most + k] = weight((k + first[i] - center + 0.5) / stretch);
    if (total !== 0) for (let k = 0; k < count[i]; k++) weights[i * most + k] /= total;
  }
  return { first, count, weights, most };
}

/** How lines of pixels lie: `lines` of them, starting `line` apart, their pixels `step` apart. */
interface Lines {
  readonly lines: number;
  readonly line: number;
  readonly step: number;
}
const PRECISION = 22;

function resampleBytes(source: Uint8Array, from: Lines, out: Uint8Array, to: Lines, taps: Taps): void {
  const { first, count, most } = taps;
  const weights = Int32Array.from(taps.weights, (w) => Math.trunc(w * 2 ** PRECISION + (w < 0 ? -0.5 : 0.5)));
  for (let l = 0; l < from.lines; l++)
    for (let i = 0; i < first.length; i++) {
      let sum = 1 << (PRECISION - 1);
      const start = l * from.line + first[i] * from.step;
      for (let k = 0; k < count[i]; k++) sum += source[start + k * from.step] * weights[i * most + k];
      const value = sum >> PRECISION;
      out[l * to.line + i * to.step] = Math.min(Math.max(value, 0), 255);
    }
}
function resampleFloats(source: Float32Array, from: Lines, out: Float32Array, to: Lines, taps: Taps): void {
  const { first, count, weights, most } = taps;
  for (let l = 0; l < from.lines; l++)
    for (let i = 0; i < first.length; i++) {
      let sum = 0;
      const start = l * from.line + first[i] * from.step;
      for (let k = 0; k < count[i]; k++) sum += source[start + k * from.step] * weights[i * most + k];
      out[l * to.line + i * to.step] = sum;
    }
}
function resampleAxis(image: Image, out: Image, from: Lines, to: Lines, taps: Taps): void {
  if (image.data instanceof Uint8Array) resampleBytes(image.data, from, out.data as Uint8Array, to, taps);
  else resampleFloats(image.data, from, out.data as Float32Array, to, taps);
}

function alongRows(image: Image, width: number, filter: Filter): Image {
  if (width === image.width) return image;
  const out = blankLike(image, { width });
  const lines = image.channels * image.height;
  const taps = tapsOf(image.width, width, filter);
  resampleAxis(image, out, { lines, line: image.width, step: 1 }, { lines, line: width, step: 1 }, taps);
  return out;
}
function alongColumns(image: Image, height: number, filter: Filter): Image {
  if (height === image.height) return image;
  const { channels, width } = image;
  const out = blankLike(image, { height });
  const taps = tapsOf(image.height, height, filter);
  for (let c = 0; c < channels; c++) {
    const plane = <T extends Uint8Array | Float32Array>(data: T, rows: number) =>
      data.subarray(c * rows * width, (c + 1) * rows * width) as T;
    const lines = { lines: width, line: 1, step: width };
    const [a, b] = [plane(image.data, image.height), plane(out.data, height)];
    resampleAxis({ ...image, data: a }, { ...out, data: b }, lines, lines, taps);
  }
  return out;
}

function nearest(image: Image, height: number, width: number): Image {
  const out = blankLike(image, { height, width });
  const rows = Int32Array.from({ length: height }, (_, i) => Math.floor((i + 0.5) * (image.height / height)));
  const columns = Int32Array.from({ length: width }, (_, i) => Math.floor((i + 0.5) * (image.width / width)));
  let at = 0;
  for (let c = 0; c < image.channels; c++)
    for (const row of rows)
      for (const column of columns) out.data[at++] = image.data[(c * image.height + row) * image.width + column];
  return out;
}

/** The whole picture at another size. */
export function resample(image: Image, height: number, width: number, interpolation: Interpolation): Image {
  if (interpolation === "nearest") return nearest(image, height, width);
  const filter = filters[interpolation];
  return alongColumns(alongRows(image, width, filter), height, filter);
}
