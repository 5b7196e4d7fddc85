// Looking at what the modules inside a model take and give, without changing them: for feature maps, and to find the layer that fails.
import type { Tensor } from "../tensor.ts";
import type { Module } from "./module.ts";

/** Called after each forward of a module inside the model; `name` is its path, `features.0`. */
export type ForwardHook = (name: string, module: Module, inputs: readonly Tensor[], output: Tensor) => void;

/**
 * Calls `hook` for every module inside `model`, inner ones first, until `remove()`: what `register_forward_hook` of each of them is
 * in PyTorch. A module that is used in two places has the first place's name.
 * [torch.nn.Module.register_forward_hook](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html)
 */
export function registerForwardHook(model: Module, hook: ForwardHook): { remove(): void } {
  const removals = new Map<Module, () => void>();
  for (const [name, module] of model.namedModules())
    if (module !== model && !removals.has(module))
      removals.set(
        module,
        wrapForward(module, (forward, inputs) => {
          const output = forward();
          hook(name, module, inputs, output);
          return output;
        }),
      );
  return {
    remove() {
      for (const undo of removals.values()) undo();
      removals.clear();
    },
  };
}

/** Puts `around` in the place of a module's forward, and gives what takes it away again. The last put on is the first to go. */
export function wrapForward(
  module: Module,
  around: (forward: () => Tensor, inputs: readonly Tensor[]) => Tensor,
): () => void {
  const own = Object.getOwnPropertyDescriptor(module, "forward"); // another's wrapping, say
  const forward = module.forward;
  const wrapped = (...inputs: Tensor[]): Tensor => around(() => forward.apply(module, inputs), inputs);
  Object.defineProperty(module, "forward", { value: wrapped, configurable: true, writable: true, enumerable: false });
  return () => {
    if (own) Object.defineProperty(module, "forward", own);
    else Reflect.deleteProperty(module, "forward");
  };
}
