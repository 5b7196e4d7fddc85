// The shader of matmul: a tile of the result an invocation, one step of k at a time. Positions are u32: right for arrays of up to
// 2^32 elements.
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
  /** k is cut in this many. */
  readonly parts: number;
  readonly rows: number;
  readonly quads: boolean;
}

/** Four columns of the right operand are one vector in memory. */
export const isVectors = ({ right, n }: Product): boolean => right.column === 1 && n % 4 === 0;
export const isOutVectors = ({ out, n }: Product): boolean => out.column === 1 && n % 4 === 0;

const times = (value: string, stride: number): string => (stride === 1 ? value : `${value} * ${stride}u`);
const at = ({ row, column }: Strides, r: string, c: string): string => `${times(r, row)} + ${times(c, column)}`;

export function matmulWgsl(product: Product): Wgsl {
  const { batch, m, n, k, left, right, rows, parts, quads } = product;
  const tile = { rows, vectors: 1 };
  const lanes = lanesOf(Math.ceil(n / 4));
  const tiles = Math.ceil(m / rows);
  const steps = k / parts;
  const factors = sharedRows(rows, "factor", quads, (r) => `read_left(step + ${times(r, left.row)})`);
  const column = isVectors(product)
    ? `read_right((right + ${times("k", right.row)}) / 4u)`
    : `vec4<f32>(${range(4).map((c) => `read_right(right + ${times("k", right.row)} + ${c * right.column}u)`)})`;
  return {
    main: `
  let id = group * ${WORKGROUP}u + local;
  let column = id % ${lanes}u * 4u;
  let tile = id / ${lanes}u;
  let row = tile % ${tiles}u * ${rows}u;
  let matrix = tile / ${tiles}u % ${batch}u;
  let part = tile / ${tiles * batch}u;
  let left = matrix * ${m * k}u + ${times("row", left.row)};
  let right = matrix * ${k * n}u + ${times("column", right.column)};
  let first = part * ${steps}u;
  ${declareTile(tile)}
  for (var i = 0u; i < ${steps}u; i++) {
    let k = first + i;
    let step = left + ${times("k", left.column)};
    let columns = ${column};
    ${factors.fetched}
    ${addProducts(tile, [{ left: factors.row, right: () => "columns" }])}
  }
  if (column >= ${n}u || part >= ${parts}u) { return; }
  let out = part * ${batch * m * n}u + matrix * ${m * n}u + ${at(product.out, "row", "column")};
  ${tileAsArray(tile)}
  for (var r = 0u; r < ${rows}u && row + r < ${m}u; r++) {
    ${put(product)}
  }`,
  };
}

function put(product: Product): string {
  const { out, n } = product;
  const row = `out + ${times("r", out.row)}`;
  if (isOutVectors(product)) return `write_out((${row}) / 4u, sums[r]);`;
  return `for (var c = 0u; c < 4u && column + c < ${n}u; c++) { write_out(${row} + ${times("c", out.column)}, sums[r][c]); }`;
}
