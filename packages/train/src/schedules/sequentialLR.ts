// Several schedules one after the other: warming up, then falling, say.
import { LRScheduler, type Scheduled, type ScheduleState } from "./schedule.ts";

export interface SequentialLROptions {
  /** Of the same optimiser. */
  schedulers: readonly LRScheduler[];
  /** The epochs at which the second, the third … takes over; rising. */
  milestones: readonly number[];
}

/**
 * As [torch.optim.lr_scheduler.SequentialLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html).
 */
export class SequentialLR extends LRScheduler {
  private readonly schedulers: readonly LRScheduler[];
  private readonly milestones: readonly number[];

  constructor(optimizer: Scheduled, { schedulers, milestones }: SequentialLROptions) {
    if (milestones.length !== schedulers.length - 1)
      throw new Error(
        `SequentialLR: there are ${schedulers.length} schedulers but ${milestones.length} milestones; pass one milestone fewer than schedulers`,
      );
    // Each schedule set the rates when it was made; only the first counts.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
    super(optimizer, { at: ({ lr }) => lr });
    schedulers[0].begin();
    this.schedulers = schedulers;
    this.milestones = milestones;
  }
  override step(): void {
    this.lastEpoch++;
    const at = this.milestones.filter((m) => m <= this.lastEpoch).length;
    if (at > 0 && this.milestones[at - 1] === this.lastEpoch) this.schedulers[at].takeOver();
    else this.schedulers[at].step();
  }
  override stateDict(): ScheduleState {
    return { lastEpoch: this.lastEpoch, schedulers: this.schedulers.map((s) => s.stateDict()) };
  }
  override loadStateDict(saved: ScheduleState): void {
    super.loadStateDict(saved);
    (saved.schedulers as readonly ScheduleState[]).forEach((state, i) => {
      this.schedulers[i].loadStateDict(state);
    });
  }
}
