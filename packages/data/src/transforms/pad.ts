// Pad: a border around the picture.
import { blankLike, type Image, sizeText } from "../image.ts";

export type PaddingMode = "constant" | "edge" | "reflect" | "symmetric";
/** All sides; left and right, top and bottom; or left, top, right, bottom. */
export type Padding = number | readonly [number, number] | readonly [number, number, number, number];
export interface PadTransformOptions {
  /** The value of a constant border: one, or one a channel; 0..255 for bytes (default 0). */
  readonly fill?: number | readonly number[];
  /** Default "constant". */
  readonly paddingMode?: PaddingMode;
}

export interface Sides {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
export function sidesOf(padding: Padding): Sides {
  if (typeof padding === "number") return { left: padding, top: padding, right: padding, bottom: padding };
  const [left, top, right = left, bottom = top] = padding;
  return { left, top, right, bottom };
}

/** Where position `i`, which may lie outside, reads on an axis of `size`; -1 for nowhere. */
function source(i: number, size: number, mode: PaddingMode): number {
  if (i >= 0 && i < size) return i;
  if (mode === "constant") return -1;
  if (mode === "edge") return i < 0 ? 0 : size - 1;
  if (mode === "symmetric") return i < 0 ? -1 - i : 2 * size - 1 - i;
  return i < 0 ? -i : 2 * size - 2 - i;
}

/** The border may be negative, and then cuts. */
export function padImage(
  image: Image,
  sides: Sides,
  { fill = 0, paddingMode = "constant" }: PadTransformOptions = {},
): Image {
  const { channels, height, width } = image;
  const out = blankLike(image, {
    height: height + sides.top + sides.bottom,
    width: width + sides.left + sides.right,
  });
  const rows = Int32Array.from({ length: out.height }, (_, i) => source(i - sides.top, height, paddingMode));
  const columns = Int32Array.from({ length: out.width }, (_, i) => source(i - sides.left, width, paddingMode));
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const blank = typeof fill === "number" ? fill : fill[c];
    for (const row of rows)
      for (const column of columns)
        out.data[at++] = row < 0 || column < 0 ? blank : image.data[(c * height + row) * width + column];
  }
  return out;
}

/** [torchvision.transforms.Pad](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Pad.html) */
export class Pad {
  readonly padding: Padding;
  readonly options: PadTransformOptions;
  constructor(padding: Padding, options: PadTransformOptions = {}) {
    this.padding = padding;
    this.options = options;
  }
  /** @throws if a mirrored border is wider than the picture. */
  apply(image: Image): Image {
    const sides = sidesOf(this.padding);
    const mode = this.options.paddingMode ?? "constant";
    const [across, down] = [Math.max(sides.left, sides.right), Math.max(sides.top, sides.bottom)];
    const spare = mode === "reflect" ? 1 : 0;
    if ((mode === "reflect" || mode === "symmetric") && (across > image.width - spare || down > image.height - spare))
      throw new Error(
        `Pad: a border of ${Math.max(across, down)} mirrors more than there is of a picture ${sizeText(image)}; pass a narrower one`,
      );
    return padImage(image, sides, this.options);
  }
}
