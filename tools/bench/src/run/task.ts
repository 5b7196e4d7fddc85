// What the process of a contender is told, and what it says: one line of JSON for each piece of work, and one when it ends.
import type { Options } from "../contenders/contender.ts";
import type { Network } from "../work/networks.ts";
import type { Work } from "../work/works.ts";
import type { Budget, Failure, Timing } from "./timing.ts";

/** In a folder of npm packages: a module that exports the namespaces of all of them, as `modules`. */
export const MODULES = "modules.mjs";

export interface Task {
  /** The peer's file in contenders/. */
  readonly peer: string;
  /** Where its npm packages are, if it has any. */
  readonly folder: string | undefined;
  readonly options: Options;
  readonly threads: number;
  readonly works: readonly Work[];
  /** Those that the works name, for a process that is not ours. */
  readonly networks: readonly Network[];
  readonly budget: Budget;
}
export type Line = Timing | Failure | { readonly peakBytes: number };
