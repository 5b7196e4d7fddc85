// Matrix products. A factor whose last two axes are held the other way round is taken so: TensorFlow transposes as it reads.
import { flag, type Handle, type as typeAttr } from "../binding.ts";
import type { Lowering, Operand } from "../operand.ts";
import { rowMajor } from "../value.ts";

interface Factor {
  readonly handle: Handle;
  readonly transposed: boolean;
}
function factor(x: Operand, transposed: boolean): Factor {
  const order = rowMajor(x.shape.length);
  const swapped = [...order.slice(0, -2), order.length - 1, order.length - 2];
  const isHeld = (wanted: readonly number[]) => x.held().some((h) => `${h.order}` === `${wanted}`);
  if (!isHeld(order) && isHeld(swapped)) return { handle: x.whole(swapped), transposed: !transposed };
  return { handle: x.whole(), transposed };
}

export const matmul: Lowering<{ transposeX: boolean; transposeY: boolean }> = (
  tf,
  [x, y],
  { transposeX, transposeY },
) => {
  const a = factor(x, transposeX);
  const b = factor(y, transposeY);
  const [name, adjA, adjB] =
    x.shape.length === 2 ? ["MatMul", "transpose_a", "transpose_b"] : ["BatchMatMulV2", "adj_x", "adj_y"];
  const attrs = [typeAttr("T", "float32"), flag(adjA, a.transposed), flag(adjB, b.transposed)];
  return { handle: tf.op(name, attrs, [a.handle, b.handle]) };
};
