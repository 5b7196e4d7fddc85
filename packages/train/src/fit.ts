// The training loop: short enough to copy out and change. Drawing is left to whoever passes onStep and onEpoch.
import { crossEntropy, type nn } from "@lamina/core";
import { type Batches, evaluate } from "./evaluate.ts";
import { Keeper, type KeeperOptions } from "./keeper.ts";
import { type BatchMetrics, type EpochResult, type Loss, lossOf, type Metrics, meansOf, measure } from "./metrics.ts";
import type { Optimizer } from "./optim/optimizer.ts";
import type { Progress } from "./progress.ts";
import { takeTurns } from "./turns.ts";

export interface StepResult extends BatchMetrics {
  /** From 1. */
  readonly epoch: number;
  /** From 1, in this epoch. */
  readonly step: number;
  /** Steps in an epoch, where the loader knows. */
  readonly steps: number | undefined;
}
export interface FitOptions extends KeeperOptions {
  /** A DataLoader, an array of batches, anything iterable that can be walked once an epoch. */
  train: Batches;
  /** Evaluated after each epoch. */
  test?: Batches;
  epochs: number;
  // biome-ignore lint/suspicious/noExplicitAny: any optimiser's hyper-parameters.
  optimizer: Optimizer<any>;
  /** Default crossEntropy. */
  loss?: Loss;
  /** Called after each step; awaited. */
  onStep?(result: StepResult): void | Promise<void>;
  /** Called after each epoch, when its checkpoint has been written; awaited. */
  onEpoch?(result: EpochResult): void | Promise<void>;
  /** Finishes the step, writes a checkpoint, and throws the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Trains `model` for `epochs` epochs and gives what each came to. In the steady state a step is one program, which computes
 * its loss and its number of right answers as well. When the device is lost, it goes on from the last snapshot on one opened anew.
 * @throws if a loss is not a finite number, naming the step; if the signal is aborted; what the checkpoint store throws.
 */
export async function fit(model: nn.Module, options: FitOptions): Promise<EpochResult[]> {
  const { train, epochs, optimizer } = options;
  const keeper = await Keeper.start({ model, optimizer, train }, options);
  while (keeper.progress.epoch <= epochs)
    try {
      await runEpoch(model, options, keeper);
    } catch (error) {
      await keeper.recover(error);
    }
  return keeper.progress.history;
}

async function runEpoch(model: nn.Module, options: FitOptions, keeper: Keeper): Promise<void> {
  options.signal?.throwIfAborted();
  if (!keeper.progress.trained) await trainEpoch(model, options, keeper);
  const result = await finishEpoch(model, options, keeper);
  await keeper.save();
  await options.onEpoch?.(result);
}

/** The steps of one epoch that are still to do. */
async function trainEpoch(model: nn.Module, options: FitOptions, keeper: Keeper): Promise<void> {
  const { train, optimizer, loss = crossEntropy, signal, onStep } = options;
  const { progress } = keeper;
  const steps = (train as { length?: number }).length;
  const turn = takeTurns();
  model.train();
  let start = performance.now();
  for await (const [x, y] of train) {
    const logits = model.forward(x);
    const value = lossOf(loss, logits, y);
    const read = measure(value, logits, y);
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    const batch = await read();
    const now = performance.now();
    progress.add(batch, (now - start) / 1000, steps);
    start = now;
    checkFinite(batch.loss, progress);
    await onStep?.({ ...batch, epoch: progress.epoch, step: progress.step, steps });
    await turn(); // a signal arrives here
    await keeper.afterStep(signal?.aborted ?? false);
    signal?.throwIfAborted();
  }
  if (progress.step === 0) throw new Error("fit: the training data has no batches; pass a loader with at least one");
}

/** Evaluates, and writes the epoch down. */
async function finishEpoch(model: nn.Module, options: FitOptions, keeper: Keeper): Promise<EpochResult> {
  const start = performance.now();
  const { progress } = keeper;
  const tested = await testEpoch(model, options, keeper);
  const trained = meansOf(progress.sums);
  const result = {
    epoch: progress.epoch,
    trainLoss: trained.loss,
    trainAccuracy: trained.accuracy,
    ...(tested && { testLoss: tested.loss, testAccuracy: tested.accuracy }),
    seconds: progress.seconds + (performance.now() - start) / 1000,
    examplesPerSecond: progress.sums.examples / progress.seconds,
  };
  progress.finishEpoch(result);
  return result;
}
async function testEpoch(
  model: nn.Module,
  { test, loss, signal }: FitOptions,
  keeper: Keeper,
): Promise<Metrics | undefined> {
  try {
    return test && (await evaluate(model, test, { loss, signal }));
  } catch (error) {
    if (signal?.aborted) await keeper.save(); // the epoch's training is not lost
    throw error;
  }
}

function checkFinite(loss: number, { epoch, step }: Progress): void {
  if (!Number.isFinite(loss))
    throw new Error(
      `fit: the loss is ${loss} in step ${step} of epoch ${epoch}; try a lower learning rate, or find the op that made it with debug({ nan: true })`,
    );
}
