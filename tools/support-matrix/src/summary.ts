// What is kept of a report: enough for the page, and to tell whether it is out of date.
import type { Environment, Gap, Level, Report, Status } from "@lamina/conformance";
import { levels } from "@lamina/conformance";
import type { OpName } from "@lamina/core";

export interface Summary {
  readonly backend: string;
  readonly environment: Environment;
  /** ISO date of the run. */
  readonly date: string;
  /** Fingerprint of the suite that judged it. */
  readonly suite: string;
  /** Of each level, how many cases ended how. */
  readonly levels: Readonly<Partial<Record<Level, Readonly<Record<Status, number>>>>>;
  readonly native: readonly OpName[];
  readonly decomposed: readonly OpName[];
  readonly gaps: readonly Gap[];
  /** Cases that the device has nothing for, by the reason. */
  readonly absent: Readonly<Record<string, number>>;
}

export function summaryOf(report: Report, suite: string, date: string): Summary {
  const { backend, environment, native, decomposed, results } = report;
  const count = (level: Level, status: Status): number =>
    results.filter((r) => r.level === level && r.status === status).length;
  const counts = (level: Level): Record<Status, number> => ({
    passed: count(level, "passed"),
    failed: count(level, "failed"),
    declared: count(level, "declared"),
    absent: count(level, "absent"),
  });
  const met = levels.filter((level) => results.some((r) => r.level === level));
  const absent = Map.groupBy(
    results.filter((r) => r.status === "absent"),
    (r) => r.message ?? "",
  );
  return {
    backend,
    environment,
    date,
    suite,
    levels: Object.fromEntries(met.map((level) => [level, counts(level)])),
    native,
    decomposed,
    gaps: results.filter((r) => r.status === "declared").map(({ id, reason = "" }) => ({ id, reason })),
    absent: Object.fromEntries([...absent].map(([reason, of]) => [reason, of.length])),
  };
}
/** How many cases of all levels ended so. */
export const total = (summary: Summary, status: Status): number =>
  Object.values(summary.levels).reduce((sum, counts) => sum + counts[status], 0);
