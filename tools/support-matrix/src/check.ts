// Whether docs/support.md can be believed: it is what the summaries say, nothing failed, and they were made by the suite as it is now, of
// devices that declare the same gaps.
import type { Fingerprints, Gap, Level } from "@lamina/conformance";
import type { Summaries } from "./page.ts";
import { pageOf } from "./page.ts";
import { levelsOf, nameOf, type Run, runs } from "./runs.ts";
import { levelOf, type Summary } from "./summary.ts";

/** What there is to hold summaries against. */
export interface Present {
  readonly suite: Fingerprints;
  /** What each device declares, by its name. */
  readonly gaps: Readonly<Record<string, readonly Gap[]>>;
}

/** Of a run: each level that must be judged again, with the reason. */
export function staleLevels(run: Run, summaries: Summaries, { suite, gaps }: Present): Map<Level, string> {
  const summary = summaries[run.id];
  const reasons = levelsOf(run).flatMap((level): [Level, string][] => {
    const reason = summary ? staleness(level, summary, suite, gaps[nameOf(run)] ?? []) : "there is no report of it";
    return reason ? [[level, reason]] : [];
  });
  return new Map(reasons);
}
function staleness(level: Level, summary: Summary, suite: Fingerprints, gaps: readonly Gap[]): string {
  const judged = summary.levels[level];
  if (judged?.suite !== suite[level]) return "the suite asks other things than when it was judged";
  if (judged.failed > 0) return `${judged.failed} cases failed`;
  const of = (list: readonly Gap[]) => list.filter((gap) => levelOf(gap) === level);
  return gapDrift(of(summary.gaps), of(gaps));
}
/** A gap that only some devices have (`when`) may be missing in a report; any other may not. */
function gapDrift(reported: readonly Gap[], declared: readonly Gap[]): string {
  const now = new Map(declared.map(({ id, reason }) => [id, reason]));
  const gone = reported.find(({ id, reason }) => now.get(id) !== reason);
  if (gone) return `its report has the gap ${gone.id}, which is no longer declared so`;
  const known = new Set(reported.map(({ id }) => id));
  const fresh = declared.find((gap) => !gap.when && !known.has(gap.id));
  return fresh ? `the gap ${fresh.id} is declared and not in its report` : "";
}

/** Every reason not to believe the page, and the command that mends it; none if it can be believed. */
export function problems(summaries: Summaries, page: string, present: Present): string[] {
  const stale = runs.flatMap((run) => {
    const byReason = Map.groupBy(staleLevels(run, summaries, present), ([, reason]) => reason);
    return [...byReason].map(([reason, of]) => `${run.id}: ${reason} (${of.map(([level]) => level).join(", ")})`);
  });
  if (stale.length) return [...stale, "to judge again what changed, and no more: npm run support"];
  if (page === pageOf(summaries)) return [];
  return ["the page is not what docs/support/*.json say; to write it again: npm run support -- --page"];
}
