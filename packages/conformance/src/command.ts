// What the command lines share (`lamina conformance` and this package's own): options, progress, and where reports go.
import { readFile, writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { type BrowserName, browserNames } from "./browser/names.ts";
import type { Level, Result } from "./case.ts";
import { levels } from "./case.ts";
import type { CaseFile } from "./caseFile.ts";
import type { Report } from "./report.ts";

export interface CommandOptions {
  filter?: string;
  level?: readonly Level[];
  json?: string;
  html?: string;
  absent?: string;
  case?: string;
  browser?: BrowserName;
  isolated?: boolean;
}

/** Gives a command of commander the suite's options. */
export const withOptions = (command: Command): Command =>
  command
    .option("--filter <text>", "only cases whose id contains this")
    .addOption(new Option("--level <name...>", "only these levels").choices(levels))
    .option("--json <file>", "also write the report as JSON: the counts, and a row a case")
    .option("--html <file>", "also write the report as one HTML file")
    .option("--case <file>", "replay the case in a file that bisectBackends wrote, and nothing else")
    .option("--absent <reason>", "why this device may be missing here: then that is reported and is no failure")
    .addOption(
      new Option(
        "--browser [name]",
        "run in Chromium (LAMINA_CHROMIUM, else Chrome; needs vite and playwright-core) or Firefox (LAMINA_FIREFOX, else firefox; needs vite)",
      )
        .choices(browserNames)
        .preset("chromium"),
    )
    .option("--isolated", "with --browser: on a cross-origin isolated page, where threads can share memory");

/** What --case names. */
export async function casesIn(file: string | undefined): Promise<readonly CaseFile[] | undefined> {
  if (file === undefined) return undefined;
  try {
    return [JSON.parse(await readFile(file, "utf8")) as CaseFile];
  } catch (error) {
    throw new Error(`--case ${file}: ${(error as Error).message}; name a file that bisectBackends wrote`);
  }
}

/** A line that tells how far it is, where someone watches. */
export function progress(): (result: Result) => void {
  let done = 0;
  let failed = 0;
  let shown = 0;
  return ({ level, status }) => {
    done++;
    if (status === "failed") failed++;
    if (!process.stderr.isTTY || performance.now() - shown < 100) return;
    shown = performance.now();
    process.stderr.write(`\r\x1b[K${level}: ${done} cases${failed ? `, ${failed} failed` : ""}`);
  };
}

/** Prints the report and writes the files that were asked for. */
export async function publish(report: Report, { json, html }: CommandOptions): Promise<void> {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  // the suite is behind these, which nobody needs who only asks for help
  const { formatReport } = await import("./reports/table.ts");
  console.log(formatReport(report));
  if (json) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  if (!html) return;
  const { htmlReport } = await import("./reports/html.ts");
  await writeFile(html, htmlReport(report, new Date().toISOString().slice(0, 10)));
}

/** Why the run is no success, or undefined. */
export function verdictOf({ backend, failed, results }: Report, { filter }: CommandOptions): string | undefined {
  if (results.length === 0) return `no case has "${filter}" in its id; leave --filter out to run all`;
  return failed > 0 ? `${failed} cases failed on ${backend}; the table above names them` : undefined;
}
