// Layers that may take a size from their first input, as PyTorch's Lazy… classes: until then they have no parameters.
import { Module } from "./module.ts";

export abstract class LazyModule extends Module {
  /** As PyTorch: `LazyLinear(…)` until the first input, `Linear(…)` from then on. */
  protected override get printedName(): string {
    const name = super.printedName.replace(/^Lazy/, "");
    return this.lazyNames.length ? `Lazy${name}` : name;
  }
}
