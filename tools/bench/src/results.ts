// What a run of the bench finds, as it is kept: docs/performance.json, from which the page and the chart are made.
import type { Limits } from "./limits.ts";

export interface Row {
  /** The id of the work, and the name of the contender. */
  readonly work: string;
  readonly contender: string;
  readonly version: string;
  /** Of each round, milliseconds: the median of its runs. */
  readonly rounds: readonly number[];
  /** Of each round, milliseconds from the start of the process to its first result; none for work that came second there. */
  readonly first: readonly number[];
  /** The most resident memory of any round. */
  readonly peakBytes: number | undefined;
  /** Of its first two results. */
  readonly digests: readonly (readonly number[])[];
  /** In place of all that, why it did not do this. */
  readonly error?: string;
  /** Why there are fewer rounds than others have. */
  readonly once?: string;
}
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly gigabytes: number;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted to run when the bench began: other work, which makes figures worthless. */
  readonly load: number;
}
export interface Results {
  /** What it took to make it: one, and those that resumed. */
  readonly commands: readonly string[];
  /** ISO date. */
  readonly date: string;
  readonly commit: string;
  readonly machine: Machine;
  readonly limits: Limits;
  /** Installed size of each peer in bytes, or why it could not be installed. */
  readonly peers: Readonly<Record<string, number | string>>;
  /** Microseconds of core a node of a LeNet step, on a device that computes nothing. */
  readonly overhead: number;
  /** For some networks, the longest that a page's main thread was held, in milliseconds of CPU time. */
  readonly holds?: Readonly<Record<string, number>> | undefined;
  readonly rows: readonly Row[];
}
