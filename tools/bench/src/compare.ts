// Results side by side: contenders that may be held against each other, ours first, and each peer by its fastest variant.
import { type Entrant, entrants } from "./contenders/index.ts";
import type { Results, Row } from "./results.ts";
import { median, ratio } from "./statistics.ts";
import { networks } from "./work/networks.ts";
import { agree } from "./work/numbers.ts";
import { costOf, type Work, works } from "./work/works.ts";

/** Contenders that compute with the same: so many threads, or WebGPU in a browser. */
export interface Field {
  readonly title: string;
  readonly holds: (entrant: Entrant) => boolean;
  readonly threads: number;
}
export const fields: readonly Field[] = [
  { title: "One thread", threads: 1, holds: ({ contender: c }) => c.where !== "chromium" && c.threads === 1 },
  { title: "Two threads", threads: 2, holds: ({ contender: c }) => c.where !== "chromium" && c.threads === 2 },
  {
    title: "WebGPU in Chromium, on a renderer that is the CPU",
    threads: 2,
    holds: ({ contender: c }) => c.where === "chromium",
  },
];

const all = entrants();
export const rowOf = ({ rows }: Results, work: string, contender: string): Row | undefined =>
  rows.find((row) => row.work === work && row.contender === contender);
export const timeOf = (row: Row | undefined): number | undefined =>
  row?.rounds.length ? median(row.rounds) : undefined;

/** Of those who may be compared with ours on this work: the fastest variant of each peer, in order; ours is the first. */
export function bestOf(
  results: Results,
  work: string,
  field: Field,
): readonly { readonly name: string; readonly row: Row }[] {
  const found = new Map<string, Row>();
  for (const { peer, contender } of all.filter(field.holds)) {
    const row = rowOf(results, work, contender.name);
    const column = columnOf(peer.name, contender.name);
    const before = timeOf(found.get(column));
    const time = timeOf(row);
    if (row && time !== undefined && (before === undefined || time < before)) found.set(column, row);
  }
  return [...found].map(([name, row]) => ({ name, row }));
}
/** Our own variants stand beside each other, and the devices of one peer. */
const columnOf = (peer: string, contender: string): string =>
  peer === "torch" ? "PyTorch" : contender.replace(/-(1t|2t)/, "");

/** Our speed as a multiple of its. */
export const multiple = (theirs: Row, ours: Row): number => ratio(theirs.rounds, ours.rounds);

/** The time that the machine's limits allow, over the time taken; and which limit it is. */
export function shareOfLimit(
  results: Results,
  row: Row,
  threads: number,
): { share: number; bound: "arithmetic" | "memory" } | undefined {
  const work = works.find(({ id }) => id === row.work);
  const limit = results.limits.find((l) => l.threads === threads) ?? results.limits[0];
  const time = timeOf(row);
  if (!work || time === undefined) return undefined;
  const { flops, bytes } = costOf(work);
  const [arithmetic, memory] = [(1000 * flops) / limit.flops, (1000 * bytes) / limit.bytes];
  return { share: Math.max(arithmetic, memory) / time, bound: arithmetic > memory ? "arithmetic" : "memory" };
}

/** Whether its results are those of our first contender, as far as chance (dropout) has no part in them; undefined: not to be told. */
export function agrees(results: Results, row: Row): boolean | undefined {
  const work = works.find(({ id }) => id === row.work);
  const ours = rowOf(results, row.work, "lamina-1t") ?? results.rows.find((r) => r.work === row.work && !r.error);
  if (!work || !ours || ours.error || row.error || !isCertain(work)) return undefined;
  return row.digests.every((digest, i) => !ours.digests[i] || agree(digest, ours.digests[i]));
}
const isCertain = (work: Work): boolean =>
  work.kind !== "train" || !networks[work.network].layers.some(({ type }) => type === "dropout");
