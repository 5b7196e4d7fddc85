// What the networks of the book have in common: the options they take, and how their weights start.
import type { nn } from "@lamina/core";
import { initWeights } from "./initWeights.ts";

export interface ModelOptions {
  /** Default 10. */
  numClasses?: number;
  /** The weights' start: "xavier", as the book trains it (default), or "default" for PyTorch's. */
  init?: "xavier" | "default";
}
export interface ImageModelOptions extends ModelOptions {
  /** Channels of the images (default 1: grey). */
  inChannels?: number;
  /** Divides the number of channels of every layer (default 1), as the book's `ratio` for VGG: a smaller network of the same shape. */
  ratio?: number;
}
export interface FixedSizeOptions extends ImageModelOptions {
  /** Height and width of the images, which the first fully connected layer depends on (default 224). */
  imageSize?: number;
}

/** The network, with the weights that `init` says. */
export const started = <M extends nn.Module>(net: M, init: ModelOptions["init"] = "xavier"): M =>
  init === "xavier" ? net.apply(initWeights) : net;

/** Divides numbers of channels, rounding down, to no fewer than one: `const c = dividedBy(ratio); c(64)`. */
export function dividedBy(ratio = 1): (channels: number) => number {
  if (!(ratio > 0))
    throw new Error(
      `ratio: the channels cannot be divided by ${ratio}; pass a positive number, 4 for a quarter of them`,
    );
  return (channels) => Math.max(1, Math.floor(channels / ratio));
}

/** @throws if nothing would be left of the image. */
export function checkSize(model: string, imageSize: number, least: number): void {
  if (!Number.isInteger(imageSize) || imageSize < least)
    throw new Error(
      `${model}: imageSize is ${imageSize} but must be a whole number from ${least}; enlarge the images first`,
    );
}
