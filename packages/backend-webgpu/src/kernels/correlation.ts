// What conv2d and conv2dGradInput are both made of: sums over channels and taps of an image times a weight, where the taps
// lie at fixed distances from a place that moves with the pixel. The shader is correlation.wgsl.ts.
import { sizeOf } from "@lamina/core";
import { type Correlation, correlationWgsl, formOf, invocationsOf, sizesOf } from "./correlation.wgsl.ts";
import { workgroupsOf } from "./lanes.ts";
import type { Dispatch, Target } from "./lowered.ts";
import { numbers } from "./numbers.ts";
import { rowsOf } from "./tile.wgsl.ts";
import { tilingFor } from "./tiling.ts";

/** Two vectors in a row only where that leaves fewer than a quarter of them empty. */
const vectorsFor = ({ j }: Correlation, most: number): number =>
  most > 1 && 8 * Math.ceil(j.count / 8) * 3 < 4 * j.count ? 2 : 1;

export function correlate(c: Correlation, target: Target): Dispatch {
  const { rows, vectors, quads } = tilingFor(target);
  const form = formOf(c, rowsOf(c.rows, rows), vectorsFor(c, vectors), quads);
  return {
    key: `correlation ${JSON.stringify(form)}`,
    subgroups: quads,
    arrays: [
      { name: "image", input: 0 },
      { name: "weights", input: 1 },
      { name: "out", output: true, width: form.writesVectors ? 4 : 1 },
    ],
    uniforms: numbers(sizesOf(c, form)),
    wgsl: () => correlationWgsl(form),
    workgroups: workgroupsOf(invocationsOf(c, form)),
    work: c.images * c.groups * c.rows * c.channels * c.i.count * c.j.count * c.i.taps.count * c.j.taps.count,
  };
}

export interface ConvAttrs {
  /** [h, w] */
  readonly stride: readonly number[];
  /** top, bottom, left, right */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}
export const isEmpty = ({ i, j }: Correlation): boolean => sizeOf([i.count, j.count]) === 0;
