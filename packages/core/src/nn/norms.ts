// Normalisation layers without running statistics: over axes of each example, over groups of channels, across channels.
// The formulas are at the functions, in ops.
import type { Parameter } from "../cell.ts";
import type { Shape } from "../dtype.ts";
import { groupNorm, layerNorm, localResponseNorm } from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { named, positive } from "./arguments.ts";
import { filledParameter } from "./init.ts";
import { Module } from "./module.ts";
import { bool, float, tuple } from "./repr.ts";

export interface LayerNormOptions {
  /** Added to the variance (default 1e-5). */
  eps?: number;
  /** Whether a weight and a bias per element are learned (default true). */
  elementwiseAffine?: boolean;
  /** Whether there is a bias beside the weight (default true). */
  bias?: boolean;
}
/**
 * (x - mean)/√(variance + eps)·weight + bias over the last axes, which have `normalizedShape`, as `torch.nn.LayerNorm`:
 * x […, ...normalizedShape] → the same shape. Ba, Kiros & Hinton, "Layer normalization", 2016.
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  weight: Parameter | undefined;
  bias: Parameter | undefined;
  constructor(options: LayerNormOptions & { normalizedShape: number | Shape });
  constructor(normalizedShape: number | Shape, options?: LayerNormOptions);
  constructor(...args: unknown[]) {
    super();
    const order = ["normalizedShape", "eps", "elementwiseAffine", "bias"] as const;
    const {
      normalizedShape,
      eps = 1e-5,
      elementwiseAffine = true,
      bias = true,
    } = named<LayerNormOptions & { normalizedShape: number | Shape }>("LayerNorm", order, args);
    this.normalizedShape = [normalizedShape].flat().map((n) => positive("LayerNorm", "normalizedShape", n));
    this.eps = eps;
    this.weight = elementwiseAffine ? filledParameter(this.normalizedShape, 1) : undefined;
    this.bias = elementwiseAffine && bias ? filledParameter(this.normalizedShape, 0) : undefined;
  }
  override forward(x: Tensor): Tensor {
    const { normalizedShape, weight, bias, eps } = this;
    return layerNorm(x, normalizedShape, { weight, bias, eps });
  }
  protected override extraRepr(): string {
    return `${tuple(this.normalizedShape)}, eps=${float(this.eps, 1e-5)}, elementwise_affine=${bool(this.weight !== undefined)}, bias=${bool(this.bias !== undefined)}`;
  }
}

export interface GroupNormOptions {
  /** Added to the variance (default 1e-5). */
  eps?: number;
  /** Whether a weight and a bias per channel are learned (default true). */
  affine?: boolean;
  /** Whether there is a bias beside the weight (default true). */
  bias?: boolean;
}
/**
 * (x - mean)/√(variance + eps)·weight + bias over each of `numGroups` groups of channels, as `torch.nn.GroupNorm`:
 * x [N, C, …] → the same shape. Wu & He, "Group normalization", 2018.
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  weight: Parameter | undefined;
  bias: Parameter | undefined;
  constructor(options: GroupNormOptions & { numGroups: number; numChannels: number });
  constructor(numGroups: number, numChannels: number, options?: GroupNormOptions);
  constructor(...args: unknown[]) {
    super();
    const order = ["numGroups", "numChannels", "eps", "affine", "bias"] as const;
    const {
      numGroups,
      numChannels,
      eps = 1e-5,
      affine = true,
      bias = true,
    } = named<GroupNormOptions & { numGroups: number; numChannels: number }>("GroupNorm", order, args);
    this.numGroups = positive("GroupNorm", "numGroups", numGroups);
    this.numChannels = positive("GroupNorm", "numChannels", numChannels);
    if (numChannels % numGroups !== 0)
      throw new Error(
        `GroupNorm: ${numChannels} channels do not divide into ${numGroups} groups; use a multiple of ${numGroups}`,
      );
    this.eps = eps;
    this.weight = affine ? filledParameter([numChannels], 1) : undefined;
    this.bias = affine && bias ? filledParameter([numChannels], 0) : undefined;
  }
  override forward(x: Tensor): Tensor {
    const { numGroups, weight, bias, eps } = this;
    return groupNorm(x, numGroups, { weight, bias, eps });
  }
  protected override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${float(this.eps, 1e-5)}, affine=${bool(this.weight !== undefined)}, bias=${bool(this.bias !== undefined)}`;
  }
}

export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  alpha?: number;
  /** Default 0.75. */
  beta?: number;
  /** Default 1. */
  k?: number;
}
/**
 * x / (k + alpha/size·Σ x² over `size` neighbouring channels)^beta, as `torch.nn.LocalResponseNorm`: x [N, C, …] → the same
 * shape. Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural networks", 2012.
 */
export class LocalResponseNorm extends Module {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
  constructor(options: LocalResponseNormOptions & { size: number });
  constructor(size: number, options?: LocalResponseNormOptions);
  constructor(...args: unknown[]) {
    super();
    const order = ["size", "alpha", "beta", "k"] as const;
    const {
      size,
      alpha = 1e-4,
      beta = 0.75,
      k = 1,
    } = named<LocalResponseNormOptions & { size: number }>("LocalResponseNorm", order, args);
    this.size = positive("LocalResponseNorm", "size", size);
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }
  override forward(x: Tensor): Tensor {
    const { size, alpha, beta, k } = this;
    return localResponseNorm(x, size, { alpha, beta, k });
  }
  protected override extraRepr(): string {
    return `${this.size}, alpha=${float(this.alpha, 1e-4)}, beta=${float(this.beta, 0.75)}, k=${float(this.k, 1)}`;
  }
}
