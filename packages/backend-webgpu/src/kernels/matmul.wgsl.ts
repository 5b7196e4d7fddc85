// The shader of matmul: a tile of the result an invocation, one step of k at a time. Sizes are uniforms, so that layers share the
// code. Positions are u32: right for arrays of up to 2^32 elements.
import { lanesOf, WORKGROUP } from "./lanes.ts";
import type { Wgsl } from "./lowered.ts";
import { addProducts, declareTile, range, sharedRows, tileAsArray } from "./tile.wgsl.ts";

/** Where element (row, column) of a matrix is: row*rows + column*columns; matrices of a stack are rows*columns apart. */
export interface Strides {
  readonly row: number;
  readonly column: number;
}
/** out [m,n] = left [m,k] right [k,n] for each matrix of the stack. */
export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly left: Strides;
  readonly right: Strides;
  readonly out: Strides;
}
/** What the code depends on. */
export interface Form {
  /** Rows of a tile. */
  readonly rows: number;
  readonly quads: boolean;
  /** Four columns of the right operand, or of the result, are one vector in memory. */
  readonly readsVectors: boolean;
  readonly writesVectors: boolean;
}

export const formOf = ({ right, out, n }: Product, rows: number, quads: boolean): Form => ({
  rows,
  quads,
  readsVectors: right.column === 1 && n % 4 === 0,
  writesVectors: out.column === 1 && n % 4 === 0,
});

export const invocationsOf = ({ batch, m, n }: Product, rows: number): number =>
  batch * Math.ceil(m / rows) * lanesOf(Math.ceil(n / 4));

/** The numbers that the code reads. @param parts in how many k is cut. */
export const sizesOf = ({ batch, m, n, k, left, right, out }: Product, { rows }: Form, parts: number) => ({
  lanes: lanesOf(Math.ceil(n / 4)),
  tiles: Math.ceil(m / rows),
  batch,
  m,
  n,
  k,
  parts,
  steps: k / parts,
  left_row: left.row,
  left_column: left.column,
  right_row: right.row,
  right_column: right.column,
  out_row: out.row,
  out_column: out.column,
});

export function matmulWgsl(form: Form): Wgsl {
  const { rows, quads } = form;
  const tile = { rows, vectors: 1 };
  const shared = sharedRows(rows, quads, "p.left_row");
  return {
    main: `
  let id = group * ${WORKGROUP}u + local;
  let column = id % p.lanes * 4u;
  let tile = id / p.lanes;
  let row = tile % p.tiles * ${rows}u;
  let matrix = tile / p.tiles % p.batch;
  let part = tile / (p.tiles * p.batch);
  let first = part * p.steps;
  var left = matrix * p.m * p.k + row * p.left_row + first * p.left_column;
  var right = matrix * p.k * p.n + column * p.right_column + first * p.right_row;
  ${shared.places}
  ${
    form.readsVectors
      ? ""
      : range(4)
          .map((c) => `let column${c} = ${c}u * p.right_column;`)
          .join(" ")
  }
  ${declareTile(tile)}
  for (var step = 0u; step < p.steps; step++) {
    let columns = ${form.readsVectors ? "read_right(right / 4u)" : `vec4<f32>(${range(4).map((c) => `read_right(right + column${c})`)})`};
    ${shared.fetched("factor", (place) => `read_left(left + ${place})`)}
    ${addProducts(tile, [{ left: (r) => shared.row("factor", r), right: () => "columns" }])}
    left += p.left_column;
    right += p.right_row;
  }
  if (column >= p.n || part >= p.parts) { return; }
  let out = (part * p.batch + matrix) * p.m * p.n + row * p.out_row + column * p.out_column;
  ${tileAsArray(tile)}
  for (var r = 0u; r < ${rows}u && row + r < p.m; r++) {
    ${form.writesVectors ? "write_out((out + r * p.out_row) / 4u, sums[r]);" : "for (var c = 0u; c < 4u && column + c < p.n; c++) { write_out(out + r * p.out_row + c * p.out_column, sums[r][c]); }"}
  }`,
  };
}
