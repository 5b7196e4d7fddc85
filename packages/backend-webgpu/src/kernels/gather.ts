// gather: out[.., i, ..] = x[.., index[.., i, ..], ..] along an axis.
import { sizeOf } from "@lamina/core";
import { alongAxis } from "./axis.ts";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { numbers } from "./numbers.ts";

export const gather: Lower = ([x, index], { axis }: { axis: number }, out) => {
  const { size, inner } = alongAxis(x.shape, axis);
  const count = sizeOf(out.shape);
  return {
    indices: { input: 1, size, axis },
    dispatches: [
      {
        key: "gather",
        arrays: [
          { name: "x", input: 0 },
          { name: "index", input: 1 },
          { name: "out", output: true },
        ],
        uniforms: numbers({ count, size, inner, each: index.shape[axis] * inner }),
        wgsl: () => ({
          main: `
  let at = group * ${WORKGROUP}u + local;
  if (at >= p.count) { return; }
  let outer = at / p.each;
  write_out(at, read_x((outer * p.size + u32(read_index(at))) * p.inner + at % p.inner));`,
        }),
        workgroups: workgroupsOf(count),
        work: count,
      },
    ],
  };
};
