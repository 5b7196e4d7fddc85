// Colours: brightness, contrast, saturation and hue changed by chance, and grey pictures. Bytes come out as Pillow makes them.
import type { Generator } from "@lamina/core";
import { blankLike, type Image, sizeText } from "../image.ts";
import { between } from "./transform.ts";

/** Luma of ITU-R 601, in Pillow's fixed point for bytes. */
export function grayOf(image: Image): Image {
  if (image.channels === 1) return image;
  checkColor("Grayscale", image);
  const out = blankLike(image, { channels: 1 });
  const area = out.data.length;
  const [r, g, b] = [0, 1, 2].map((c) => image.data.subarray(c * area, (c + 1) * area));
  const bytes = image.data instanceof Uint8Array;
  for (let i = 0; i < area; i++)
    out.data[i] = bytes
      ? (r[i] * 19595 + g[i] * 38470 + b[i] * 7471 + 0x8000) >> 16
      : 0.2989 * r[i] + 0.587 * g[i] + 0.114 * b[i];
  return out;
}
function checkColor(op: string, image: Image): void {
  if (image.channels !== 3)
    throw new Error(
      `${op}: the picture is ${sizeText(image)} but colours need 3 channels; leave it out for grey pictures`,
    );
}

/** a + factor·(b - a) for each element, kept in range: truncated for bytes. `a(i)` is what the factor leads away from. */
function blend(image: Image, a: (i: number) => number, factor: number): Image {
  const out = blankLike(image);
  const bytes = image.data instanceof Uint8Array;
  const most = bytes ? 255 : 1;
  const by = Math.fround(factor); // Pillow computes in float32
  for (let i = 0; i < image.data.length; i++) {
    const from = a(i);
    const value = Math.fround(from + Math.fround(by * (image.data[i] - from)));
    out.data[i] = value <= 0 ? 0 : value >= most ? most : bytes ? Math.trunc(value) : value;
  }
  return out;
}
export const adjustBrightness = (image: Image, factor: number): Image => blend(image, () => 0, factor);
export function adjustContrast(image: Image, factor: number): Image {
  const { data } = grayOf(image);
  const mean = (data as Uint8Array).reduce((sum, v) => sum + v, 0) / data.length;
  const level = image.data instanceof Uint8Array ? Math.trunc(mean + 0.5) : mean;
  return blend(image, () => level, factor);
}
export function adjustSaturation(image: Image, factor: number): Image {
  if (image.channels === 1) return image;
  const gray = grayOf(image).data;
  return blend(image, (i) => gray[i % gray.length], factor);
}

/** Turns the hue by `factor` of a whole turn, -0.5 to 0.5. */
export function adjustHue(image: Image, factor: number): Image {
  if (image.channels === 1) return image;
  checkColor("adjustHue", image);
  const out = blankLike(image);
  const area = image.height * image.width;
  const bytes = image.data instanceof Uint8Array;
  const turn = bytes ? ((Math.trunc(factor * 255) % 256) + 256) % 256 : factor;
  const pixel: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) pixel[c] = image.data[c * area + i];
    const turned = bytes ? turnedBytes(pixel, turn) : turnedFloats(pixel, turn);
    for (let c = 0; c < 3; c++) out.data[c * area + i] = turned[c];
  }
  return out;
}
type RGB = readonly [number, number, number];
/** Hue in turns, 0 to 1. */
function hueOf([r, g, b]: RGB, most: number, range: number): number {
  const f = Math.fround;
  const [rc, gc, bc] = [r, g, b].map((v) => f((most - v) / range));
  const h = r === most ? f(bc - gc) : g === most ? f(2 + rc - bc) : f(4 + gc - rc);
  return (h / 6 + 1) % 1;
}
const sector = (i: number, v: number, p: number, q: number, t: number): RGB =>
  (
    [
      [v, t, p],
      [q, v, p],
      [p, v, t],
      [p, q, v],
      [t, p, v],
      [v, p, q],
    ] as const
  )[i % 6];

/** Through hue, saturation and value in bytes, as Pillow's HSV mode. */
function turnedBytes(pixel: RGB, turn: number): RGB {
  const most = Math.max(...pixel);
  const range = most - Math.min(...pixel);
  if (range === 0) return pixel;
  const hue = (Math.trunc(Math.fround(hueOf(pixel, most, range)) * 255) + turn) & 255;
  const saturation = Math.trunc(Math.fround(range / most) * 255);
  if (saturation === 0) return [most, most, most];
  const at = Math.fround((hue * 6) / 255);
  const i = Math.floor(at);
  const f = Math.fround(at - i);
  const s = Math.fround(saturation / 255);
  const level = (share: number) => Math.min(255, Math.max(0, Math.round(Math.fround(most * (1 - share)))));
  return sector(i, most, level(s), level(Math.fround(s * f)), level(Math.fround(s * (1 - f))));
}
function turnedFloats(pixel: RGB, turn: number): RGB {
  const most = Math.max(...pixel);
  const range = most - Math.min(...pixel);
  if (range === 0) return pixel;
  const at = ((hueOf(pixel, most, range) + turn + 1) % 1) * 6;
  const [i, s] = [Math.floor(at), range / most];
  const level = (share: number) => Math.min(1, Math.max(0, most * (1 - share)));
  return sector(i, most, level(s), level(s * (at - i)), level(s * (1 - (at - i))));
}

/** A factor from [max(0, 1 - x), 1 + x], or from the pair. */
export type Jitter = number | readonly [number, number];
export interface ColorJitterOptions {
  /** Default 0: unchanged. */
  readonly brightness?: Jitter;
  /** Default 0. */
  readonly contrast?: Jitter;
  /** Default 0. */
  readonly saturation?: Jitter;
  /** In turns, at most 0.5: from [-x, x], or from the pair (default 0). */
  readonly hue?: Jitter;
}

function rangeOf(name: string, value: Jitter, middle: number, least: number, most: number): readonly [number, number] {
  const range =
    typeof value === "number"
      ? ([Math.max(middle - value, middle === 1 ? 0 : middle - value), middle + value] as const)
      : value;
  const [from, to] = range;
  if (!(from <= to && from >= least && to <= most) || (typeof value === "number" && value < 0))
    throw new Error(
      `ColorJitter: ${name} is ${typeof value === "number" ? value : `[${value}]`} but must lie within [${least}, ${most}]; pass a number from 0, or [from, to]`,
    );
  return range;
}

/**
 * Brightness, contrast, saturation and hue, each by a random factor, in random order.
 * [torchvision.transforms.ColorJitter](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ColorJitter.html)
 */
export class ColorJitter {
  readonly brightness: readonly [number, number];
  readonly contrast: readonly [number, number];
  readonly saturation: readonly [number, number];
  readonly hue: readonly [number, number];
  constructor({ brightness = 0, contrast = 0, saturation = 0, hue = 0 }: ColorJitterOptions = {}) {
    const scale = (name: string, value: Jitter) => rangeOf(name, value, 1, 0, Number.POSITIVE_INFINITY);
    this.brightness = scale("brightness", brightness);
    this.contrast = scale("contrast", contrast);
    this.saturation = scale("saturation", saturation);
    this.hue = rangeOf("hue", hue, 0, -0.5, 0.5);
  }
  apply(image: Image, random: Generator): Image {
    let now = image;
    for (const i of random.permutation(changes.length)) {
      const { name, unchanged, change } = changes[i];
      const [from, to] = this[name];
      if (from !== unchanged || to !== unchanged) now = change(now, between(random, [from, to]));
    }
    return now;
  }
}
const changes = [
  { name: "brightness", unchanged: 1, change: adjustBrightness },
  { name: "contrast", unchanged: 1, change: adjustContrast },
  { name: "saturation", unchanged: 1, change: adjustSaturation },
  { name: "hue", unchanged: 0, change: adjustHue },
] as const;

/**
 * Grey, as one channel or three equal ones.
 * [torchvision.transforms.Grayscale](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Grayscale.html)
 */
export class Grayscale {
  readonly numOutputChannels: 1 | 3;
  constructor(numOutputChannels: 1 | 3 = 1) {
    if (numOutputChannels !== 1 && numOutputChannels !== 3)
      throw new Error(`Grayscale: numOutputChannels is ${numOutputChannels} but must be 1 or 3; pass one of them`);
    this.numOutputChannels = numOutputChannels;
  }
  apply(image: Image): Image {
    const gray = grayOf(image);
    if (this.numOutputChannels === 1) return gray;
    const out = blankLike(gray, { channels: 3 });
    for (let c = 0; c < 3; c++) out.data.set(gray.data, c * gray.data.length);
    return out;
  }
}
