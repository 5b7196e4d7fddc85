// Where the windows of 2-D pooling lie, and the walk over one of them. What is done with its elements is the pools' business.
import { type Spec, sizeOf } from "@lamina/core";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { ArrayUse, Dispatch } from "./lowered.ts";

/** [h, w] each. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
}
export const windowKey = ({ kernel, stride, padding, dilation = [1, 1] }: WindowAttrs): string =>
  `k${kernel} s${stride} p${padding} d${dilation}`;

/** One invocation for each element of `out`, which is [N,C,rows,columns]: WGSL sees `at`, `plane`, `i` and `j`. */
export function eachElement(
  key: string,
  arrays: readonly ArrayUse[],
  out: Spec,
  perElement: number,
  wgsl: () => { globals?: string; main: string },
): Dispatch {
  const [, , rows, columns] = out.shape;
  const count = sizeOf(out.shape);
  return {
    key,
    arrays,
    wgsl: () => {
      const { globals = "", main } = wgsl();
      return {
        globals,
        main: `
  let at = group * ${WORKGROUP}u + local;
  if (at >= ${count}u) { return; }
  let plane = at / ${rows * columns}u;
  let i = at / ${columns}u % ${rows}u;
  let j = at % ${columns}u;
${main}`,
      };
    },
    workgroups: workgroupsOf(count),
    work: count * perElement,
  };
}

/** Runs `visit` for each element of window (i, j) in the image, whose height and width are given: `y`, `x`, and `element`, y*W + x. */
export const eachOfWindow = (
  [H, W]: readonly number[],
  { kernel, stride, padding, dilation = [1, 1] }: WindowAttrs,
  visit: string,
): string => `
  for (var p = 0u; p < ${kernel[0]}u; p++) {
    let y = i * ${stride[0]}u + p * ${dilation[0]}u - ${padding[0]}u;
    if (y >= ${H}u) { continue; }
    for (var q = 0u; q < ${kernel[1]}u; q++) {
      let x = j * ${stride[1]}u + q * ${dilation[1]}u - ${padding[1]}u;
      if (x >= ${W}u) { continue; }
      let element = y * ${W}u + x;
      ${visit}
    }
  }`;
