// What conv2d and conv2dGradInput are both made of: sums over channels and taps of an image times a weight, where the taps
// lie at fixed distances from a place that moves with the pixel. The shader is correlation.wgsl.ts.
import { type Spec, sizeOf } from "@lamina/core";
import { correlationWgsl } from "./correlation.wgsl.ts";
import { lanesOf, workgroupsOf } from "./lanes.ts";
import type { Dispatch } from "./lowered.ts";

/** A tap: how far from the pixel's place it reads, and where its weight is from the first one of the kernel. */
export interface Tap {
  readonly offset: number;
  readonly weight: number;
}
/** Along rows (i) or columns (j): pixel t reads at t*stride + offset, and is written at t*outStride + outFirst. */
export interface Axis {
  readonly size: number;
  readonly count: number;
  readonly stride: number;
  readonly taps: readonly Tap[];
  readonly outSize: number;
  readonly outFirst: number;
  readonly outStride: number;
}
/**
 * out[n, g*rows + r, i, j] = sum over c, taps p and q of image[n, g*channels + c, i.., j..] * weights[weight], with
 * weight = g*groupWeights + r*rowWeights + c*channelWeights + p.weight + q.weight.
 */
export interface Correlation {
  readonly images: number;
  readonly groups: number;
  /** Channels of the result, in a group. */
  readonly rows: number;
  /** Channels of the image, in a group. */
  readonly channels: number;
  readonly groupWeights: number;
  readonly rowWeights: number;
  readonly channelWeights: number;
  readonly i: Axis;
  readonly j: Axis;
}
export interface Tiling {
  /** Channels of the result in a tile. */
  readonly rows: number;
  /** Vectors of four pixels in a tile, beside each other in a row. */
  readonly vectors: number;
  readonly subgroups: boolean;
}

const MOST_ROWS = 16;

/** Vectors of pixels in a row of the result, as tiles of `vectors` have them. */
export const tilesInRow = ({ j }: Correlation, { vectors }: Tiling): number => Math.ceil(j.count / (4 * vectors));
export const lanesOfTiling = (c: Correlation, tiling: Tiling): number =>
  lanesOf(c.images * c.i.count * tilesInRow(c, tiling));
export const tilesOfGroup = ({ rows }: Correlation, tiling: Tiling): number => Math.ceil(rows / tiling.rows);

export function correlate(op: string, c: Correlation, subgroups: boolean): Dispatch {
  const tiling: Tiling = { rows: Math.ceil(c.rows / Math.ceil(c.rows / MOST_ROWS)), vectors: 1, subgroups };
  const invocations = lanesOfTiling(c, tiling) * tilesOfGroup(c, tiling) * c.groups;
  return {
    key: `${op} ${JSON.stringify([c, tiling])}`,
    subgroups,
    arrays: [
      { name: "image", input: 0 },
      { name: "weights", input: 1 },
      { name: "out", output: true, width: writesVectors(c) ? 4 : 1 },
    ],
    wgsl: () => correlationWgsl(c, tiling),
    workgroups: workgroupsOf(invocations),
    work: c.images * c.groups * c.rows * c.channels * c.i.count * c.j.count * c.i.taps.length * c.j.taps.length,
  };
}

/** Four pixels beside each other are one vector of the result. */
export const writesVectors = ({ j }: Correlation): boolean => j.outStride === 1 && j.outFirst === 0 && j.outSize % 4 === 0;

export interface ConvAttrs {
  /** [h, w] */
  readonly stride: readonly number[];
  /** top, bottom, left, right */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}
/** Of `images`, which are N, C, H, W. */
export const imagesOf = ({ shape }: Spec): readonly [number, number, number, number] => shape as never;
export const isEmpty = ({ i, j }: Correlation): boolean => sizeOf([i.count, j.count]) === 0;
