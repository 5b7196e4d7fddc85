// matmul: products of stacks of matrices.
import type { Definition } from "../ndarray.ts";

/** out[.., i, j] = sum over l of x[.., i, l] * y[.., l, j]; a transposed operand is stored with its last two axes swapped. */
export const matmul: Definition<{ transposeX: boolean; transposeY: boolean }> = (
  [x, y],
  { transposeX, transposeY },
  _scalars,
  out,
) => {
  const [m, n] = out.shape.slice(-2);
  const k = x.shape.at(transposeX ? -2 : -1)!;
  const [xRow, xColumn] = transposeX ? [1, m] : [k, 1];
  const [yRow, yColumn] = transposeY ? [1, k] : [n, 1];
  for (let at = 0; at < out.data.length; at++) {
    const j = at % n;
    const i = Math.floor(at / n) % m;
    const batch = Math.floor(at / (m * n));
    const row = batch * m * k + i * xRow;
    const column = batch * k * n + j * yColumn;
    let sum = 0;
    for (let l = 0; l < k; l++) sum += x.data[row + l * xColumn] * y.data[column + l * yRow];
    out.data[at] = sum;
  }
};
