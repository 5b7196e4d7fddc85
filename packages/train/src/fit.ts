// The training loop: short enough to copy out and change. Drawing is left to whoever passes onStep and onEpoch.
import { DeviceLostError, type nn, OutOfMemoryError, type Tensor } from "@lamina/core";
import type { Callback, Running } from "./callbacks.ts";
import { type Batches, evaluate } from "./evaluate.ts";
import { Keeper, type KeeperOptions } from "./keeper.ts";
import { chooseBatchSize, explained } from "./memory.ts";
import { type BatchMetrics, type EpochResult, type Metrics, meansOf } from "./metrics.ts";
import { type Companion, capture, type Participants, type Progress } from "./progress.ts";
import { type LRScheduler, ReduceLROnPlateau } from "./schedules/index.ts";
import { recordBatch, type StepOptions } from "./step.ts";
import { takeTurns } from "./turns.ts";
import { Watch } from "./watch.ts";

export interface StepResult extends BatchMetrics {
  /** From 1. */
  readonly epoch: number;
  /** From 1, in this epoch. */
  readonly step: number;
  /** Steps in an epoch, where the loader knows. */
  readonly steps: number | undefined;
}
export interface FitOptions extends KeeperOptions, StepOptions {
  /** A DataLoader, an array of batches, anything iterable that can be walked once an epoch. */
  train: Batches;
  /** Evaluated after each epoch. */
  test?: Batches;
  epochs: number;
  /** Steps after each epoch or each step; ReduceLROnPlateau after each epoch with the test loss, or without test data the training loss. */
  schedule?: LRScheduler | ReduceLROnPlateau;
  /** Default "epoch". */
  scheduleEvery?: "epoch" | "step";
  callbacks?: readonly Callback[];
  /** Called after each batch; awaited. */
  onStep?(result: StepResult): void | Promise<void>;
  /** Called after each epoch, when its checkpoint has been written; awaited. */
  onEpoch?(result: EpochResult): void | Promise<void>;
  /** Finishes the step, writes a checkpoint, and throws the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Trains `model` for `epochs` epochs and gives what each came to. In the steady state a step is one program, which computes
 * its loss and its number of right answers as well. When the device is lost, it goes on from the last snapshot on one opened anew.
 * @throws if a loss is not a finite number, naming the step and the layer; if a step has no room on the device, with what would fit
 * (where the run was before it is in the checkpoint); if the signal is aborted; what the checkpoint store throws.
 */
export async function fit(model: nn.Module, options: FitOptions): Promise<EpochResult[]> {
  checkOptions(options);
  const participants = participantsOf(model, options);
  const saved = options.resume ? await options.checkpoint?.load() : undefined;
  if (!saved) await chooseBatchSize(model, options);
  const keeper = await Keeper.start(participants, options, saved);
  const watch = new Watch(model);
  try {
    const run = new Run(participants, options, keeper, watch);
    await run.toTheEnd();
  } finally {
    watch.undo();
  }
  return keeper.progress.history;
}

function checkOptions({ train, epochs, optimizer, accumulate = 1, schedule, scheduleEvery }: FitOptions): void {
  for (const [name, value, what] of [
    ["train", train, "a DataLoader"],
    ["optimizer", optimizer, "new SGD(model.parameters(), { lr }), say"],
    ["epochs", epochs, "how many times to go over the training data"],
  ] as const)
    if (value === undefined) throw new Error(`fit: there is no ${name}; pass ${what}`);
  if (!Number.isInteger(accumulate) || accumulate < 1)
    throw new Error(`fit: accumulate is ${accumulate} but must be a whole number from 1; pass one`);
  if (schedule instanceof ReduceLROnPlateau && scheduleEvery === "step")
    throw new Error(
      'fit: ReduceLROnPlateau looks at an epoch\'s loss, but scheduleEvery is "step"; leave scheduleEvery out',
    );
}
function participantsOf(
  model: nn.Module,
  { optimizer, train, ema, schedule, callbacks = [] }: FitOptions,
): Participants {
  const states = callbacks.flatMap((callback, i): [string, Companion][] =>
    callback.stateDict && callback.loadStateDict ? [[`callback.${i}`, callback as Companion]] : [],
  );
  return { model, optimizer, train, ema, companions: { ...(schedule && { schedule }), ...Object.fromEntries(states) } };
}

/** One call of fit. */
class Run implements Running {
  readonly model: nn.Module;
  private stopped = false;
  private readonly participants: Participants;
  private readonly options: FitOptions;
  private readonly keeper: Keeper;
  private readonly watch: Watch;

  constructor(participants: Participants, options: FitOptions, keeper: Keeper, watch: Watch) {
    this.model = participants.model;
    this.participants = participants;
    this.options = options;
    this.keeper = keeper;
    this.watch = watch;
  }
  get optimizer() {
    return this.participants.optimizer;
  }
  get history(): readonly EpochResult[] {
    return this.keeper.progress.history;
  }
  stop(): void {
    this.stopped = true;
  }
  async saveTo(store: { save(checkpoint: Awaited<ReturnType<typeof capture>>): Promise<unknown> }): Promise<void> {
    await store.save(await capture(this.participants, this.keeper.progress));
  }
  private get progress(): Progress {
    return this.keeper.progress;
  }
  private get callbacks(): readonly Callback[] {
    return this.options.callbacks ?? [];
  }

  async toTheEnd(): Promise<void> {
    for (const callback of this.callbacks) await callback.onStart?.(this);
    while (this.progress.epoch <= this.options.epochs && !this.stopped)
      try {
        await this.epoch();
      } catch (error) {
        await this.keeper.recover(error);
      }
    for (const callback of this.callbacks) await callback.onEnd?.(this);
  }
  private async epoch(): Promise<void> {
    const { signal, onEpoch } = this.options;
    signal?.throwIfAborted();
    if (!this.progress.trained) await this.train();
    const result = await this.finish();
    for (const callback of this.callbacks) await callback.onEpoch?.(result, this);
    await this.keeper.save();
    await onEpoch?.(result);
  }

  /** The steps of one epoch that are still to do. */
  private async train(): Promise<void> {
    const { train, signal, onStep, accumulate = 1 } = this.options;
    const { progress, model } = this;
    const steps = (train as { length?: number }).length;
    const turn = takeTurns();
    model.train();
    this.keeper.mark();
    let start = performance.now();
    for await (const [x, y] of train) {
      const last = (progress.step + 1) % accumulate === 0 || progress.step + 1 === steps;
      const batch = await this.step([x, y], { first: progress.step % accumulate === 0, last });
      const now = performance.now();
      progress.add(batch, (now - start) / 1000, steps);
      start = now;
      await this.checkFinite(batch.loss);
      const result = { ...batch, epoch: progress.epoch, step: progress.step, steps };
      for (const callback of this.callbacks) await callback.onStep?.(result, this);
      await onStep?.(result);
      await turn(); // a signal arrives here
      if (!last) continue; // gradients are not in a checkpoint
      await this.keeper.afterStep(signal?.aborted ?? false);
      signal?.throwIfAborted();
      this.keeper.mark();
    }
    if (progress.step === 0) throw new Error("fit: the training data has no batches; pass a loader with at least one");
  }
  private async step(batch: readonly [Tensor, Tensor], part: { first: boolean; last: boolean }): Promise<BatchMetrics> {
    this.watch.clear();
    try {
      const result = await recordBatch(this.model, this.options, batch, part)();
      const { schedule, scheduleEvery } = this.options;
      if (part.last && scheduleEvery === "step") (schedule as LRScheduler | undefined)?.step();
      return result;
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      if (part.first) await this.keeper.saveMark();
      throw explained(this.model, this.options, batch, error) ?? error;
    }
  }
  private async checkFinite(loss: number): Promise<void> {
    if (Number.isFinite(loss)) return;
    const { epoch, step } = this.progress;
    const culprit = await this.watch.culprit();
    const where = culprit ? `: ${culprit}` : ", though all layers gave finite numbers";
    throw new Error(
      `fit: the loss is ${loss} in step ${step} of epoch ${epoch}${where}; try a lower learning rate or clipGradNorm, or find the op that made it with debug({ nan: true })`,
    );
  }

  /** Evaluates, and writes the epoch down. */
  private async finish(): Promise<EpochResult> {
    const { schedule, scheduleEvery = "epoch" } = this.options;
    const start = performance.now();
    const { progress } = this;
    const tested = await this.test();
    const trained = meansOf(progress.sums);
    const result = {
      epoch: progress.epoch,
      trainLoss: trained.loss,
      trainAccuracy: trained.accuracy,
      ...(tested && { testLoss: tested.loss, testAccuracy: tested.accuracy }),
      seconds: progress.seconds + (performance.now() - start) / 1000,
      examplesPerSecond: progress.sums.examples / progress.seconds,
    };
    if (schedule instanceof ReduceLROnPlateau) schedule.step(tested?.loss ?? trained.loss);
    else if (scheduleEvery === "epoch") schedule?.step();
    progress.finishEpoch(result);
    return result;
  }
  private async test(): Promise<Metrics | undefined> {
    const { test, loss, signal } = this.options;
    try {
      return test && (await this.watch.without(() => evaluate(this.model, test, { loss, signal })));
    } catch (error) {
      if (!(error instanceof DeviceLostError)) await this.keeper.save(); // the epoch's training is not lost
      throw error;
    }
  }
}
