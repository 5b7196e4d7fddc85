// Optimisers, schedules, fit, evaluate, metrics, and what a checkpoint is. Checkpoints in a folder are in
// @lamina/train/checkpoint, for Node.

export {
  bestCheckpoint,
  type Callback,
  earlyStopping,
  type Running,
  type WatchedMetric,
  type WatchOptions,
} from "./callbacks.ts";
export { decodeCheckpoint, encodeCheckpoint } from "./checkpointFile.ts";
export { type ClassScores, ConfusionMatrix, countTopK } from "./classification.ts";
export { type Batches, type EvaluateOptions, evaluate } from "./evaluate.ts";
export { type FitOptions, fit, type StepResult } from "./fit.ts";
export { type BatchSpecs, chooseBatchSize, stepMemory } from "./memory.ts";
export { type BatchMetrics, countCorrect, type EpochResult, type Loss, type Metrics } from "./metrics.ts";
export * from "./optim/index.ts";
export { type Checkpoint, type CheckpointMeta, type CheckpointStore, loadWeights } from "./progress.ts";
export { readSafetensors, type SafeTensors, writeSafetensors } from "./safetensors.ts";
export * from "./schedules/index.ts";
export type { StepOptions } from "./step.ts";
