// A whole run of the suite as one object, and as a table for people.
import type { Backend } from "@lamina/core";
import { type Level, levels, type Result, type Status } from "./case.ts";
import { show } from "./compare.ts";
import { type ConformOptions, conform } from "./conform.ts";

export interface Report {
  readonly backend: string;
  readonly passed: number;
  readonly failed: number;
  readonly declared: number;
  readonly absent: number;
  readonly seconds: number;
  readonly results: readonly Result[];
}
export interface RunOptions extends ConformOptions {
  /** Called with each result as it comes, for progress. */
  onResult?: (result: Result) => void;
}

const count = (results: readonly Result[], status: Status): number => results.filter((r) => r.status === status).length;

export function reportOf(backend: string, results: readonly Result[]): Report {
  return {
    backend,
    passed: count(results, "passed"),
    failed: count(results, "failed"),
    declared: count(results, "declared"),
    absent: count(results, "absent"),
    seconds: results.reduce((sum, r) => sum + r.milliseconds, 0) / 1000,
    results,
  };
}

/** Runs the suite to its end. It failed if `failed` is not 0, or if nothing was run. */
export async function runConformance(
  name: string,
  open: () => Promise<Backend>,
  { onResult, ...options }: RunOptions = {},
): Promise<Report> {
  const results: Result[] = [];
  for await (const result of conform(open, options)) {
    results.push(result);
    onResult?.(result);
  }
  return reportOf(name, results);
}

const pad = (text: string, width: number): string => text.padEnd(width);
const right = (text: string, width: number): string => text.padStart(width);
const COLUMNS = ["passed", "failed", "declared", "absent"] as const;

/** How near the level came to what is allowed, as a share of it. */
function closest(results: readonly Result[]): string {
  const shares = results.flatMap(({ ulps, tolerance }) => (ulps !== undefined && tolerance ? [ulps / tolerance] : []));
  return shares.length ? `${Math.round(100 * shares.reduce((a, b) => Math.max(a, b), 0))} %` : "";
}
function row(level: Level, results: readonly Result[]): string {
  const seconds = results.reduce((sum, r) => sum + r.milliseconds, 0) / 1000;
  const cells = COLUMNS.map((status) => right(String(count(results, status)), 9));
  return `${pad(level, 12)}${cells.join("")}${right(seconds.toFixed(1), 9)}${right(closest(results), 10)}`;
}

/** One line a level, then each failure and each declared gap. */
export function formatReport(report: Report): string {
  const head = `${pad("level", 12)}${[...COLUMNS, "seconds"].map((c) => right(c, 9)).join("")}${right("tolerance", 10)}`;
  const rows = levels.flatMap((level) => {
    const of = report.results.filter((r) => r.level === level);
    return of.length ? [row(level, of)] : [];
  });
  const details = (["failed", "declared", "absent"] as const).flatMap((status) =>
    report.results.filter((r) => r.status === status).map(formatResult),
  );
  const verdict = `${report.backend}: ${COLUMNS.map((c) => `${report[c]} ${c}`).join(", ")}`;
  return [head, ...rows, ...(details.length ? ["", ...details] : []), "", verdict].join("\n");
}

export const formatResult = ({ id, status, message, ulps, tolerance }: Result): string =>
  `${status} ${id}: ${message ?? (ulps === undefined ? "" : `${show(ulps)} of ${show(tolerance ?? 0)} ulp`)}`;
