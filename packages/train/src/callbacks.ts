// What may accompany a run: told of its start, steps, epochs and end, able to stop it, with a state that goes into checkpoints.
import type { nn } from "@lamina/core";
import type { StepResult } from "./fit.ts";
import type { EpochResult } from "./metrics.ts";
import type { Optimizer } from "./optim/optimizer.ts";
import type { CheckpointStore, Companion } from "./progress.ts";

/** The run, as a callback may act on it. */
export interface Running {
  readonly model: nn.Module;
  // biome-ignore lint/suspicious/noExplicitAny: any optimiser's hyper-parameters.
  readonly optimizer: Optimizer<any>;
  /** Epochs that are over. */
  readonly history: readonly EpochResult[];
  /** Ends the run after this epoch. */
  stop(): void;
  /** Writes where the run is to a store of your own. */
  saveTo(store: CheckpointStore): Promise<void>;
}
/** All are awaited. With a `stateDict` and `loadStateDict`, what it remembers goes into checkpoints. */
export interface Callback extends Partial<Companion> {
  /** When the run starts, or goes on from a checkpoint. */
  onStart?(run: Running): void | Promise<void>;
  onStep?(result: StepResult, run: Running): void | Promise<void>;
  /** After the evaluation, before the epoch's checkpoint. */
  onEpoch?(result: EpochResult, run: Running): void | Promise<void>;
  /** When the run is over, but for an error. */
  onEnd?(run: Running): void | Promise<void>;
}

/** What of an epoch is watched. */
export type WatchedMetric = "trainLoss" | "trainAccuracy" | "testLoss" | "testAccuracy";
export interface WatchOptions {
  /** Default "testLoss". */
  metric?: WatchedMetric;
  /** How much better counts (default 0: any). */
  minDelta?: number;
}

/** The best value so far. */
class Best {
  value: number | null = null;
  private readonly name: string;
  private readonly metric: WatchedMetric;
  private readonly minDelta: number;
  constructor(name: string, { metric = "testLoss", minDelta = 0 }: WatchOptions) {
    this.name = name;
    this.metric = metric;
    this.minDelta = minDelta;
  }
  /** Whether this epoch is the best so far. @throws if the run does not measure the metric. */
  isBeatenBy(result: EpochResult): boolean {
    const value = result[this.metric];
    if (value === undefined)
      throw new Error(`${this.name}: the run has no ${this.metric}; pass test data, or watch metric: "trainLoss"`);
    const gain = this.value === null ? Number.POSITIVE_INFINITY : value - this.value;
    const better = this.metric.endsWith("Loss") && this.value !== null ? -gain : gain;
    if (!(better > this.minDelta)) return false;
    this.value = value;
    return true;
  }
}

/** Ends the run when the metric has not become better for `patience` epochs (default 5). */
export function earlyStopping({ patience = 5, ...options }: WatchOptions & { patience?: number } = {}): Callback {
  const best = new Best("earlyStopping", options);
  let waited = 0;
  return {
    onEpoch(result, run) {
      waited = best.isBeatenBy(result) ? 0 : waited + 1;
      if (waited >= patience) run.stop();
    },
    stateDict: () => ({ best: best.value, waited }),
    loadStateDict(state: { best: number | null; waited: number }) {
      best.value = state.best;
      waited = state.waited;
    },
  };
}

/** Writes a checkpoint to `store` whenever the metric is the best so far. */
export function bestCheckpoint(store: CheckpointStore, options: WatchOptions = {}): Callback {
  const best = new Best("bestCheckpoint", options);
  return {
    async onEpoch(result, run) {
      if (best.isBeatenBy(result)) await run.saveTo(store);
    },
    stateDict: () => ({ best: best.value }),
    loadStateDict(state: { best: number | null }) {
      best.value = state.best;
    },
  };
}
