// Whether recording keeps what gradients need. The reverse pass itself is in grad.ts.
import { together } from "./pending.ts";
import type { Tensor } from "./tensor.ts";

let enabled = true;
export const gradEnabled = (): boolean => enabled;

export function withGrad<T>(on: boolean, f: () => T): T {
  const before = enabled;
  enabled = on;
  try {
    return f();
  } finally {
    enabled = before;
  }
}

let passing: Tensor | undefined;
/** The op whose gradient is being recorded. */
export const differentiated = (): Tensor | undefined => passing;
export const differentiate = (t: Tensor | undefined): void => {
  passing = t;
};

/**
 * Runs `f` without recording for gradients, as PyTorch's `torch.no_grad()`; what it records is one group, so that the
 * updates of an optimiser step run as one program. `f` must not be async: other code would run inside it at its awaits.
 */
export function noGrad<T>(f: () => T): T {
  return withGrad(false, () => {
    const result = together(f);
    if (result instanceof Promise)
      throw new Error(
        "noGrad: the function is async, and other code would run inside it at its awaits; make it sync and await outside",
      );
    return result;
  });
}
