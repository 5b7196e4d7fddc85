// What Adam and its kin remember: running means of the gradient and of its square.
import { add, mul, sub, type Tensor } from "@lamina/core";
import type { ParameterState } from "./optimizer.ts";

/** m += (1 - β1)(g - m) and v = β2·v + (1 - β2)·g², moved on by one gradient. */
export function moments(
  g: Tensor,
  [beta1, beta2]: readonly [number, number],
  state: ParameterState,
): { m: Tensor; v: Tensor } {
  const mean = state.cell("expAvg");
  const square = state.cell("expAvgSq");
  const m = add(mean, mul(sub(g, mean), 1 - beta1));
  const v = add(mul(square, beta2), mul(mul(g, g), 1 - beta2));
  mean.set(m);
  square.set(v);
  return { m, v };
}
