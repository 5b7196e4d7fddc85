// What argmax and argmin share: where the extreme of each line along an axis stands, the first of equals; NaN is beyond all.
// Long lines are cut into pieces whose extremes are found first.
import type { Spec } from "@lamina/core";
import { type Axis, alongAxis } from "./axis.ts";
import { WORKGROUP, workgroupsOf } from "./lanes.ts";
import type { ArrayUse, Dispatch, Lower } from "./lowered.ts";
import { numbers } from "./numbers.ts";
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
    key: `${name} of pieces`,
    arrays: [{ name: "x", input: 0 }, out],
    uniforms: numbers({ lines, pieces, size, inner, piece: pieces === 1 ? size : PIECE }),
    wgsl: () => ({
      globals: rankFunction(x.dtype, name === "argmin"),
      main: `
  let at = group * ${WORKGROUP}u + local;
  if (at >= p.lines) { return; }
  let line = at / p.pieces;
  let start = line / p.inner * p.size * p.inner + line % p.inner;
  let first = at % p.pieces * p.piece;
  let last = min(first + p.piece, p.size);
  var best = first;
  var most = rank(read_x(start + first * p.inner));
  for (var k = first + 1u; k < last; k++) {
    let found = rank(read_x(start + k * p.inner));
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
  key: `${name} of extremes`,
  arrays: [
    { name: "x", input: 0 },
    { name: "pieces", scratch: 0 },
    { name: "out", output: true },
  ],
  uniforms: numbers({ lines: outer * inner, pieces, size, inner }),
  wgsl: () => ({
    globals: rankFunction(x.dtype, name === "argmin"),
    main: `
  let line = group * ${WORKGROUP}u + local;
  if (line >= p.lines) { return; }
  let start = line / p.inner * p.size * p.inner + line % p.inner;
  var best = read_pieces(line * p.pieces);
  var most = rank(read_x(start + u32(best) * p.inner));
  for (var k = 1u; k < p.pieces; k++) {
    let candidate = read_pieces(line * p.pieces + k);
    let found = rank(read_x(start + u32(candidate) * p.inner));
    if (found > most) { best = candidate; most = found; }
  }
  write_out(line, best);`,
  }),
  workgroups: workgroupsOf(outer * inner),
  work: outer * inner * pieces,
});
