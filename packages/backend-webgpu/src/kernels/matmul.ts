// matmul: stacks of x [m,k] times y [k,n], either of them stored transposed. Which operand's rows are the tiles' rows is
// chosen here; the shader is matmul.wgsl.ts.
import { type Spec, sizeOf } from "@lamina/core";
import { lanesOf, workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { isOutVectors, isVectors, matmulWgsl, type Product, type Strides } from "./matmul.wgsl.ts";
import { partsOf, sumOfParts } from "./partial.ts";
import { rowsOf } from "./tile.wgsl.ts";
import { tilingFor } from "./tiling.ts";

type Shape = Omit<Product, "parts" | "rows" | "quads">;

const LEAST_TERMS = 128;

/** The same product of the matrices transposed: what were columns are rows. */
const transposed = ({ batch, m, n, k, left, right, out }: Shape): Shape => {
  const turn = ({ row, column }: Strides): Strides => ({ row: column, column: row });
  return { batch, m: n, n: m, k, left: turn(right), right: turn(left), out: turn(out) };
};
const invocationsOf = ({ batch, m, n }: Shape, most: number): number =>
  batch * Math.ceil(m / most) * lanesOf(Math.ceil(n / 4));
/** Rows are better where columns lie beside each other in memory; a product that fills tiles badly is turned round. */
const cost = (shape: Shape, most: number): number =>
  invocationsOf(shape, most) * 4 * rowsOf(shape.m, most) * (shape.right.column === 1 ? 1 : 1.25);

export const matmul: Lower = (
  [x],
  { transposeX, transposeY }: { transposeX: boolean; transposeY: boolean },
  out,
  target,
) => {
  const { rows: most, quads } = tilingFor(target);
  const shape = shapeOf(x, transposeX, transposeY, out);
  const turned = transposed(shape);
  const isTurned = cost(turned, most) < cost(shape, most);
  const chosen = isTurned ? turned : shape;
  const parts = partsOf(invocationsOf(chosen, most), chosen.k, LEAST_TERMS);
  const product: Product = { ...chosen, parts, rows: rowsOf(chosen.m, most), quads };
  const { batch, m, n, k } = product;
  const width = isVectors(product) ? 4 : 1;
  return sumOfParts(parts, out, (to) => ({
    key: `matmul ${JSON.stringify(product)}`,
    subgroups: quads,
    arrays: [
      { name: "left", input: isTurned ? 1 : 0 },
      { name: "right", input: isTurned ? 0 : 1, width },
      { ...to, width: isOutVectors(product) ? 4 : 1 },
    ],
    wgsl: () => matmulWgsl(product),
    workgroups: workgroupsOf(parts * invocationsOf(product, most)),
    work: batch * m * n * k,
  }));
};

function shapeOf(x: Spec, transposeX: boolean, transposeY: boolean, out: Spec): Shape {
  const [m, n] = out.shape.slice(-2);
  const k = x.shape.at(transposeX ? -2 : -1)!;
  return {
    batch: sizeOf(out.shape.slice(0, -2)),
    m,
    n,
    k,
    left: transposeX ? { row: 1, column: m } : { row: k, column: 1 },
    right: transposeY ? { row: 1, column: k } : { row: n, column: 1 },
    out: { row: n, column: 1 },
  };
}
