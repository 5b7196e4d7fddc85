// Whether docs/support.md can be believed: it is what the summaries say, and they were made by the suite as it is now, of devices that
// declare the same gaps.
import type { Gap, Level } from "@lamina/conformance";
import type { Summaries } from "./page.ts";
import { pageOf } from "./page.ts";
import { nameOf, type Run, runs } from "./runs.ts";
import type { Summary } from "./summary.ts";

/** What there is to hold summaries against. */
export interface Present {
  /** Fingerprint of the suite. */
  readonly suite: string;
  /** What each device declares, by its name. */
  readonly gaps: Readonly<Record<string, readonly Gap[]>>;
}

/** Of a run: "" if its summary is of this suite and these gaps, else why not. */
export function staleness(run: Run, summaries: Summaries, { suite, gaps }: Present): string {
  const summary = summaries[run.id];
  if (!summary) return "there is no report of it";
  if (summary.suite !== suite) return "the suite asks other things than when it was judged";
  return gapDrift(summary, gaps[nameOf(run)] ?? []);
}

/** A gap that only some devices have (`when`) may be missing in a report; any other may not. */
function gapDrift({ gaps, levels }: Summary, declared: readonly Gap[]): string {
  const now = new Map(declared.map(({ id, reason }) => [id, reason]));
  const gone = gaps.find(({ id, reason }) => now.get(id) !== reason);
  if (gone) return `its report has the gap ${gone.id}, which is no longer declared so`;
  const reported = new Set(gaps.map(({ id }) => id));
  const judged = ({ id }: Gap): boolean => levels[id.slice(0, id.indexOf("/")) as Level] !== undefined;
  const fresh = declared.find((gap) => !gap.when && judged(gap) && !reported.has(gap.id));
  return fresh ? `the gap ${fresh.id} is declared and not in its report` : "";
}

/** Every reason not to believe the page, and the command that mends it; none if it can be believed. */
export function problems(summaries: Summaries, page: string, present: Present): string[] {
  const stale = runs.flatMap((run) => {
    const reason = staleness(run, summaries, present);
    return reason ? [{ id: run.id, reason }] : [];
  });
  const edited = page !== pageOf(summaries);
  if (stale.length)
    return [
      ...stale.map(({ id, reason }) => `${id}: ${reason}`),
      `to judge again what changed: npm run support -- ${stale.map(({ id }) => id).join(" ")}`,
    ];
  if (edited) return ["the page is not what docs/support/*.json say; to write it again: npm run support -- --page"];
  return [];
}
