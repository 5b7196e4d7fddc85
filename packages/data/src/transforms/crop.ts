// Crops: a part of the picture, from the middle or from a random place.
import type { Generator } from "@lamina/core";
import { blankLike, type Image, sizeText } from "../image.ts";
import { type Padding, type PaddingMode, padImage, sidesOf } from "./pad.ts";
import { type Interpolation, resample } from "./resample.ts";
import { integer, pairOf, type Rectangle, randomRectangle } from "./transform.ts";

/** Rows `top` to `top + height` and columns `left` to `left + width`, all inside. */
function crop(image: Image, top: number, left: number, height: number, width: number): Image {
  const out = blankLike(image, { height, width });
  for (let c = 0; c < image.channels; c++)
    for (let row = 0; row < height; row++) {
      const from = (c * image.height + top + row) * image.width + left;
      out.data.set(image.data.subarray(from, from + width), (c * height + row) * width);
    }
  return out;
}

/** Half to even, as Python rounds. */
function pythonRound(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

/**
 * The middle; a picture that is too small gets a border of zeros first.
 * [torchvision.transforms.CenterCrop](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.CenterCrop.html)
 */
export class CenterCrop {
  readonly size: readonly [number, number];
  constructor(size: number | readonly [number, number]) {
    this.size = pairOf(size);
  }
  apply(image: Image): Image {
    const [height, width] = this.size;
    const [down, across] = [Math.max(0, height - image.height), Math.max(0, width - image.width)];
    const [left, top] = [Math.floor(across / 2), Math.floor(down / 2)];
    const grown = down || across ? padImage(image, { left, top, right: across - left, bottom: down - top }) : image;
    const [y, x] = [pythonRound((grown.height - height) / 2), pythonRound((grown.width - width) / 2)];
    return crop(grown, y, x, height, width);
  }
}

export interface RandomCropOptions {
  /** A border before cropping (default none). */
  readonly padding?: Padding;
  /** Makes a border where the picture is too small (default false). */
  readonly padIfNeeded?: boolean;
  /** The border's value (default 0). */
  readonly fill?: number | readonly number[];
  /** Default "constant". */
  readonly paddingMode?: PaddingMode;
}
/** [torchvision.transforms.RandomCrop](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomCrop.html) */
export class RandomCrop {
  readonly size: readonly [number, number];
  readonly options: RandomCropOptions;
  constructor(size: number | readonly [number, number], options: RandomCropOptions = {}) {
    this.size = pairOf(size);
    this.options = options;
  }
  /** @throws if the picture is smaller than the crop. */
  apply(image: Image, random: Generator): Image {
    const [height, width] = this.size;
    const grown = this.padded(image);
    const [down, across] = [grown.height - height, grown.width - width];
    if (down < 0 || across < 0)
      throw new Error(
        `RandomCrop: the picture is ${sizeText(grown)} but the crop ${height} x ${width}; pass a smaller crop, or padIfNeeded: true`,
      );
    return crop(grown, integer(random, 0, down + 1), integer(random, 0, across + 1), height, width);
  }
  private padded(image: Image): Image {
    const { padding, padIfNeeded = false } = this.options;
    let now = padding === undefined ? image : padImage(image, sidesOf(padding), this.options);
    if (!padIfNeeded) return now;
    const [down, across] = [Math.max(0, this.size[0] - now.height), Math.max(0, this.size[1] - now.width)];
    if (across) now = padImage(now, { left: across, right: across, top: 0, bottom: 0 }, this.options);
    return down ? padImage(now, { left: 0, right: 0, top: down, bottom: down }, this.options) : now;
  }
}

export interface RandomResizedCropOptions {
  /** The crop's share of the area, from and to (default [0.08, 1]). */
  readonly scale?: readonly [number, number];
  /** Its width through its height, from and to (default [3/4, 4/3]). */
  readonly ratio?: readonly [number, number];
  /** Default "bilinear". */
  readonly interpolation?: Interpolation;
}
/**
 * A random part of random size and shape, resized. Szegedy et al., "Going deeper with convolutions", 2015.
 * [torchvision.transforms.RandomResizedCrop](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomResizedCrop.html)
 */
export class RandomResizedCrop {
  readonly size: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly interpolation: Interpolation;
  constructor(
    size: number | readonly [number, number],
    { scale = [0.08, 1], ratio = [3 / 4, 4 / 3], interpolation = "bilinear" }: RandomResizedCropOptions = {},
  ) {
    for (const [name, [from, to]] of Object.entries({ scale, ratio }))
      if (!(from > 0 && from <= to))
        throw new Error(`RandomResizedCrop: ${name} is [${from}, ${to}] but must rise from above 0; pass [from, to]`);
    this.size = pairOf(size);
    this.scale = scale;
    this.ratio = ratio;
    this.interpolation = interpolation;
  }
  apply(image: Image, random: Generator): Image {
    const { top, left, height, width } = this.place(image, random);
    return resample(crop(image, top, left, height, width), ...this.size, this.interpolation);
  }
  private place(image: Image, random: Generator): Rectangle {
    const fits = (width: number, height: number) =>
      width > 0 && height > 0 && width <= image.width && height <= image.height ? { height, width } : undefined;
    return randomRectangle(image, random, this, fits) ?? this.middle(image);
  }
  /** The largest part of an allowed shape. */
  private middle({ height, width }: Image): Rectangle {
    const [least, most] = this.ratio;
    const shape = width / height;
    const w = shape > most ? Math.round(height * most) : width;
    const h = shape < least ? Math.round(width / least) : height;
    return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
  }
}
