// What has been found so far, a row for each contender and piece of work, and which rows another round would be wasted on.
import type { Entrant } from "./contenders/index.ts";
import type { Row } from "./results.ts";
import type { Found } from "./run/spawn.ts";
import { median } from "./statistics.ts";
import { costOf, type Work } from "./work/works.ts";

/** Seconds that timed runs may take in a round for there to be another round. */
const SLOW = 10;
/** A variant that takes so many times as long as a sibling has one round. */
const SLOWER = 1.15;

const keyOf = (work: string, contender: string): string => `${work} · ${contender}`;

export class Rows {
  private readonly rows = new Map<string, Row>();
  constructor(rows: readonly Row[] = []) {
    for (const row of rows) this.set(row);
  }
  all(): Row[] {
    return [...this.rows.values()];
  }
  get(work: string, contender: string): Row | undefined {
    return this.rows.get(keyOf(work, contender));
  }
  private set(row: Row): void {
    this.rows.set(keyOf(row.work, row.contender), row);
  }

  /** Adds what a process found. Its memory is that of its work if there was one piece; its start, of the first piece. */
  add(contender: string, { timings, peakBytes, startedAt }: Found): void {
    for (const [i, timing] of timings.entries()) {
      const empty = {
        work: timing.id,
        contender,
        version: "",
        rounds: [],
        first: [],
        peakBytes: undefined,
        digests: [],
      };
      const row: Row = this.get(timing.id, contender) ?? empty;
      if ("error" in timing) {
        // what fails after it has worked is a matter of the moment: what it had found stays
        if (row.rounds.length === 0) this.set({ ...row, error: timing.error });
        continue;
      }
      const { version, runs, firstAt, digests } = timing;
      const seconds = runs.reduce((a, b) => a + b, 0) / 1000;
      this.set({
        ...row,
        version,
        digests,
        rounds: [...row.rounds, median(runs)],
        first: i === 0 ? [...row.first, firstAt - startedAt] : row.first,
        peakBytes: timings.length === 1 ? Math.max(row.peakBytes ?? 0, peakBytes ?? 0) || undefined : undefined,
        ...(seconds > SLOW ? { once: `${runs.length} runs take ${seconds.toFixed(0)} s` } : {}),
      });
    }
  }
  refuse(work: string, contender: string, error: string): void {
    this.add(contender, { timings: [{ id: work, error }], peakBytes: undefined, startedAt: 0 });
  }

  /** Whether the contender is to do this in a round. */
  wants(work: Work, contender: string, round: number): boolean {
    const row = this.get(work.id, contender);
    return !row || (!row.error && !row.once && row.rounds.length < round);
  }
  /** Work of the same kind with no more to compute that was too slow for the contender. */
  tooSlow(work: Work, contender: string, works: readonly Work[]): Work | undefined {
    return works.find(
      (other) =>
        other.kind === work.kind &&
        costOf(other).flops <= costOf(work).flops &&
        /^(one run took|no result within)/.test(this.get(other.id, contender)?.error ?? ""),
    );
  }
  /** After the first round: marks variants of a peer that are clearly slower than another on as many threads. Ours all go on. */
  retire(entrants: readonly Entrant[]): void {
    const timeOf = (row: Row, { contender }: Entrant) =>
      this.get(row.work, contender.name)?.rounds[0] ?? Number.POSITIVE_INFINITY;
    for (const row of this.all()) {
      const own = entrants.find(({ contender }) => contender.name === row.contender);
      if (!own || own.peer.source.kind === "workspace" || row.error || row.once) continue;
      const siblings = entrants.filter(({ peer, contender: { where, threads } }) => {
        return peer === own.peer && where === own.contender.where && threads === own.contender.threads;
      });
      const best = siblings.reduce((a, b) => (timeOf(row, b) < timeOf(row, a) ? b : a));
      if (row.rounds[0] > SLOWER * timeOf(row, best)) this.set({ ...row, once: `${best.contender.name} is faster` });
    }
  }
}
