// Whether docs/support.md can be believed: it is what the summaries say, and they were made by the suite as it is now.
import type { Summaries } from "./page.ts";
import { pageOf } from "./page.ts";
import { type Run, runs } from "./runs.ts";

/** Of a run: "" if its summary is of this suite, else why not. */
export function staleness({ id }: Run, summaries: Summaries, suite: string): string {
  if (!summaries[id]) return "there is no report of it";
  return summaries[id].suite === suite ? "" : "the suite asks other things than when it was judged";
}

/** Every reason not to believe the page. */
export function problems(summaries: Summaries, page: string, suite: string): string[] {
  const stale = runs.flatMap((run) => {
    const reason = staleness(run, summaries, suite);
    return reason ? [`${run.id}: ${reason}`] : [];
  });
  const edited = page === pageOf(summaries) ? [] : ["docs/support.md is not what docs/support/*.json say"];
  return [...stale, ...edited];
}
