// Pooling layers: what they hold. What pooling computes is in ops/pool2d.ts.
import {
  type AvgPool2dOptions,
  adaptiveAvgPool2d,
  avgPool2d,
  globalAvgPool2d,
  type MaxPool2dOptions,
  maxPool2d,
  type OutputSize,
} from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { named, type Pair } from "./arguments.ts";
import { Module } from "./module.ts";
import { bool, sizes } from "./repr.ts";

function window(layer: string, kernelSize: Pair | undefined): Pair {
  if (kernelSize === undefined)
    throw new Error(`${layer}: kernelSize is not given; pass the size of the window, new nn.${layer}(2)`);
  return kernelSize;
}

/** Options beside the window's size; returnIndices is the function's only. */
type MaxOptions = Omit<MaxPool2dOptions, "kernelSize" | "returnIndices">;
/**
 * The largest value of each window, as `torch.nn.MaxPool2d`: x [N, C, H, W] → [N, C, oh, ow]. The window moves by its own
 * size unless `stride` says otherwise. `new nn.MaxPool2d(2)`, `new nn.MaxPool2d(3, { stride: 2, padding: 1 })`.
 */
export class MaxPool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly ceilMode: boolean;
  constructor(options: MaxOptions & { kernelSize: Pair });
  constructor(kernelSize: Pair, options?: MaxOptions);
  constructor(kernelSize: Pair, stride: Pair, padding?: Pair | MaxOptions);
  constructor(...args: unknown[]) {
    super();
    const order = ["kernelSize", "stride", "padding", "dilation", "ceilMode"] as const;
    const given = named<MaxOptions & { kernelSize?: Pair }>("MaxPool2d", order, args);
    this.kernelSize = window("MaxPool2d", given.kernelSize);
    this.stride = given.stride ?? this.kernelSize;
    this.padding = given.padding ?? 0;
    this.dilation = given.dilation ?? 1;
    this.ceilMode = given.ceilMode ?? false;
  }
  override forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return maxPool2d(x, { kernelSize, stride, padding, dilation, ceilMode });
  }
  protected override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return `kernel_size=${sizes(kernelSize)}, stride=${sizes(stride)}, padding=${sizes(padding)}, dilation=${sizes(dilation)}, ceil_mode=${bool(ceilMode)}`;
  }
}

type AvgOptions = Omit<AvgPool2dOptions, "kernelSize">;
/**
 * The mean of each window, as `torch.nn.AvgPool2d`: x [N, C, H, W] → [N, C, oh, ow]. The window moves by its own size
 * unless `stride` says otherwise.
 */
export class AvgPool2d extends Module {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly divisorOverride: number | undefined;
  constructor(options: AvgOptions & { kernelSize: Pair });
  constructor(kernelSize: Pair, options?: AvgOptions);
  constructor(kernelSize: Pair, stride: Pair, padding?: Pair | AvgOptions);
  constructor(...args: unknown[]) {
    super();
    const order = ["kernelSize", "stride", "padding", "ceilMode", "countIncludePad", "divisorOverride"] as const;
    const given = named<AvgOptions & { kernelSize?: Pair }>("AvgPool2d", order, args);
    this.kernelSize = window("AvgPool2d", given.kernelSize);
    this.stride = given.stride ?? this.kernelSize;
    this.padding = given.padding ?? 0;
    this.ceilMode = given.ceilMode ?? false;
    this.countIncludePad = given.countIncludePad ?? true;
    this.divisorOverride = given.divisorOverride;
  }
  override forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool2d(x, { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride });
  }
  protected override extraRepr(): string {
    return `kernel_size=${sizes(this.kernelSize)}, stride=${sizes(this.stride)}, padding=${sizes(this.padding)}`;
  }
}

/** The means of windows chosen so that the result has `outputSize` rows and columns, as `torch.nn.AdaptiveAvgPool2d`: x [N, C, H, W] → [N, C, oh, ow]. */
export class AdaptiveAvgPool2d extends Module {
  readonly outputSize: OutputSize;
  constructor(outputSize: OutputSize | { outputSize: OutputSize }) {
    super();
    this.outputSize = named<{ outputSize: OutputSize }>("AdaptiveAvgPool2d", ["outputSize"], [outputSize]).outputSize;
  }
  override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }
  protected override extraRepr(): string {
    const { outputSize } = this;
    return `output_size=${typeof outputSize === "number" ? outputSize : `(${outputSize.map((n) => n ?? "None").join(", ")})`}`;
  }
}

/** The mean of each channel: x [N, C, H, W] → [N, C, 1, 1], as the book's `GlobalAvgPool2d`. Lin et al., "Network In Network", 2013. */
export class GlobalAvgPool2d extends Module {
  override forward(x: Tensor): Tensor {
    return globalAvgPool2d(x);
  }
}
