// What a transform is, and how several become one. Each is named as in torchvision.transforms and computes the same numbers.
import type { Generator } from "@lamina/core";
import type { Image } from "../image.ts";

/** Makes a picture of a picture, which it must not change. All chance comes from `random`, which the loader gives anew for each item and epoch. */
export type TransformFunction = (image: Image, random: Generator) => Image;
export type Transform = TransformFunction | { apply(image: Image, random: Generator): Image };

export const applyTransform = (transform: Transform, image: Image, random: Generator): Image =>
  typeof transform === "function" ? transform(image, random) : transform.apply(image, random);

/** One after the other. [torchvision.transforms.Compose](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Compose.html) */
export class Compose {
  readonly transforms: readonly Transform[];
  constructor(transforms: readonly Transform[]) {
    this.transforms = transforms;
  }
  apply(image: Image, random: Generator): Image {
    return this.transforms.reduce((now, transform) => applyTransform(transform, now, random), image);
  }
}

/** A function of your own. [torchvision.transforms.Lambda](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Lambda.html) */
export class Lambda {
  readonly apply: TransformFunction;
  constructor(lambda: TransformFunction) {
    this.apply = lambda;
  }
}

/** Throws unless `p` is a probability. */
export function checkProbability(transform: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new Error(`${transform}: p is ${p} but must be from 0 to 1; pass 0.5, say`);
}
/** A float in [from, to). */
export const between = (random: Generator, [from, to]: readonly [number, number]): number =>
  from + random.uniform() * (to - from);
/** A whole number in [from, to). */
export const integer = (random: Generator, from: number, to: number): number => random.integers(1, from, to)[0];
/** Height and width from one number or a pair. */
export const pairOf = (size: number | readonly [number, number]): readonly [number, number] =>
  typeof size === "number" ? [size, size] : size;

export interface Rectangle {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}
/**
 * A part of the picture at a random place, of a random share of its area and a random shape: ten tries, as torchvision's, or none.
 * @param sizes height and width from the roots of area·shape and area/shape; undefined where they do not fit.
 */
export function randomRectangle(
  image: Image,
  random: Generator,
  { scale, ratio }: { readonly scale: readonly [number, number]; readonly ratio: readonly [number, number] },
  sizes: (long: number, short: number) => { height: number; width: number } | undefined,
): Rectangle | undefined {
  const logs = ratio.map(Math.log) as [number, number];
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = image.height * image.width * between(random, scale);
    const shape = Math.exp(between(random, logs));
    const size = sizes(Math.round(Math.sqrt(area * shape)), Math.round(Math.sqrt(area / shape)));
    if (!size) continue;
    const top = integer(random, 0, image.height - size.height + 1);
    return { top, left: integer(random, 0, image.width - size.width + 1), ...size };
  }
  return undefined;
}
