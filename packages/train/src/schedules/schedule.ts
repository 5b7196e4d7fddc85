// What all schedules share: when they step, the learning rates they set, saving and loading. The formulas are in files of
// their own.

/** What a schedule changes: an optimiser. */
export interface Scheduled {
  readonly paramGroups: { lr: number; initialLr?: number }[];
}
/** Where a group is when its learning rate is asked for. */
export interface At {
  /** Steps of the schedule so far; 0 when it begins. */
  readonly epoch: number;
  /** The group's learning rate now. */
  readonly lr: number;
  /** The learning rate it began with. */
  readonly base: number;
  /** The group's number. */
  readonly group: number;
}
/** A schedule as formulas. They are those of PyTorch, whose schedules change the rate that is there, so that several can act on one optimiser. */
export interface Rule {
  /** At any epoch, from the base rate alone. */
  at(where: At): number;
  /** From the rate of the epoch before; without it `at`. */
  next?(where: At): number;
  /** In epoch 0; without it the rate stays as it is. */
  first?(where: At): number;
}

export interface ScheduleState {
  readonly lastEpoch: number;
  readonly [name: string]: unknown;
}

/** Sets the learning rates of an optimiser, group by group. Call step() after optimizer.step(), once an epoch or once a step as the schedule is meant. */
export class LRScheduler {
  /** Steps made; 0 from the start. */
  lastEpoch = 0;
  private readonly optimizer: Scheduled;
  private readonly rule: Rule;

  constructor(optimizer: Scheduled, rule: Rule) {
    this.optimizer = optimizer;
    this.rule = rule;
    for (const group of optimizer.paramGroups) group.initialLr ??= group.lr;
    this.begin();
  }
  step(): void {
    this.lastEpoch++;
    this.set(this.rule.next ?? this.rule.at);
  }
  /** To epoch 0 as if it were new, on the rates that are there. */
  begin(): void {
    this.lastEpoch = 0;
    if (this.rule.first) this.set(this.rule.first);
  }
  /** To epoch 0 after another schedule, whose rates do not count. */
  takeOver(): void {
    this.lastEpoch = 0;
    this.set(this.rule.at);
  }
  private set(rule: (where: At) => number): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = rule({ epoch: this.lastEpoch, lr: group.lr, base: group.initialLr!, group: i });
    });
  }
  /** The learning rate of each group now. */
  getLastLr(): number[] {
    return this.optimizer.paramGroups.map(({ lr }) => lr);
  }
  /** As plain values; the learning rates are in the optimiser's own state. */
  stateDict(): ScheduleState {
    return { lastEpoch: this.lastEpoch };
  }
  /** Goes on where `saved` was taken; load the optimiser's state as well. */
  loadStateDict(saved: ScheduleState): void {
    this.lastEpoch = saved.lastEpoch;
  }
}

/** Throws unless `value` is a whole number from 1. */
export function positiveInteger(schedule: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${schedule}: ${name} is ${value} but must be a whole number from 1; pass one`);
}
