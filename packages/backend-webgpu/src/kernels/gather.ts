// gather: out[.., i, ..] = x[.., index[.., i, ..], ..] along an axis.
import { sizeOf } from "@lamina/core";
import { alongAxis } from "./axis.ts";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";

export const gather: Lower = ([x, index], { axis }: { axis: number }, out) => {
  const { size, inner } = alongAxis(x.shape, axis);
  const count = sizeOf(out.shape);
  return {
    indices: { input: 1, size, axis },
    dispatches: [
      {
        key: `gather ${x.shape} ${index.shape} along ${axis}`,
        arrays: [
          { name: "x", input: 0 },
          { name: "index", input: 1 },
          { name: "out", output: true },
        ],
        wgsl: () => ({
          main: `
  let at = group * ${WORKGROUP}u + local;
  if (at >= ${count}u) { return; }
  let outer = at / ${index.shape[axis] * inner}u;
  write_out(at, read_x((outer * ${size}u + u32(read_index(at))) * ${inner}u + at % ${inner}u));`,
        }),
        workgroups: workgroupsOf(count),
        work: count,
      },
    ],
  };
};
