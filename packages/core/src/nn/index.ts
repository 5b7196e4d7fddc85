// The namespace `nn`: modules, layers, losses as modules, and initialisers.
export { Buffer, Parameter } from "../cell.ts";
export {
  ELU,
  GELU,
  Hardtanh,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  ReLU,
  ReLU6,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Softsign,
  Tanh,
} from "./activations.ts";
export { BatchNorm1d, BatchNorm2d, LazyBatchNorm1d, LazyBatchNorm2d } from "./batchNorm.ts";
export { Conv2d, type Conv2dArguments, type ConvOptions, ConvTranspose2d, LazyConv2d } from "./conv2d.ts";
export { Dropout, Dropout2d } from "./dropout.ts";
export { type ForwardHook, registerForwardHook, wrapForward } from "./hooks.ts";
export * as init from "./init.ts";
export { LazyLinear, Linear } from "./linear.ts";
export { BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, L1Loss, MSELoss, NLLLoss } from "./losses.ts";
export type { MemoryNeeds } from "./memory.ts";
export { type LoadOptions, type LoadResult, Module, type StateDict } from "./module.ts";
export { GroupNorm, LayerNorm, LocalResponseNorm } from "./norms.ts";
export { convParameterCount, fullyConnectedParameterCount } from "./parameterCounts.ts";
export { AdaptiveAvgPool2d, AvgPool2d, GlobalAvgPool2d, MaxPool2d } from "./pool2d.ts";
export { type LayerField, type Region, receptiveField } from "./receptiveField.ts";
export { ModuleDict, ModuleList, Sequential } from "./sequential.ts";
export { Flatten, Identity, Reshape } from "./shape.ts";
export { type LayerSummary, type LayerTree, type Summary, type SummaryOptions, summary } from "./summary.ts";
