// Resize: the whole picture at another size.
import type { Image } from "../image.ts";
import { type Interpolation, resample } from "./resample.ts";

export interface ResizeOptions {
  /** Default "bilinear". */
  readonly interpolation?: Interpolation;
}

/**
 * To [height, width], or so that the shorter side has `size` pixels and the shape stays. Bytes come out as Pillow makes them
 * (with antialiasing), floats without its rounding.
 * [torchvision.transforms.Resize](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html)
 */
export class Resize {
  readonly size: number | readonly [number, number];
  readonly interpolation: Interpolation;
  constructor(size: number | readonly [number, number], { interpolation = "bilinear" }: ResizeOptions = {}) {
    for (const n of [size].flat())
      if (!Number.isInteger(n) || n < 1)
        throw new Error(`Resize: the size is ${n} but must be a whole number from 1; pass one, or [height, width]`);
    this.size = size;
    this.interpolation = interpolation;
  }
  apply(image: Image): Image {
    const [height, width] = this.target(image);
    return height === image.height && width === image.width
      ? image
      : resample(image, height, width, this.interpolation);
  }
  private target({ height, width }: Image): readonly [number, number] {
    if (typeof this.size !== "number") return this.size;
    const long = Math.trunc((this.size * Math.max(height, width)) / Math.min(height, width));
    return height < width ? [this.size, long] : [long, this.size];
  }
}
