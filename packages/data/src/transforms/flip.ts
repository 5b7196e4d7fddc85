// Flips: the picture mirrored, or not, by chance.
import type { Generator } from "@lamina/core";
import { blankLike, type Image } from "../image.ts";
import { checkProbability } from "./transform.ts";

export function flipHorizontally(image: Image): Image {
  const out = blankLike(image);
  for (let at = 0; at < image.data.length; at += image.width)
    out.data.set(
      image.data
        .subarray(at, at + image.width)
        .slice()
        .reverse(),
      at,
    );
  return out;
}
export function flipVertically(image: Image): Image {
  const { channels, height, width } = image;
  const out = blankLike(image);
  for (let c = 0; c < channels; c++)
    for (let row = 0; row < height; row++) {
      const from = (c * height + row) * width;
      out.data.set(image.data.subarray(from, from + width), (c * height + height - 1 - row) * width);
    }
  return out;
}

/**
 * Left becomes right, with probability `p` (default 0.5).
 * [torchvision.transforms.RandomHorizontalFlip](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomHorizontalFlip.html)
 */
export class RandomHorizontalFlip {
  readonly p: number;
  constructor(p = 0.5) {
    checkProbability("RandomHorizontalFlip", p);
    this.p = p;
  }
  apply(image: Image, random: Generator): Image {
    return random.uniform() < this.p ? flipHorizontally(image) : image;
  }
}
/**
 * Top becomes bottom, with probability `p` (default 0.5).
 * [torchvision.transforms.RandomVerticalFlip](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomVerticalFlip.html)
 */
export class RandomVerticalFlip {
  readonly p: number;
  constructor(p = 0.5) {
    checkProbability("RandomVerticalFlip", p);
    this.p = p;
  }
  apply(image: Image, random: Generator): Image {
    return random.uniform() < this.p ? flipVertically(image) : image;
  }
}
