// Layers that change the shape or nothing at all.

import type { Shape } from "../dtype.ts";
import { flatten, reshape } from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { named } from "./arguments.ts";
import { Module } from "./module.ts";

export interface FlattenOptions {
  /** The first axis that is joined (default 1: the batch stays). */
  startDim?: number;
  /** The last one (default -1). */
  endDim?: number;
}
/** Joins axes into one, as `torch.nn.Flatten`: x [N, C, H, W] → [N, C·H·W]. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;
  constructor(options?: FlattenOptions);
  constructor(startDim: number, endDim?: number);
  constructor(...args: unknown[]) {
    super();
    const { startDim = 1, endDim = -1 } = named<FlattenOptions>("Flatten", ["startDim", "endDim"], args);
    this.startDim = startDim;
    this.endDim = endDim;
  }
  override forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim);
  }
  protected override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** The same values under another shape, one size of which may be -1: `new nn.Reshape([-1, 1, 28, 28])`, or the sizes one by one. */
export class Reshape extends Module {
  readonly shape: Shape;
  constructor(...shape: readonly number[] | readonly [Shape]) {
    super();
    this.shape = shape.flat();
  }
  override forward(x: Tensor): Tensor {
    return reshape(x, this.shape);
  }
  protected override extraRepr(): string {
    return this.shape.join(", ");
  }
}

/** Gives what it gets, as `torch.nn.Identity`; arguments are ignored, so that it can stand in for any layer. */
export class Identity extends Module {
  constructor(..._args: unknown[]) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return x;
  }
}
