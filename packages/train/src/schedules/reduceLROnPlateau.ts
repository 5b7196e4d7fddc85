// The learning rate falls when a metric no longer gets better.
import type { Scheduled, ScheduleState } from "./schedule.ts";

export interface ReduceLROnPlateauOptions {
  /** Whether smaller or larger is better (default "min"). */
  mode?: "min" | "max";
  /** What the rate is multiplied by, below 1 (default 0.1). */
  factor?: number;
  /** Epochs without getting better that are put up with (default 10). */
  patience?: number;
  /** By how much it must get better to count (default 1e-4). */
  threshold?: number;
  /** Whether the threshold is a share of the best, or an amount (default "rel"). */
  thresholdMode?: "rel" | "abs";
  /** Epochs after a fall in which nothing is counted (default 0). */
  cooldown?: number;
  /** The rate falls no lower: one, or one a parameter group (default 0). */
  minLr?: number | readonly number[];
  /** Smaller falls are not made (default 1e-8). */
  eps?: number;
}

/**
 * Call step(metric) after each evaluation. As
 * [torch.optim.lr_scheduler.ReduceLROnPlateau](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html).
 */
export class ReduceLROnPlateau {
  lastEpoch = 0;
  private best: number;
  private bad = 0;
  private cooling = 0;
  private readonly optimizer: Scheduled;
  private readonly options: Required<ReduceLROnPlateauOptions>;

  constructor(optimizer: Scheduled, options: ReduceLROnPlateauOptions = {}) {
    this.optimizer = optimizer;
    this.options = {
      mode: "min",
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: "rel",
      cooldown: 0,
      minLr: 0,
      eps: 1e-8,
      ...options,
    };
    const { factor, minLr, mode } = this.options;
    if (!(factor < 1)) throw new Error(`ReduceLROnPlateau: factor is ${factor} but must be below 1; pass 0.1, say`);
    if (typeof minLr !== "number" && minLr.length !== optimizer.paramGroups.length)
      throw new Error(
        `ReduceLROnPlateau: minLr has ${minLr.length} rates but the optimiser ${optimizer.paramGroups.length} parameter groups; pass one number, or one a group`,
      );
    this.best = mode === "min" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }
  step(metric: number): void {
    const { patience, cooldown } = this.options;
    this.lastEpoch++;
    if (this.isBetter(metric)) {
      this.best = metric;
      this.bad = 0;
    } else this.bad++;
    if (this.cooling > 0) {
      this.cooling--;
      this.bad = 0;
    }
    if (this.bad <= patience) return;
    this.reduce();
    this.cooling = cooldown;
    this.bad = 0;
  }
  private isBetter(metric: number): boolean {
    const { mode, threshold, thresholdMode } = this.options;
    const sign = mode === "min" ? -1 : 1;
    const margin = sign * threshold;
    const bound = thresholdMode === "rel" ? this.best * (1 + margin) : this.best + margin;
    return mode === "min" ? metric < bound : metric > bound;
  }
  private reduce(): void {
    const { factor, minLr, eps } = this.options;
    this.optimizer.paramGroups.forEach((group, i) => {
      const lr = Math.max(group.lr * factor, typeof minLr === "number" ? minLr : minLr[i]);
      if (group.lr - lr > eps) group.lr = lr;
    });
  }
  /** The learning rate of each group now. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }
  stateDict(): ScheduleState {
    // JSON has no infinity, and a checkpoint is JSON.
    const best = Number.isFinite(this.best) ? this.best : null;
    return { lastEpoch: this.lastEpoch, best, bad: this.bad, cooling: this.cooling };
  }
  loadStateDict(saved: ScheduleState): void {
    const { lastEpoch, best, bad, cooling } = saved as ScheduleState & {
      best: number | null;
      bad: number;
      cooling: number;
    };
    Object.assign(this, { lastEpoch, bad, cooling });
    if (best !== null) this.best = best;
  }
}
