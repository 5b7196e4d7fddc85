// Zeros in the result, for kernels that add to it.
import { type Spec, sizeOf } from "@lamina/core";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { Dispatch } from "./lowered.ts";
import { numbers } from "./numbers.ts";

export const clear = (out: Spec): Dispatch => {
  const vectors = Math.ceil(sizeOf(out.shape) / 4);
  return {
    key: "clear",
    arrays: [{ name: "out", output: true, width: 4 }],
    uniforms: numbers({ vectors }),
    wgsl: () => ({
      main: `
  let at = group * ${WORKGROUP}u + local;
  if (at < p.vectors) { write_out(at, vec4<f32>()); }`,
    }),
    workgroups: workgroupsOf(vectors),
    work: 4 * vectors,
  };
};
