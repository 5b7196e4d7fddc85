// Gradients made smaller before a step.
import { add, clamp, div, minimum, mul, noGrad, norm, type Parameter, stack, type Tensor } from "@lamina/core";

export interface ClipGradNormOptions {
  /** p of the p-norm, from 1; Infinity takes the largest element (default 2). */
  normType?: number;
}

/**
 * Scales all gradients together so that their norm, as of one vector, is at most `maxNorm`, and gives the norm before. To be
 * called between backward() and step(); recorded, so it runs with them. As
 * [torch.nn.utils.clip_grad_norm_](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html).
 */
export function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  { normType = 2 }: ClipGradNormOptions = {},
): Tensor {
  if (!(maxNorm >= 0)) throw new Error(`clipGradNorm: maxNorm is ${maxNorm} but must be a number from 0; pass one`);
  const trained = [...parameters].filter((p) => p.grad);
  if (trained.length === 0)
    throw new Error("clipGradNorm: no parameter has a gradient; call it between backward() and step()");
  return noGrad(() => {
    const norms = trained.map((p) => norm(p.grad!, undefined, { p: normType }));
    const total = norm(stack(norms), undefined, { p: normType });
    const scale = minimum(div(maxNorm, add(total, 1e-6)), 1);
    for (const p of trained) p.grad = mul(p.grad!, scale);
    return total;
  });
}

/**
 * Every element of every gradient into [-clipValue, clipValue]. As
 * [torch.nn.utils.clip_grad_value_](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html).
 */
export function clipGradValue(parameters: Iterable<Parameter>, clipValue: number): void {
  if (!(clipValue >= 0))
    throw new Error(`clipGradValue: clipValue is ${clipValue} but must be a number from 0; pass one`);
  noGrad(() => {
    for (const p of parameters) if (p.grad) p.grad = clamp(p.grad, { min: -clipValue, max: clipValue });
  });
}
