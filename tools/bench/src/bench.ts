// The rounds: each contender does each piece of work in turn, in a process of its own, and what it says is put into rows.
import type { Entrant } from "./contenders/index.ts";
import type { Installed } from "./install.ts";
import type { Row } from "./results.ts";
import { type Found, spawnContender } from "./run/spawn.ts";
import { digits, median } from "./statistics.ts";
import type { Work } from "./work/works.ts";

export interface Options {
  readonly rounds: number;
  /** Of timed runs, for each piece of work in each round. */
  readonly seconds: number;
  /** Seconds after which one run is too slow, and twice of which a process is ended. */
  readonly limit: number;
}
/** Single ops of a contender are done by one process, one after the other: their timings need no fresh one. */
const OP_SHARE = 0.25;
/** A row whose process took longer than so many seconds is not repeated, nor is one that much slower than its best sibling. */
const SLOW_SECONDS = 20;
const SLOWER = 1.15;

const keyOf = (work: string, contender: string): string => `${work} · ${contender}`;

export class Rows {
  private readonly rows = new Map<string, Row>();
  constructor(rows: readonly Row[] = []) {
    for (const row of rows) this.rows.set(keyOf(row.work, row.contender), row);
  }
  all(): Row[] {
    return [...this.rows.values()];
  }
  get(work: string, contender: string): Row | undefined {
    return this.rows.get(keyOf(work, contender));
  }
  /** Adds what a process found. */
  add(contender: string, { timings, peakBytes, startedAt }: Found, alone: boolean, seconds: number): void {
    for (const timing of timings) {
      const key = keyOf(timing.id, contender);
      const before = this.rows.get(key) ?? {
        work: timing.id,
        contender,
        version: "",
        rounds: [],
        first: [],
        digests: [],
      };
      const base: Row = { peakBytes: undefined, ...before };
      if ("error" in timing) {
        // what failed after it had worked is a matter of the moment; what it had found stays
        this.rows.set(key, base.rounds.length ? base : { ...base, error: timing.error });
        continue;
      }
      const { version, runs, firstAt, digests } = timing;
      const slow = alone ? seconds : runs.reduce((a, b) => a + b, 0) / 1000;
      this.rows.set(key, {
        ...base,
        version,
        digests,
        rounds: [...base.rounds, median(runs)],
        first: alone ? [...base.first, firstAt - startedAt] : base.first,
        peakBytes: alone ? Math.max(base.peakBytes ?? 0, peakBytes ?? 0) || undefined : undefined,
        ...(slow > SLOW_SECONDS ? { once: `a round takes ${slow.toFixed(0)} s` } : {}),
      });
    }
  }
  /** After the first round: marks variants that are clearly slower than another of the same peer on as many threads. */
  retire(entrants: readonly Entrant[]): void {
    for (const row of this.rows.values()) {
      const own = entrants.find(({ contender }) => contender.name === row.contender);
      if (!own || row.error || row.once) continue;
      const siblings = entrants.filter(
        ({ peer, contender }) =>
          peer === own.peer && contender.where === own.contender.where && contender.threads === own.contender.threads,
      );
      const times = siblings.map(({ contender }) => ({
        name: contender.name,
        time: this.get(row.work, contender.name)?.rounds[0],
      }));
      const best = times.reduce((a, b) =>
        (b.time ?? Number.POSITIVE_INFINITY) < (a.time ?? Number.POSITIVE_INFINITY) ? b : a,
      );
      if (best.time !== undefined && row.rounds[0] > SLOWER * best.time)
        this.rows.set(keyOf(row.work, row.contender), { ...row, once: `${best.name} is faster` });
    }
  }
}

/** @param say told each result as it comes */
export async function playRound(
  round: number,
  entrants: readonly Entrant[],
  installed: ReadonlyMap<string, Installed>,
  works: readonly Work[],
  rows: Rows,
  { seconds, limit, rounds }: Options,
  say: (line: string) => void,
): Promise<void> {
  const single = works.filter(({ kind }) => kind === "op");
  const groups = [
    ...works.filter(({ kind }) => kind !== "op").map((work) => [work]),
    ...(single.length ? [single] : []),
  ];
  for (const group of groups)
    for (const entrant of entrants) {
      const { peer, contender } = entrant;
      const place = installed.get(peer.name);
      const open = group.filter(({ id }) => {
        const row = rows.get(id, contender.name);
        return !row || (!row.error && !row.once && row.rounds.length < round);
      });
      if (!place || open.length === 0) continue;
      const alone = open[0].kind !== "op";
      const budget = { seconds: alone ? seconds : seconds * OP_SHARE, limit };
      const start = performance.now();
      const found = await spawnContender(entrant, place, open, budget, alone ? 2 * limit : 4 * limit);
      rows.add(contender.name, found, alone, (performance.now() - start) / 1000);
      for (const { id } of open)
        say(`round ${round}/${rounds}  ${contender.name}  ${id}: ${told(rows.get(id, contender.name))}`);
    }
  if (round === 1) rows.retire(entrants);
}
function told(row: Row | undefined): string {
  if (!row || row.error) return row?.error ?? "nothing";
  return `${digits(row.rounds.at(-1)!)} ms`;
}
