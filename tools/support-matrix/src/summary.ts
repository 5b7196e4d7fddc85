// What is kept of reports: enough for the page, and to tell, level by level, whether it is out of date.
import type { Environment, Fingerprints, Gap, Level, Report, Status } from "@lamina/conformance";
import { levels } from "@lamina/conformance";
import type { OpName } from "@lamina/core";

/** Of one level, how many cases ended how, and the fingerprint of what was asked. */
export type LevelSummary = Readonly<Record<Status, number>> & { readonly suite: string };
export interface Summary {
  readonly backend: string;
  readonly environment: Environment;
  /** ISO date of the last run. */
  readonly date: string;
  readonly levels: Readonly<Partial<Record<Level, LevelSummary>>>;
  readonly native: readonly OpName[];
  readonly decomposed: readonly OpName[];
  readonly gaps: readonly Gap[];
  /** Cases that the device has nothing for, with its reason. */
  readonly absent: readonly Gap[];
}
export const levelOf = ({ id }: Pick<Gap, "id">): Level => id.slice(0, id.indexOf("/")) as Level;

export function summaryOf(report: Report, suite: Fingerprints, date: string): Summary {
  const { backend, environment, native, decomposed, results } = report;
  const count = (level: Level, status: Status): number =>
    results.filter((r) => r.level === level && r.status === status).length;
  const counts = (level: Level): LevelSummary => ({
    passed: count(level, "passed"),
    failed: count(level, "failed"),
    declared: count(level, "declared"),
    absent: count(level, "absent"),
    suite: suite[level],
  });
  const met = levels.filter((level) => results.some((r) => r.level === level));
  const ended = (status: Status) => results.filter((r) => r.status === status);
  return {
    backend,
    environment,
    date,
    levels: Object.fromEntries(met.map((level) => [level, counts(level)])),
    native,
    decomposed,
    gaps: ended("declared").map(({ id, reason = "" }) => ({ id, reason })),
    absent: ended("absent").map(({ id, message = "" }) => ({ id, reason: message })),
  };
}
/** `fresh`, with the levels that it has nothing of from before. */
export function updated(before: Summary | undefined, fresh: Summary): Summary {
  if (!before) return fresh;
  const kept = <T extends Gap>(list: readonly T[]): T[] => list.filter((each) => !fresh.levels[levelOf(each)]);
  const all = { ...before.levels, ...fresh.levels };
  return {
    ...fresh,
    levels: Object.fromEntries(levels.filter((level) => all[level]).map((level) => [level, all[level]])),
    gaps: [...kept(before.gaps), ...fresh.gaps],
    absent: [...kept(before.absent), ...fresh.absent],
  };
}
/** How many cases of all levels ended so. */
export const total = (summary: Summary, status: Status): number =>
  Object.values(summary.levels).reduce((sum, counts) => sum + counts[status], 0);
