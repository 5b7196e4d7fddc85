// maxPool2dGrad: dy added at `indices` of its plane. Windows may share an element, and there is no atomic addition of floats
// whose order is always the same: one invocation goes through a plane.
import { clear } from "./clear.ts";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { numbers } from "./numbers.ts";

export const maxPool2dGrad: Lower = ([dy], _attrs, out) => {
  const [N, C, H, W] = out.shape;
  const windows = dy.shape[2] * dy.shape[3];
  const planes = N * C;
  return {
    dispatches: [
      clear(out),
      {
        key: "maxPool2dGrad",
        arrays: [
          { name: "dy", input: 0 },
          { name: "indices", input: 1 },
          { name: "out", output: true },
        ],
        uniforms: numbers({ planes, windows, size: H * W }),
        wgsl: () => ({
          main: `
  let plane = group * ${WORKGROUP}u + local;
  if (plane >= p.planes) { return; }
  for (var i = plane * p.windows; i < (plane + 1u) * p.windows; i++) {
    let at = plane * p.size + u32(read_indices(i));
    write_out(at, read_out(at) + read_dy(i));
  }`,
        }),
        workgroups: workgroupsOf(planes),
        work: planes * windows,
      },
    ],
  };
};
