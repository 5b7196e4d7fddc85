// Changing the size of images. Along each axis, an element of the result is a weighted sum of a few of the input's.
import { toTypedArray } from "../dtype.ts";
import { leafOf, type Tensor } from "../tensor.ts";
import { add, mul } from "./arithmetic.ts";
import { indexSelect } from "./gather.ts";
import { onBatch } from "./images.ts";
import { type Pair, pairOf } from "./shapes.ts";

export interface InterpolateOptions {
  /** Of the result, [height, width] or a number for both. Either this or `scaleFactor`. */
  size?: Pair;
  /** The result is floor(size·scaleFactor) large. */
  scaleFactor?: number | readonly [number, number];
  /** The nearest element, or straight lines between them (default "nearest"). */
  mode?: "nearest" | "bilinear";
  /** Corner elements keep their values, and the steps between are (n - 1)/(out - 1) ("bilinear" only, default false). */
  alignCorners?: boolean;
  /** When shrinking, average over all that an element covers, as Pillow does ("bilinear" only, default false). */
  antialias?: boolean;
}

/** One axis: `n` elements become `out`, and a step of the result is `scale` steps of the input. */
interface Axis {
  readonly n: number;
  readonly out: number;
  readonly scale: number;
}
/** One of the elements that make up each element of the result, and its share. */
interface Tap {
  readonly index: number[];
  readonly weight: number[];
}
const places = (out: number): number[] => Array.from({ length: out }, (_, i) => i);

function axisOf(n: number, out: number, factor: number | undefined, alignCorners: boolean): Axis {
  const scale = alignCorners ? (out > 1 ? (n - 1) / (out - 1) : 0) : factor === undefined ? n / out : 1 / factor;
  return { n, out, scale };
}

/** In single precision, as PyTorch has it: the last place decides between two neighbours. */
const nearestIndex = ({ n, out, scale }: Axis): number[] =>
  places(out).map((i) => Math.min(Math.floor(Math.fround(i * Math.fround(scale))), n - 1));

function bilinearTaps({ n, out, scale }: Axis, alignCorners: boolean): Tap[] {
  const at = places(out).map((i) => (alignCorners ? i * scale : Math.max(0, (i + 0.5) * scale - 0.5)));
  const low = at.map((s) => Math.min(Math.floor(s), n - 1));
  const high = low.map((i) => Math.min(i + 1, n - 1));
  return [
    { index: low, weight: at.map((s, i) => 1 - (s - low[i])) },
    { index: high, weight: at.map((s, i) => s - low[i]) },
  ];
}

/** Pillow's: a triangle as wide as what an element of the result covers, cut at the edges, its weights made to add up to 1. */
function antialiasTaps({ n, out, scale }: Axis): Tap[] {
  const reach = Math.max(scale, 1);
  const rows = places(out).map((i) => {
    const centre = scale * (i + 0.5);
    const from = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const size = Math.min(Math.trunc(centre + reach + 0.5), n) - from;
    const raw = places(size).map((j) => Math.max(0, 1 - Math.abs((j + from - centre + 0.5) / reach)));
    const total = raw.reduce((a, b) => a + b, 0);
    return { from, weights: raw.map((w) => w / total) };
  });
  const most = Math.max(...rows.map((r) => r.weights.length));
  return places(most).map((k) => ({
    index: rows.map((r) => r.from + Math.min(k, r.weights.length - 1)), // past the end: an element that counts anyway
    weight: rows.map((r) => r.weights[k] ?? 0),
  }));
}

/** Σ over taps of x[index]·weight along an axis. */
function weigh(x: Tensor, axis: number, taps: readonly Tap[]): Tensor {
  const out = taps[0].index.length;
  const shape = x.shape.map((_, i) => (i === axis ? out : 1));
  const share = (weight: number[]) => leafOf(toTypedArray(weight, x.dtype), shape, x.dtype);
  return taps.map(({ index, weight }) => mul(indexSelect(x, axis, index), share(weight))).reduce(add);
}

type Mode = Required<Pick<InterpolateOptions, "mode" | "alignCorners" | "antialias">>;
function resizeAxis(x: Tensor, axis: number, along: Axis, { mode, alignCorners, antialias }: Mode): Tensor {
  if (along.n === along.out && along.scale === 1) return x;
  if (mode === "nearest") return indexSelect(x, axis, nearestIndex(along));
  return weigh(x, axis, antialias ? antialiasTaps(along) : bilinearTaps(along, alignCorners));
}

function checkMode({ mode, alignCorners, antialias }: Mode): void {
  if (mode !== "nearest" && mode !== "bilinear")
    throw new Error(`interpolate: mode is ${JSON.stringify(mode)}; use "nearest" or "bilinear"`);
  if (mode === "nearest" && (alignCorners || antialias))
    throw new Error('interpolate: alignCorners and antialias mean nothing in mode "nearest"; use mode "bilinear"');
}
function sizesOf([, , h, w]: readonly number[], { size, scaleFactor }: InterpolateOptions): readonly [number, number] {
  if ((size === undefined) === (scaleFactor === undefined))
    throw new Error("interpolate: pass either size or scaleFactor, and not both");
  if (size !== undefined) return pairOf("interpolate", "size", size, 1);
  const [a, b] = typeof scaleFactor === "number" ? [scaleFactor, scaleFactor] : scaleFactor!;
  const out = [Math.floor(h * a), Math.floor(w * b)] as const;
  if (!(out[0] >= 1 && out[1] >= 1))
    throw new Error(`interpolate: scaleFactor [${a},${b}] makes [${out}] of ${h} x ${w}; use a larger factor`);
  return out;
}

/**
 * x [N,C,H,W] or [C,H,W] in another size. "nearest": out[i] = x[floor(i·H/oh)]. "bilinear": x at (i + 0.5)·H/oh - 0.5,
 * between its two neighbours along each axis; with `alignCorners`, at i·(H - 1)/(oh - 1); with `antialias`, averaged over a
 * triangle of H/oh elements each way, as Pillow's and torchvision's resize are.
 * @throws if neither or both of size and scaleFactor are given, or an option does not go with the mode.
 * [torch.nn.functional.interpolate](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html)
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const { mode = "nearest", alignCorners = false, antialias = false, scaleFactor } = options;
  checkMode({ mode, alignCorners, antialias });
  return onBatch("interpolate", x, (images) => {
    const out = sizesOf(images.shape, options);
    const factors = typeof scaleFactor === "object" ? scaleFactor : [scaleFactor, scaleFactor];
    const [, , h, w] = images.shape;
    const columns = resizeAxis(images, 3, axisOf(w, out[1], factors[1], alignCorners), {
      mode,
      alignCorners,
      antialias,
    });
    return resizeAxis(columns, 2, axisOf(h, out[0], factors[0], alignCorners), { mode, alignCorners, antialias });
  });
}
