// Sums whose terms are many and whose results are few: the terms are cut into parts, each part is summed by other
// invocations, and the parts are added in order, so that the same input gives the same bits.
import { type Spec, sizeOf } from "@lamina/core";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { ArrayUse, Dispatch, Lowered } from "./lowered.ts";
import { numbers } from "./numbers.ts";

/** Enough to fill a graphics card. */
const INVOCATIONS = 16384;

/** More of them would cost more to add than they save. */
const MOST_PARTS = 256;

/**
 * Into how many equal parts `terms` are cut when there are `invocations` without cutting; each part has at least `least` terms.
 * A divisor, so that every invocation does the same, and none has to ask where the terms end.
 */
export function partsOf(invocations: number, terms: number, least: number): number {
  const wanted = Math.ceil(INVOCATIONS / Math.max(1, invocations));
  let parts = Math.max(1, Math.min(wanted, Math.floor(terms / least), MOST_PARTS));
  while (terms % parts !== 0) parts--;
  return parts;
}

/**
 * `dispatch(out)` writes `parts` results one after the other into the array called `out`; what comes of it is their sum.
 */
export function sumOfParts(parts: number, out: Spec, dispatch: (out: ArrayUse) => Dispatch): Lowered {
  if (parts === 1) return { dispatches: [dispatch({ name: "out", output: true })] };
  const length = sizeOf(out.shape);
  return {
    scratch: [{ dtype: "float32", length: parts * length }],
    dispatches: [dispatch({ name: "out", scratch: 0 }), addParts(parts, length)],
  };
}

const addParts = (parts: number, length: number): Dispatch => ({
  key: "add parts",
  arrays: [
    { name: "parts", scratch: 0 },
    { name: "out", output: true },
  ],
  uniforms: numbers({ length, parts }),
  wgsl: () => ({
    main: `
  let i = group * ${WORKGROUP}u + local;
  if (i >= p.length) { return; }
  var sum = read_parts(i);
  for (var part = 1u; part < p.parts; part++) { sum += read_parts(part * p.length + i); }
  write_out(i, sum);`,
  }),
  workgroups: workgroupsOf(length),
  work: parts * length,
});
