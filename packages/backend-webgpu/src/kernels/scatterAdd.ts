// scatterAdd: x with src[.., i, ..] added at [.., index[.., i, ..], ..] along an axis, in the order of src: one invocation goes
// along each line of the axis, because there is no atomic addition of floats whose order is always the same.
import { sizeOf } from "@lamina/core";
import { alongAxis } from "./axis.ts";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { numbers } from "./numbers.ts";

export const scatterAdd: Lower = ([x, index], { axis }: { axis: number }, out) => {
  const { outer, size, inner } = alongAxis(x.shape, axis);
  const count = sizeOf(out.shape);
  const lines = outer * inner;
  const each = index.shape[axis];
  return {
    indices: { input: 1, size, axis },
    dispatches: [
      {
        key: "copy x",
        arrays: [
          { name: "x", input: 0 },
          { name: "out", output: true },
        ],
        uniforms: numbers({ count }),
        wgsl: () => ({
          main: `
  let at = group * ${WORKGROUP}u + local;
  if (at < p.count) { write_out(at, read_x(at)); }`,
        }),
        workgroups: workgroupsOf(count),
        work: count,
      },
      {
        key: "scatterAdd",
        arrays: [
          { name: "index", input: 1 },
          { name: "src", input: 2 },
          { name: "out", output: true },
        ],
        uniforms: numbers({ lines, inner, each, size }),
        wgsl: () => ({
          main: `
  let line = group * ${WORKGROUP}u + local;
  if (line >= p.lines) { return; }
  let outer = line / p.inner;
  let inner = line % p.inner;
  for (var k = 0u; k < p.each; k++) {
    let i = (outer * p.each + k) * p.inner + inner;
    let at = (outer * p.size + u32(read_index(i))) * p.inner + inner;
    write_out(at, read_out(at) + read_src(i));
  }`,
        }),
        workgroups: workgroupsOf(lines),
        work: lines * each,
      },
    ],
  };
};
