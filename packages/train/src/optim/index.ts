// The optimisers, by PyTorch's names, and what acts on gradients or weights beside them.
export { Adadelta, type AdadeltaOptions } from "./adadelta.ts";
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { clipGradNorm, clipGradValue } from "./clip.ts";
export { EMA, type EMAState } from "./ema.ts";
export { LARS, type LARSOptions } from "./lars.ts";
export { NAdam, type NAdamOptions } from "./nadam.ts";
export { type ActiveGroup, Optimizer, type OptimizerState, ParameterState, type ParamGroup } from "./optimizer.ts";
export { RAdam, type RAdamOptions } from "./radam.ts";
export { RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
