// The work that is timed. Every contender does exactly this, in a process of its own.

export interface Job {
  readonly name: string;
  readonly batch: number;
  /** Training steps that are timed, after as many that are not as `warmup` says. */
  readonly steps: number;
  readonly warmup: number;
}
export const jobs: readonly Job[] = [
  /** LeNet as the book has it, SGD with lr 0.9, one batch of 256 images of 28x28; a step ends with its loss on the host. */
  { name: "lenet/train-sgd", batch: 256, steps: 40, warmup: 10 },
];

/** What a contender prints on its last line, as JSON. */
export interface Timing {
  /** Milliseconds of each timed step. */
  readonly steps: readonly number[];
  /** The loss of the last step, so that nobody is fast by doing something else. */
  readonly loss: number;
  readonly version: string;
}
