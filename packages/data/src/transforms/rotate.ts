// Rotation about a point, by a random angle. Positions are computed as Pillow does, so that nearest neighbours are the same.
import type { Generator } from "@lamina/core";
import { blankLike, type Image } from "../image.ts";
import { between } from "./transform.ts";

export interface RotateOptions {
  /** Default "nearest". */
  readonly interpolation?: "nearest" | "bilinear";
  /** Grows the picture so that nothing is cut off (default false). */
  readonly expand?: boolean;
  /** [x, y] from the upper left corner (default the middle). */
  readonly center?: readonly [number, number];
  /** What comes into view: one value, or one a channel (default 0). */
  readonly fill?: number | readonly number[];
}

/** Where result pixel (x, y) reads: (a·x + b·y + c, d·x + e·y + f). */
type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

const round15 = (x: number): number => Number(x.toFixed(15));
const toThe = ([a, b, c, d, e, f]: Affine, x: number, y: number): [number, number] => [
  a * x + b * y + c,
  d * x + e * y + f,
];

/** The reading for a rotation of `degrees` counter-clockwise, and the size of the result. */
function rotation(image: Image, degrees: number, { expand = false, center }: RotateOptions) {
  const { height, width } = image;
  const [cx, cy] = center ?? [width / 2, height / 2];
  const angle = -degrees * (Math.PI / 180); // the product that Python's math.radians rounds
  const [cos, sin] = [round15(Math.cos(angle)), round15(Math.sin(angle))];
  const linear: Affine = [cos, sin, 0, -sin, cos, 0];
  const [c, f] = toThe(linear, -cx, -cy);
  const read: Affine = [cos, sin, c + cx, -sin, cos, f + cy];
  if (!expand) return { read, height, width };
  const corners = [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ].map(([x, y]) => toThe(read, x, y));
  const span = (values: number[]) => Math.ceil(Math.max(...values)) - Math.floor(Math.min(...values));
  const [w, h] = [span(corners.map(([x]) => x)), span(corners.map(([, y]) => y))];
  const [x, y] = toThe(read, -(w - width) / 2, -(h - height) / 2);
  return { read: [cos, sin, x, -sin, cos, y] as Affine, height: h, width: w };
}

export function rotate(image: Image, degrees: number, options: RotateOptions = {}): Image {
  const turn = ((degrees % 360) + 360) % 360;
  if (!options.center) {
    if (turn === 0) return image;
    const swaps = turn === 90 || turn === 270;
    if (turn === 180 || (swaps && (options.expand || image.height === image.width))) return quarters(image, turn);
  }
  const { read, height, width } = rotation(image, turn, options);
  const out = blankLike(image, { height, width });
  const { fill = 0 } = options;
  for (let c = 0; c < image.channels; c++)
    out.data.fill(typeof fill === "number" ? fill : fill[c], c * height * width, (c + 1) * height * width);
  (options.interpolation === "bilinear" ? fillBilinear : fillNearest)(image, out, read);
  return out;
}

/** A turn by 90, 180 or 270 degrees moves pixels and computes none. */
function quarters(image: Image, turn: number): Image {
  const [height, width] = turn === 180 ? [image.height, image.width] : [image.width, image.height];
  const out = blankLike(image, { height, width });
  const from = (row: number, column: number): [row: number, column: number] => {
    if (turn === 180) return [height - 1 - row, width - 1 - column];
    return turn === 90 ? [column, height - 1 - row] : [width - 1 - column, row];
  };
  for (let c = 0; c < image.channels; c++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const [y, x] = from(row, column);
        out.data[(c * height + row) * width + column] = image.data[(c * image.height + y) * image.width + x];
      }
  return out;
}

/** In 16.16 fixed point, as Pillow steps along. */
function fillNearest(image: Image, out: Image, [a, b, c, d, e, f]: Affine): void {
  const fixed = (x: number) => Math.floor(x * 65536 + 0.5);
  let [x0, y0] = [fixed(c + a * 0.5 + b * 0.5), fixed(f + d * 0.5 + e * 0.5)];
  for (let row = 0; row < out.height; row++, x0 += fixed(b), y0 += fixed(e))
    for (let column = 0, x = x0, y = y0; column < out.width; column++, x += fixed(a), y += fixed(d)) {
      const [sx, sy] = [Math.floor(x / 65536), Math.floor(y / 65536)];
      if (sx < 0 || sx >= image.width || sy < 0 || sy >= image.height) continue;
      for (let k = 0; k < image.channels; k++)
        out.data[(k * out.height + row) * out.width + column] = image.data[(k * image.height + sy) * image.width + sx];
    }
}
function fillBilinear(image: Image, out: Image, read: Affine): void {
  const { height, width } = image;
  const bytes = image.data instanceof Uint8Array;
  const inside = (i: number, size: number) => Math.min(Math.max(i, 0), size - 1);
  for (let row = 0; row < out.height; row++)
    for (let column = 0; column < out.width; column++) {
      const [sx, sy] = toThe(read, column + 0.5, row + 0.5);
      if (sx < 0 || sx >= width || sy < 0 || sy >= height) continue;
      const [left, top] = [Math.floor(sx - 0.5), Math.floor(sy - 0.5)];
      const [dx, dy] = [sx - 0.5 - left, sy - 0.5 - top];
      for (let k = 0; k < image.channels; k++) {
        const pixel = (x: number, y: number) => image.data[(k * height + inside(y, height)) * width + inside(x, width)];
        const along = (y: number) => pixel(left, y) + (pixel(left + 1, y) - pixel(left, y)) * dx;
        const value = along(top) + (along(top + 1) - along(top)) * dy;
        out.data[(k * out.height + row) * out.width + column] = bytes ? Math.trunc(value) : value;
      }
    }
}

/**
 * By a random angle in [-degrees, degrees], or between two, counter-clockwise.
 * [torchvision.transforms.RandomRotation](https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomRotation.html)
 */
export class RandomRotation {
  readonly degrees: readonly [number, number];
  readonly options: RotateOptions;
  constructor(degrees: number | readonly [number, number], options: RotateOptions = {}) {
    if (typeof degrees === "number" && !(degrees >= 0))
      throw new Error(`RandomRotation: degrees is ${degrees} but must be from 0; pass one, or [from, to]`);
    this.degrees = typeof degrees === "number" ? [-degrees, degrees] : degrees;
    this.options = options;
  }
  apply(image: Image, random: Generator): Image {
    return rotate(image, between(random, this.degrees), this.options);
  }
}
