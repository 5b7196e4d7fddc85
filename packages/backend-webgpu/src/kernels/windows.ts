// Where the windows of 2-D pooling lie, and the walk over one of them. What is done with its elements is the pools' business.
import { type Spec, sizeOf } from "@lamina/core";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { ArrayUse, Dispatch } from "./lowered.ts";
import { lines } from "./tile.wgsl.ts";

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

/** An image and the windows over it, [h, w] each. */
export interface Windows {
  readonly image: readonly number[];
  readonly pooled: readonly number[];
  readonly attrs: WindowAttrs;
}
export const windowsOf = (image: Spec, pooled: Spec, attrs: WindowAttrs): Windows => ({
  image: image.shape.slice(2),
  pooled: pooled.shape.slice(2),
  attrs,
});
/** Whether every window lies in the image, along an axis. */
const isInside = ({ image, pooled, attrs }: Windows, a: 0 | 1): boolean => {
  const { kernel, stride, padding, dilation = [1, 1] } = attrs;
  return padding[a] === 0 && (pooled[a] - 1) * stride[a] + (kernel[a] - 1) * dilation[a] < image[a];
};
export const areInside = (windows: Windows): boolean => isInside(windows, 0) && isInside(windows, 1);

/** Windows of so many elements are written out, without loops. */
const WRITTEN_OUT = 9;

/** Runs `visit` for each element of window (i, j) that is in the image, row by row; `element` is its y*W + x. */
export function eachOfWindow(windows: Windows, visit: string): string {
  const { image, attrs } = windows;
  const { kernel, stride, padding, dilation = [1, 1] } = attrs;
  const place = (a: 0 | 1, k: string) => `${"ij"[a]} * ${stride[a]}u + ${k} * ${dilation[a]}u - ${padding[a]}u`;
  const one = (p: string, q: string) => `
      let y = ${place(0, p)};
      let x = ${place(1, q)};
      ${areInside(windows) ? "{" : `if (y < ${image[0]}u && x < ${image[1]}u) {`}
        let element = y * ${image[1]}u + x;
        ${visit}
      }`;
  if (kernel[0] * kernel[1] <= WRITTEN_OUT)
    return lines(kernel[0], (p) => lines(kernel[1], (q) => `{ ${one(`${p}u`, `${q}u`)} }`));
  return `
  for (var p = 0u; p < ${kernel[0]}u; p++) {
    for (var q = 0u; q < ${kernel[1]}u; q++) {${one("p", "q")}
    }
  }`;
}
