// Optimisers, fit, evaluate, and what a checkpoint is. Checkpoints in a folder are in @lamina/train/checkpoint, for Node.
export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export { decodeCheckpoint, encodeCheckpoint } from "./checkpointFile.ts";
export { type Batches, type EvaluateOptions, evaluate } from "./evaluate.ts";
export { type FitOptions, fit, type StepResult } from "./fit.ts";
export { type BatchMetrics, countCorrect, type EpochResult, type Loss, type Metrics } from "./metrics.ts";
export { type ActiveGroup, Optimizer, type OptimizerState, ParameterState, type ParamGroup } from "./optimizer.ts";
export type { Checkpoint, CheckpointMeta, CheckpointStore } from "./progress.ts";
export { readSafetensors, type SafeTensors, writeSafetensors } from "./safetensors.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
