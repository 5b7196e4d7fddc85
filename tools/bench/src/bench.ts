// The rounds: each contender does each piece of work in turn, in a process of its own; rows.ts keeps what it says.
import type { Entrant } from "./contenders/index.ts";
import type { Installed } from "./install.ts";
import type { Row } from "./results.ts";
import type { Rows } from "./rows.ts";
import { type From, spawnContender } from "./run/spawn.ts";
import { digits } from "./statistics.ts";
import type { Work } from "./work/works.ts";

export interface Options {
  readonly rounds: number;
  /** Of timed runs, for each piece of work in each round. */
  readonly seconds: number;
  /** Seconds after which one run is too slow. */
  readonly limit: number;
  readonly from: From;
}
/** Ops are short: they have that share of the seconds. */
const OP_SHARE = 0.25;

/** Training steps are alone in their process, for its memory and its start. Of the others a contender does a whole kind in one. */
const groupsOf = (works: readonly Work[]): Work[][] => [
  ...works.filter(({ kind }) => kind === "train").map((work) => [work]),
  ...(["forward", "op"] as const).map((kind) => works.filter((work) => work.kind === kind)),
];

/** @param say told each result as it comes */
export async function playRound(
  round: number,
  entrants: readonly Entrant[],
  installed: ReadonlyMap<string, Installed>,
  works: readonly Work[],
  rows: Rows,
  options: Options,
  say: (line: string) => void,
): Promise<void> {
  for (const group of groupsOf(works))
    for (const entrant of entrants) {
      const { name } = entrant.contender;
      const wanted = group.filter((work) => rows.wants(work, name, round));
      const place = installed.get(entrant.peer.name);
      if (!place || wanted.length === 0) continue;
      await play(entrant, place, wanted, works, rows, options);
      for (const { id } of wanted) say(`round ${round}/${options.rounds}  ${name}  ${id}: ${told(rows.get(id, name))}`);
    }
  if (round === 1) rows.retire(entrants);
}
async function play(
  entrant: Entrant,
  place: Installed,
  group: readonly Work[],
  works: readonly Work[],
  rows: Rows,
  { seconds, limit, from }: Options,
): Promise<void> {
  const { name } = entrant.contender;
  const [{ kind }] = group;
  const lighter = kind === "train" && rows.tooSlow(group[0], name, works);
  if (lighter) return rows.refuse(group[0].id, name, `not tried: ${lighter.id} was too slow`);
  const budget = { seconds: kind === "op" ? seconds * OP_SHARE : seconds, limit };
  const patience = (kind === "train" ? 2 : 4) * limit;
  rows.add(name, await spawnContender(entrant, place, group, budget, patience, from));
}
function told(row: Row | undefined): string {
  if (!row || row.error) return row?.error ?? "nothing";
  return `${digits(row.rounds.at(-1)!)} ms`;
}
