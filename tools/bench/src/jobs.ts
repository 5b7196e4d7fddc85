// The work that is timed: training steps of networks. Every contender does exactly this, in a process of its own.

export interface Job {
  /** As contenders/networks.ts and torch_networks.py have it. */
  readonly network: string;
  readonly optimizer: "SGD" | "Adam";
  readonly lr: number;
  readonly batch: number;
  /** Channels, height, width. */
  readonly input: readonly [number, number, number];
  /** Training steps that are timed, after as many that are not as `warmup` says; a step ends with its loss on the host. */
  readonly steps: number;
  readonly warmup: number;
}
export const nameOf = ({ network, batch, optimizer }: Job): string => `${network}, batch ${batch}, ${optimizer}`;

export const jobs: readonly Job[] = [
  { network: "lenet", optimizer: "SGD", lr: 0.9, batch: 256, input: [1, 28, 28], steps: 40, warmup: 10 },
  { network: "vgg6", optimizer: "Adam", lr: 0.001, batch: 32, input: [3, 32, 32], steps: 20, warmup: 5 },
  { network: "alexnet", optimizer: "SGD", lr: 0.01, batch: 8, input: [1, 224, 224], steps: 6, warmup: 3 },
  { network: "vgg11/4", optimizer: "SGD", lr: 0.01, batch: 8, input: [1, 224, 224], steps: 6, warmup: 3 },
  { network: "nin", optimizer: "SGD", lr: 0.01, batch: 8, input: [1, 224, 224], steps: 6, warmup: 3 },
  { network: "googlenet", optimizer: "SGD", lr: 0.01, batch: 16, input: [1, 96, 96], steps: 6, warmup: 3 },
];

/** What a contender prints on its last line, as JSON. */
export interface Timing {
  /** Milliseconds of each timed step. */
  readonly steps: readonly number[];
  /** The loss of the last step, so that nobody is fast by doing something else. */
  readonly loss: number;
  readonly version: string;
}
