// The check that indices lie within an axis. It runs on the device, before the kernel that uses them, and reports the first
// that does not; the host throws it from whatever is read of the run.
import type { Call, IndexCheck } from "./calls.ts";

const LANES = 64;
/** Whether one was found, and which. */
export const REPORT_WORDS = 2;

const main = `
  var first = p.count;
  for (var i = local; i < p.count; i += ${LANES}u) {
    if (u32(read_x(i)) >= p.size) { first = i; break; }
  }
  firsts[local] = first;
  workgroupBarrier();
  if (local > 0u) { return; }
  for (var lane = 1u; lane < ${LANES}u; lane++) { first = min(first, firsts[lane]); }
  write_report(0u, u32(first < p.count));
  write_report(1u, u32(read_x(min(first, p.count - 1u))));`;

export function checkIndices(check: IndexCheck, count: number): Call {
  return {
    ops: `${check.op} (check)`,
    key: "check indices",
    wgsl: () => ({ globals: `var<workgroup> firsts: array<u32, ${LANES}>;`, main }),
    args: [
      { name: "x", width: 1, at: { slot: check.slot } },
      { name: "report", width: 1, at: { report: true } },
    ],
    numbers: [
      { name: "count", type: "u32", value: count },
      { name: "size", type: "u32", value: check.size },
    ],
    workgroupSize: LANES,
    workgroups: 1,
    work: count,
    check,
  };
}

export const outOfRange = ({ op, axis, size }: IndexCheck, index: number): Error =>
  new Error(
    `${op}: index ${index} is out of range for axis ${axis} of size ${size}; indices must lie in 0..${size - 1}`,
  );

/** What a report says. */
export const judge =
  (check: IndexCheck) =>
  ([found, index]: Int32Array): Error | undefined =>
    found ? outOfRange(check, index) : undefined;
