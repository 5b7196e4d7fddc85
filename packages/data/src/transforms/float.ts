// From bytes to floats, and what is done to floats: scaling to 0..1, normalising, erasing.
import type { Generator } from "@lamina/core";
import { blankLike, type Image, sizeText } from "../image.ts";
import { checkProbability, type Rectangle, randomRectangle } from "./transform.ts";

/** v / 255 in float32. */
const unit = Float32Array.from({ length: 256 }, (_, v) => v / 255);

/** Writes a picture as floats: bytes as v/255, floats as they are. */
export function fillFloats(out: Float32Array, at: number, { data }: Image): void {
  if (data instanceof Float32Array) out.set(data, at);
  else for (let i = 0; i < data.length; i++) out[at + i] = unit[data[i]];
}

/**
 * Bytes 0..255 become floats 0..1. A dataset does the same to what is still bytes at the end.
 * [torchvision.transforms.ToTensor](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ToTensor.html)
 */
export class ToTensor {
  apply(image: Image): Image {
    if (image.data instanceof Float32Array) return image;
    const data = new Float32Array(image.data.length);
    fillFloats(data, 0, image);
    return { ...image, data };
  }
}

/**
 * (x - mean)/std, channel by channel.
 * [torchvision.transforms.Normalize](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html)
 */
export class Normalize {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** @throws if a deviation is 0, or the counts differ. */
  constructor(mean: readonly number[], std: readonly number[]) {
    if (mean.length !== std.length || std.some((s) => s === 0))
      throw new Error(`Normalize: mean is [${mean}] and std [${std}], but they need as many values, none of std 0`);
    this.mean = mean;
    this.std = std;
  }
  /** @throws if the picture is of bytes, or has other channels. */
  apply(image: Image): Image {
    if (!(image.data instanceof Float32Array))
      throw new Error("Normalize: the picture is of bytes, but it works on floats; put new ToTensor() before it");
    if (this.mean.length !== 1 && this.mean.length !== image.channels)
      throw new Error(
        `Normalize: there are ${this.mean.length} means but the picture is ${sizeText(image)}; pass one, or one a channel`,
      );
    const out = blankLike(image);
    const area = image.height * image.width;
    for (let c = 0; c < image.channels; c++) {
      const [mean, std] = [this.mean, this.std].map((list) => Math.fround(list[list.length === 1 ? 0 : c]));
      for (let i = c * area; i < (c + 1) * area; i++) out.data[i] = Math.fround(image.data[i] - mean) / std;
    }
    return out;
  }
}

export interface RandomErasingOptions {
  /** Default 0.5. */
  readonly p?: number;
  /** The share of the area that is erased, from and to (default [0.02, 0.33]). */
  readonly scale?: readonly [number, number];
  /** Height through width, from and to (default [0.3, 3.3]). */
  readonly ratio?: readonly [number, number];
  /** One value, one a channel, or "random" for normal noise (default 0). */
  readonly value?: number | readonly number[] | "random";
}
/**
 * A random rectangle loses its content. Zhong et al., "Random erasing data augmentation", 2017.
 * [torchvision.transforms.RandomErasing](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomErasing.html)
 */
export class RandomErasing {
  private readonly options: Required<RandomErasingOptions>;
  constructor(options: RandomErasingOptions = {}) {
    this.options = { p: 0.5, scale: [0.02, 0.33], ratio: [0.3, 3.3], value: 0, ...options };
    checkProbability("RandomErasing", this.options.p);
  }
  apply(image: Image, random: Generator): Image {
    if (random.uniform() >= this.options.p) return image;
    const fits = (height: number, width: number) =>
      height < image.height && width < image.width ? { height, width } : undefined;
    const place = randomRectangle(image, random, this.options, fits);
    return place ? this.erased(image, random, place) : image;
  }
  private erased(image: Image, random: Generator, { top, left, height, width }: Rectangle): Image {
    const { value } = this.options;
    const out = { ...image, data: image.data.slice() };
    const noise = value === "random" ? random.normals(image.channels * height * width) : undefined;
    for (let c = 0; c < image.channels; c++)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++)
          out.data[(c * image.height + top + row) * image.width + left + column] = noise
            ? noise[(c * height + row) * width + column]
            : typeof value === "number"
              ? value
              : (value as readonly number[])[c];
    return out;
  }
}
