// Where the time of a step goes: what each kernel took, and how much it computed. Measuring costs a look at the clock for each
// call, so it is asked for: `wasm({ profile: true })`.
import type { Call } from "./calls.ts";
import { STAGE } from "./kernels/lowered.ts";

export interface ProfileRow {
  /** What ran, with its shapes: the key that its code is cached by. */
  readonly kernel: string;
  readonly runs: number;
  /** In all runs together. */
  readonly milliseconds: number;
  /** Of them, those in which all threads took part. */
  readonly shared: number;
  /** Milliseconds of each of its stages, if it has several. */
  readonly stages: Readonly<Record<string, number>>;
  /** 10^9 multiplications and additions a second, of convolutions and products: those of the definition, however they are done. */
  readonly gigaflops: number | undefined;
}

interface Entry {
  runs: number;
  milliseconds: number;
  shared: number;
  flops: number;
  stages: Record<string, number>;
}

/** Adds up what calls take. */
export class Profile {
  private readonly entries = new Map<string, Entry>();

  add({ key, flops = 0, parallel }: Call, milliseconds: number): void {
    const [kernel, stage] = key.split(STAGE);
    const entry = this.entries.get(kernel) ?? { runs: 0, milliseconds: 0, shared: 0, flops: 0, stages: {} };
    this.entries.set(kernel, entry);
    entry.milliseconds += milliseconds;
    if (parallel) entry.shared += milliseconds;
    entry.flops += flops;
    if (stage !== undefined) entry.stages[stage] = (entry.stages[stage] ?? 0) + milliseconds;
    if (stage === undefined || stage === Object.keys(entry.stages)[0]) entry.runs++;
  }
  /** The longest first; begins anew. */
  take(): ProfileRow[] {
    const rows = [...this.entries].map(([kernel, { flops, ...entry }]) => ({
      kernel,
      ...entry,
      gigaflops: flops > 0 ? flops / entry.milliseconds / 1e6 : undefined,
    }));
    this.entries.clear();
    return rows.sort((a, b) => b.milliseconds - a.milliseconds);
  }
}
