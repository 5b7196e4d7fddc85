// What argmax and argmin share: where the extreme of each line along an axis stands, the first of equals; NaN is beyond all.
// Long lines are cut into pieces whose extremes are found first.
import type { Spec } from "@lamina/core";
import { type Axis, alongAxis } from "./axis.ts";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { ArrayUse, Dispatch, Lower } from "./lowered.ts";
import { rankFunction } from "./order.wgsl.ts";

/** Elements of a piece, and what is not worth cutting. */
const PIECE = 256;

export const extreme =
  (name: "argmax" | "argmin"): Lower =>
  ([x], { axis }: { axis: number }) => {
    const along = alongAxis(x.shape, axis);
    const pieces = along.size > 4 * PIECE ? Math.ceil(along.size / PIECE) : 1;
    const out = { name: "out", output: true } as const;
    if (pieces === 1) return { dispatches: [scan(name, x, along, 1, out)] };
    return {
      scratch: [{ dtype: "int32", length: along.outer * along.inner * pieces }],
      dispatches: [scan(name, x, along, pieces, { name: "out", scratch: 0 }), choose(name, x, along, pieces)],
    };
  };

/** Line by line, or piece by piece of each line: the index of the extreme. */
const scan = (name: string, x: Spec, { outer, size, inner }: Axis, pieces: number, out: ArrayUse): Dispatch => {
  const lines = outer * inner * pieces;
  return {
    key: `${name} ${outer},${size},${inner} in ${pieces}`,
    arrays: [{ name: "x", input: 0 }, out],
    wgsl: () => ({
      globals: rankFunction(x.dtype, name === "argmin"),
      main: `
  let at = group * ${WORKGROUP}u + local;
  if (at >= ${lines}u) { return; }
  let line = at / ${pieces}u;
  let start = line / ${inner}u * ${size * inner}u + line % ${inner}u;
  let first = at % ${pieces}u * ${pieces === 1 ? size : PIECE}u;
  let last = ${pieces === 1 ? `${size}u` : `min(first + ${PIECE}u, ${size}u)`};
  var best = first;
  var most = rank(read_x(start + first * ${inner}u));
  for (var k = first + 1u; k < last; k++) {
    let found = rank(read_x(start + k * ${inner}u));
    if (found > most) { best = k; most = found; }
  }
  write_out(at, i32(best));`,
    }),
    workgroups: workgroupsOf(lines),
    work: outer * size * inner,
  };
};

/** The extreme of the pieces' extremes. */
const choose = (name: string, x: Spec, { outer, size, inner }: Axis, pieces: number): Dispatch => ({
  key: `${name} ${outer},${size},${inner} of ${pieces}`,
  arrays: [
    { name: "x", input: 0 },
    { name: "pieces", scratch: 0 },
    { name: "out", output: true },
  ],
  wgsl: () => ({
    globals: rankFunction(x.dtype, name === "argmin"),
    main: `
  let line = group * ${WORKGROUP}u + local;
  if (line >= ${outer * inner}u) { return; }
  let start = line / ${inner}u * ${size * inner}u + line % ${inner}u;
  var best = read_pieces(line * ${pieces}u);
  var most = rank(read_x(start + u32(best) * ${inner}u));
  for (var k = 1u; k < ${pieces}u; k++) {
    let candidate = read_pieces(line * ${pieces}u + k);
    let found = rank(read_x(start + u32(candidate) * ${inner}u));
    if (found > most) { best = candidate; most = found; }
  }
  write_out(line, best);`,
  }),
  workgroups: workgroupsOf(outer * inner),
  work: outer * inner * pieces,
});
