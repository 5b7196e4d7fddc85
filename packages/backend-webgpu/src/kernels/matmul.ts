// matmul: stacks of x [m,k] times y [k,n], either of them stored transposed. Which operand's rows are the tiles' rows is
// chosen here; the shader is matmul.wgsl.ts.
import { type Spec, sizeOf } from "@lamina/core";
import { workgroupsOf } from "./lanes.ts";
import type { Lower } from "./lowered.ts";
import { formOf, invocationsOf, matmulWgsl, type Product, type Strides, sizesOf } from "./matmul.wgsl.ts";
import { numbers } from "./numbers.ts";
import { partsOf, sumOfParts } from "./partial.ts";
import { rowsOf } from "./tile.wgsl.ts";
import { tilingFor } from "./tiling.ts";

const LEAST_TERMS = 128;

/** The same product of the matrices transposed: what were columns are rows. */
const transposed = ({ batch, m, n, k, left, right, out }: Product): Product => {
  const turn = ({ row, column }: Strides): Strides => ({ row: column, column: row });
  return { batch, m: n, n: m, k, left: turn(right), right: turn(left), out: turn(out) };
};
/** Rows are better where columns lie beside each other in memory; a product that fills tiles badly is turned round. */
const cost = (product: Product, most: number): number => {
  const rows = rowsOf(product.m, most);
  return invocationsOf(product, rows) * 4 * rows * (product.right.column === 1 ? 1 : 1.25);
};

export const matmul: Lower = (
  [x],
  { transposeX, transposeY }: { transposeX: boolean; transposeY: boolean },
  out,
  target,
) => {
  const { rows: most, quads } = tilingFor(target);
  const straight = productOf(x, transposeX, transposeY, out);
  const turned = transposed(straight);
  const isTurned = cost(turned, most) < cost(straight, most);
  const product = isTurned ? turned : straight;
  const form = formOf(product, rowsOf(product.m, most), quads);
  const invocations = invocationsOf(product, form.rows);
  const parts = partsOf(invocations, product.k, LEAST_TERMS);
  const { batch, m, n, k } = product;
  return sumOfParts(parts, out, (to) => ({
    key: `matmul ${JSON.stringify(form)}`,
    subgroups: quads,
    arrays: [
      { name: "left", input: isTurned ? 1 : 0 },
      { name: "right", input: isTurned ? 0 : 1, width: form.readsVectors ? 4 : 1 },
      { ...to, width: form.writesVectors ? 4 : 1 },
    ],
    uniforms: numbers(sizesOf(product, form, parts)),
    wgsl: () => matmulWgsl(form),
    workgroups: workgroupsOf(parts * invocations),
    work: batch * m * n * k,
  }));
};

function productOf(x: Spec, transposeX: boolean, transposeY: boolean, out: Spec): Product {
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
