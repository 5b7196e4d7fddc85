// A report for a terminal: a line a level, then each failure and each declared gap.
import { levels, type Result } from "../case.ts";
import { show } from "../compare.ts";
import { count, type Report } from "../report.ts";

const pad = (text: string, width: number): string => text.padEnd(width);
const right = (text: string, width: number): string => text.padStart(width);
export const COLUMNS = ["passed", "failed", "declared", "absent"] as const;

/** How near they came to what is allowed, as a share of it; undefined where nothing is measured in units. */
export function closest(results: readonly Result[]): number | undefined {
  const shares = results.flatMap(({ status, ulps, tolerance }) =>
    status !== "declared" && ulps !== undefined && tolerance ? [ulps / tolerance] : [],
  );
  return shares.length ? shares.reduce((a, b) => Math.max(a, b), 0) : undefined;
}
export const percent = (share: number | undefined): string =>
  share === undefined ? "" : `${Math.round(100 * share)} %`;

function row(level: string, results: readonly Result[]): string {
  const seconds = results.reduce((sum, r) => sum + r.milliseconds, 0) / 1000;
  const cells = COLUMNS.map((status) => right(String(count(results, status)), 9));
  return `${pad(level, 12)}${cells.join("")}${right(seconds.toFixed(1), 9)}${right(percent(closest(results)), 10)}`;
}

export function formatReport(report: Report): string {
  const head = `${pad("level", 12)}${[...COLUMNS, "seconds"].map((c) => right(c, 9)).join("")}${right("tolerance", 10)}`;
  const rows = levels.flatMap((level) => {
    const of = report.results.filter((r) => r.level === level);
    return of.length ? [row(level, of)] : [];
  });
  const details = (["failed", "declared", "absent"] as const).flatMap((status) => listed(report.results, status));
  return [head, ...rows, ...(details.length ? ["", ...details] : []), "", ...verdict(report)].join("\n");
}

/** One wrong kernel fails hundreds of cases: the first of each op tell enough. */
const SHOWN = 3;
function listed(results: readonly Result[], status: "failed" | "declared" | "absent"): string[] {
  const of = results.filter((r) => r.status === status);
  const groups = Map.groupBy(of, (r) => r.reason ?? `${r.level}/${r.op}`);
  return [...groups].flatMap(([group, members]) => {
    const rest = members.length - SHOWN;
    const more = `${status} ${group}: and ${rest} more; a report by --json or --html has them all`;
    return [...members.slice(0, SHOWN).map(formatResult), ...(rest > 0 ? [more] : [])];
  });
}

function verdict(report: Report): string[] {
  const { backend, environment, native, decomposed } = report;
  const counts = `${backend}: ${COLUMNS.map((c) => `${report[c]} ${c}`).join(", ")}`;
  if (native.length + decomposed.length === 0) return [environment.runtime, counts];
  return [`${native.length} ops native, ${decomposed.length} decomposed; ${aboutDevice(report)}`, counts];
}
function aboutDevice({ environment: { runtime, device } }: Pick<Report, "environment">): string {
  return [runtime, ...Object.entries(device).map(([key, value]) => `${key} ${value}`)].join(", ");
}

export const formatResult = ({ id, status, message, ulps, tolerance }: Result): string =>
  `${status} ${id}: ${message ?? (ulps === undefined ? "" : `${show(ulps)} of ${show(tolerance ?? 0)} ulp`)}`;
