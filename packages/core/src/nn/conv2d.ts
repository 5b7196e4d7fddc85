// Convolution layers: what they hold and how they start. What a convolution computes is in ops/conv2d.ts.
import type { Parameter } from "../cell.ts";
import { conv2d, convTranspose2d, type Padding } from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { named, type Pair, positive } from "./arguments.ts";
import { defaultBias, defaultWeight } from "./init.ts";
import { LazyModule } from "./lazy.ts";
import { pairOf, tuple } from "./repr.ts";

export interface ConvOptions<P = Padding> {
  /** Default 1. */
  stride?: Pair;
  /** Zeros around the image: for all sides, [height, width], [top, bottom, left, right], "same" or "valid" (default 0). */
  padding?: P;
  /** Default 1. */
  dilation?: Pair;
  /** Default 1. */
  groups?: number;
  /** Whether a number per output channel is added (default true). */
  bias?: boolean;
}
export interface Conv2dArguments<P = Padding> extends ConvOptions<P> {
  /** Left out: worked out from the first input. */
  inChannels?: number;
  outChannels: number;
  kernelSize: Pair;
}
export interface ConvTranspose2dOptions extends ConvOptions<number | readonly number[]> {
  /** Rows and columns added at the bottom and right, less than the stride (default 0). */
  outputPadding?: Pair;
}
export type ConvTranspose2dArguments = ConvTranspose2dOptions & Conv2dArguments<number | readonly number[]>;

/** What both kinds share: channels in and out, a weight and a bias that may wait for the first input. */
abstract class Conv extends LazyModule {
  readonly outChannels: number;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
  readonly groups: number;
  /** Undefined, in a lazy layer, before the first input. */
  weight!: Parameter;
  /** Undefined without a bias. */
  bias: Parameter | undefined = undefined;
  private readonly hasBias: boolean;
  private channels: number | undefined;

  constructor(
    layer: string,
    {
      inChannels,
      outChannels,
      kernelSize,
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
    }: Conv2dArguments,
  ) {
    super();
    this.outChannels = positive(layer, "outChannels", outChannels);
    this.kernelSize = kernelSize;
    const sides = pairOf(kernelSize);
    if (sides?.length !== 2)
      throw new Error(`${layer}: kernelSize is ${JSON.stringify(kernelSize)}; pass a whole number or [height, width]`);
    for (const side of sides) positive(layer, "kernelSize", side);
    this.stride = stride;
    this.padding = padding;
    this.dilation = dilation;
    this.groups = positive(layer, "groups", groups);
    this.hasBias = bias;
    if (outChannels % groups !== 0)
      throw new Error(
        `${layer}: ${outChannels} output channels do not divide into ${groups} groups; use a multiple of ${groups}`,
      );
    this.channels = inChannels;
  }
  /** Undefined in a lazy layer before the first input. */
  get inChannels(): number | undefined {
    return this.channels;
  }
  protected abstract weightShape(inChannels: number): number[];

  protected materialize(layer: string, inChannels: number): void {
    this.channels = positive(layer, "inChannels", inChannels);
    if (inChannels % this.groups !== 0)
      throw new Error(
        `${layer}: ${inChannels} input channels do not divide into ${this.groups} groups; use a multiple of ${this.groups}`,
      );
    const shape = this.weightShape(inChannels);
    this.weight = defaultWeight(shape);
    if (this.hasBias) this.bias = defaultBias(this.outChannels, shape);
  }
  /** A lazy layer takes its number of channels from its first input. */
  protected materializeFor(x: Tensor): void {
    if (this.weight) return;
    if (x.ndim !== 3 && x.ndim !== 4)
      throw new Error(
        `${this.printedName}: x has ${x.ndim} axes (x [${x.shape}]) but images are [batch, channels, height, width]; reshape() it`,
      );
    this.materialize(this.printedName, x.shape[x.ndim - 3]);
  }
  protected override get lazyNames(): readonly string[] {
    return this.weight ? [] : ["weight", ...(this.hasBias ? ["bias"] : [])];
  }
  protected override extraRepr(): string {
    const { kernelSize, stride, dilation, groups } = this;
    const parts = [
      `${this.inChannels ?? 0}, ${this.outChannels}`,
      `kernel_size=${tuple(pairOf(kernelSize))}`,
      `stride=${tuple(pairOf(stride))}`,
    ];
    const padding = typeof this.padding === "string" ? this.padding : tuple(pairOf(this.padding));
    if (padding !== "(0, 0)") parts.push(`padding=${padding}`);
    if (tuple(pairOf(dilation)) !== "(1, 1)") parts.push(`dilation=${tuple(pairOf(dilation))}`);
    parts.push(...this.extraParts());
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (!this.hasBias) parts.push("bias=False");
    return parts.join(", ");
  }
  protected extraParts(): string[] {
    return [];
  }
}

const names = ["inChannels", "outChannels", "kernelSize", "stride", "padding", "dilation", "groups", "bias"] as const;

/**
 * Two-dimensional convolution, as `torch.nn.Conv2d`: x [N, inChannels, H, W] → [N, outChannels, oh, ow], or one image [C, H, W].
 * weight is [outChannels, inChannels/groups, kh, kw], bias [outChannels]; both start as U(±1/√(inChannels/groups·kh·kw)).
 * `new nn.Conv2d(1, 6, 5, { padding: 2 })`, or all by name: `new nn.Conv2d({ inChannels: 1, outChannels: 6, kernelSize: 5 })`.
 */
export class Conv2d extends Conv {
  constructor(options: Conv2dArguments);
  constructor(inChannels: number, outChannels: number, options: ConvOptions & { kernelSize: Pair });
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options?: ConvOptions);
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    stride: Pair,
    padding?: Padding | ConvOptions,
    options?: ConvOptions,
  );
  constructor(...args: unknown[]) {
    const given = named<Conv2dArguments>("Conv2d", names, args);
    super("Conv2d", given);
    if (given.inChannels !== undefined) this.materialize("Conv2d", given.inChannels);
  }
  protected weightShape(inChannels: number): number[] {
    return [this.outChannels, inChannels / this.groups, ...pairOf(this.kernelSize)];
  }
  override forward(x: Tensor): Tensor {
    this.materializeFor(x);
    const { stride, padding, dilation, groups } = this;
    return conv2d(x, this.weight, this.bias, { stride, padding, dilation, groups });
  }
}

/** A Conv2d that takes the number of input channels from its first input, as `torch.nn.LazyConv2d`. */
export class LazyConv2d extends Conv2d {
  constructor(options: Conv2dArguments);
  constructor(outChannels: number, options: ConvOptions & { kernelSize: Pair });
  constructor(outChannels: number, kernelSize: Pair, options?: ConvOptions);
  constructor(
    outChannels: number,
    kernelSize: Pair,
    stride: Pair,
    padding?: Padding | ConvOptions,
    options?: ConvOptions,
  );
  constructor(...args: unknown[]) {
    super(named<Conv2dArguments>("LazyConv2d", names.slice(1), args));
  }
}

/**
 * The adjoint of a convolution, as `torch.nn.ConvTranspose2d`: x [N, inChannels, H, W] → [N, outChannels, oh, ow] with
 * oh = (H - 1)·stride - 2·padding + dilation·(kh - 1) + outputPadding + 1. weight is [inChannels, outChannels/groups, kh, kw],
 * bias [outChannels]; both start as U(±1/√(outChannels/groups·kh·kw)), PyTorch's count of what flows in.
 */
export class ConvTranspose2d extends Conv {
  readonly outputPadding: Pair;
  constructor(options: ConvTranspose2dArguments);
  constructor(inChannels: number, outChannels: number, options: ConvTranspose2dOptions & { kernelSize: Pair });
  constructor(inChannels: number, outChannels: number, kernelSize: Pair, options?: ConvTranspose2dOptions);
  constructor(...args: unknown[]) {
    const order = [
      "inChannels",
      "outChannels",
      "kernelSize",
      "stride",
      "padding",
      "outputPadding",
      "groups",
      "bias",
      "dilation",
    ] as const;
    const given = named<ConvTranspose2dArguments>("ConvTranspose2d", order, args);
    super("ConvTranspose2d", given);
    this.outputPadding = given.outputPadding ?? 0;
    if (given.inChannels !== undefined) this.materialize("ConvTranspose2d", given.inChannels);
  }
  protected weightShape(inChannels: number): number[] {
    return [inChannels, this.outChannels / this.groups, ...pairOf(this.kernelSize)];
  }
  override forward(x: Tensor): Tensor {
    this.materializeFor(x);
    const { stride, dilation, groups, outputPadding } = this;
    const padding = this.padding as number | readonly number[]; // its constructor takes no rule
    return convTranspose2d(x, this.weight, this.bias, { stride, padding, dilation, groups, outputPadding });
  }
  protected override extraParts(): string[] {
    const extra = tuple(pairOf(this.outputPadding));
    return extra === "(0, 0)" ? [] : [`output_padding=${extra}`];
  }
}
