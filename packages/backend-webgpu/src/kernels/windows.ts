// Where the windows of 2-D pooling lie, and the walk over one of them. What is done with its elements is the pools' business.
import { type Spec, sizeOf } from "@lamina/core";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { ArrayUse, Dispatch } from "./lowered.ts";
import { numbers } from "./numbers.ts";
import { lines } from "./tile.wgsl.ts";

/** [h, w] each. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
}
/**
 * One invocation for each element of `out`, which is [N,C,rows,columns]: WGSL sees `at`, `plane`, `i` and `j`, and the sizes of the
 * image and of the pooled one as `p.height`, `p.width`, `p.pooled_height` and `p.pooled_width`.
 */
export function eachElement(
  key: string,
  arrays: readonly ArrayUse[],
  out: Spec,
  { image, pooled }: Windows,
  perElement: number,
  wgsl: () => { globals?: string; main: string },
): Dispatch {
  const [, , rows, columns] = out.shape;
  const count = sizeOf(out.shape);
  return {
    key,
    arrays,
    uniforms: numbers({
      count,
      rows,
      columns,
      height: image[0],
      width: image[1],
      pooled_height: pooled[0],
      pooled_width: pooled[1],
    }),
    wgsl: () => {
      const { globals = "", main } = wgsl();
      return {
        globals,
        main: `
  let at = group * ${WORKGROUP}u + local;
  if (at >= p.count) { return; }
  let plane = at / (p.rows * p.columns);
  let i = at / p.columns % p.rows;
  let j = at % p.columns;
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

/** What the code depends on. */
export const windowKey = (windows: Windows): string => {
  const { kernel, stride, padding, dilation = [1, 1] } = windows.attrs;
  return `k${kernel} s${stride} p${padding} d${dilation} ${areInside(windows) ? "inside" : "over the edge"}`;
};

/** Windows of so many elements are written out, without loops. */
const WRITTEN_OUT = 9;

/** Runs `visit` for each element of window (i, j) that is in the image, row by row; `element` is its y*W + x. */
export function eachOfWindow(windows: Windows, visit: string): string {
  const { attrs } = windows;
  const { kernel, stride, padding, dilation = [1, 1] } = attrs;
  const place = (a: 0 | 1, k: string) => `${"ij"[a]} * ${stride[a]}u + ${k} * ${dilation[a]}u - ${padding[a]}u`;
  const one = (p: string, q: string) => `
      let y = ${place(0, p)};
      let x = ${place(1, q)};
      ${areInside(windows) ? "{" : `if (y < p.height && x < p.width) {`}
        let element = y * p.width + x;
        ${visit}
      }`;
  if (kernel[0] * kernel[1] <= WRITTEN_OUT)
    return lines(kernel[0], (p) => lines(kernel[1], (q) => `{ ${one(`${p}u`, `${q}u`)} }`));
  return `
  for (var row = 0u; row < ${kernel[0]}u; row++) {
    for (var column = 0u; column < ${kernel[1]}u; column++) {${one("row", "column")}
    }
  }`;
}
