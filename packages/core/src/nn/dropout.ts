// The dropout layers. How values are dropped is in ops/dropout.ts.
import { dropout, dropout2d } from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { named } from "./arguments.ts";
import { Module } from "./module.ts";

/**
 * In training sets each value to 0 with probability `p` (default 0.5) and multiplies the others by 1/(1 - p); in use does
 * nothing. As `torch.nn.Dropout`. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
 */
export class Dropout extends Module {
  p: number;
  constructor(p?: number | { p?: number }) {
    super();
    const { name } = this.constructor;
    this.p = named<{ p?: number }>(name, ["p"], [p]).p ?? 0.5;
    if (!(this.p >= 0 && this.p <= 1))
      throw new Error(`${name}: p is ${this.p} but is a probability; pass a number from 0 to 1`);
  }
  override forward(x: Tensor): Tensor {
    return dropout(x, { p: this.p, training: this.training });
  }
  protected override extraRepr(): string {
    return `p=${this.p}, inplace=False`;
  }
}

/** As {@link Dropout}, but whole channels of x [N, C, H, W], as `torch.nn.Dropout2d`. */
export class Dropout2d extends Dropout {
  override forward(x: Tensor): Tensor {
    return dropout2d(x, { p: this.p, training: this.training });
  }
}
