// softmax, logSoftmax and their gradients along one axis. The maximum is taken out first, so that exp cannot overflow.
import { type Definition, linesOf, type NdArray } from "../ndarray.ts";

type Line = (k: number) => number;
type Formula = (lines: readonly Line[], n: number) => Line;

/** Applies a formula to every line along `axis` of all inputs: it sees the lines and gives the result's. */
const alongAxis =
  (formula: Formula): Definition<{ axis: number }> =>
  (inputs, { axis }, _scalars, out) => {
    const { starts, steps } = linesOf(out.shape, [axis]);
    const line = (x: NdArray, start: number) => (k: number) => x.data[start + steps[k]];
    for (const start of starts) {
      const y = formula(
        inputs.map((x) => line(x, start)),
        steps.length,
      );
      for (let k = 0; k < steps.length; k++) out.data[start + steps[k]] = y(k);
    }
  };

function total(n: number, term: Line): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += term(k);
  return sum;
}
function maximum(n: number, x: Line): number {
  let max = -Infinity;
  for (let k = 0; k < n; k++) max = Math.max(max, x(k));
  return max;
}

/** exp(x - max) / sum of exp(x - max) */
export const softmax = alongAxis(([x], n) => {
  const max = maximum(n, x);
  const sum = total(n, (k) => Math.exp(x(k) - max));
  return (k) => Math.exp(x(k) - max) / sum;
});

/** x - max - log(sum of exp(x - max)) */
export const logSoftmax = alongAxis(([x], n) => {
  const max = maximum(n, x);
  const log = Math.log(total(n, (k) => Math.exp(x(k) - max)));
  return (k) => x(k) - max - log;
});

/** y * (dy - sum of dy*y), y = softmax(x) */
export const softmaxGrad = alongAxis(([dy, y], n) => {
  const sum = total(n, (k) => dy(k) * y(k));
  return (k) => y(k) * (dy(k) - sum);
});

/** dy - exp(y) * sum of dy, y = logSoftmax(x) */
export const logSoftmaxGrad = alongAxis(([dy, y], n) => {
  const sum = total(n, dy);
  return (k) => dy(k) - Math.exp(y(k)) * sum;
});
