// `npm run support`: judges devices by the suite, keeps a summary of each report in docs/support, and writes docs/support.md.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gapsIn, type Report, suiteFingerprint } from "@lamina/conformance";
import { importBackend } from "@lamina/devices";
import { Command } from "commander";
import { type Present, problems, staleness } from "./check.ts";
import { pageOf, type Summaries } from "./page.ts";
import { nameOf, type Run, runs } from "./runs.ts";
import { summaryOf } from "./summary.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const pageFile = `${root}docs/support.md`;
const summaryFile = (id: string): string => `${root}docs/support/${id}.json`;
const reportFile = (id: string): string => `${root}.cache/support/${id}.json`;

const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
const known = runs.filter(({ id }) => existsSync(summaryFile(id)));
const summaries = (): Summaries => Object.fromEntries(known.map(({ id }) => [id, JSON.parse(read(summaryFile(id)))]));

/** A process of its own for each device. Gives the report, or undefined where the device did not open. */
async function judge({ id, backend, args = [] }: Run): Promise<Report | undefined> {
  const cli = `${root}apps/cli/src/main.ts`;
  const file = reportFile(id);
  rmSync(file, { force: true });
  const argv = ["--conditions=source", cli, "conformance", "--backend", backend, ...args, "--json", file];
  const child = spawn(process.execPath, argv, { stdio: "inherit" });
  await new Promise((resolve) => child.once("close", resolve));
  const report: Report | undefined = existsSync(file) ? JSON.parse(read(file)) : undefined;
  return report?.results.some((r) => r.op === "open" && r.status !== "passed") ? undefined : report;
}

async function update(chosen: readonly Run[], suite: string): Promise<number> {
  mkdirSync(`${root}.cache/support`, { recursive: true });
  mkdirSync(`${root}docs/support`, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  let failures = 0;
  for (const run of chosen) {
    console.log(`\n${run.backend} in ${run.where}`);
    const report = await judge(run);
    if (!report || report.failed > 0) failures++;
    if (!report) console.error(`${run.id}: not here, so its summary stays what it was`);
    else writeFileSync(summaryFile(run.id), `${JSON.stringify(summaryOf(report, suite, date), null, 1)}\n`);
  }
  writePage();
  return failures;
}
function writePage(): void {
  const present = runs.filter(({ id }) => existsSync(summaryFile(id)));
  const all = Object.fromEntries(present.map(({ id }) => [id, JSON.parse(read(summaryFile(id)))]));
  writeFileSync(pageFile, pageOf(all));
}

async function declaredGaps(): Promise<Present["gaps"]> {
  const names = [...new Set(runs.map(nameOf))];
  const entries = names.map(async (name) => [name, gapsIn(await importBackend(name))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const program = new Command("support")
  .description("Judge devices by the suite and write docs/support.md from the reports.")
  .argument("[runs...]", `which of: ${runs.map(({ id }) => id).join(", ")} (default: those that are out of date)`)
  .option("--check", "run nothing: fail if the page is out of date")
  .option("--page", "run nothing: write the page from the summaries that are there")
  .parse();
const { check, page } = program.opts<{ check?: boolean; page?: boolean }>();
const present: Present = { suite: await suiteFingerprint(), gaps: await declaredGaps() };
if (check) {
  const found = problems(summaries(), read(pageFile), present);
  if (found.length) console.error(["docs/support.md is stale", ...found].join("\n  "));
  process.exitCode = found.length ? 1 : 0;
} else if (page) writePage();
else {
  const named = program.args;
  const chosen = named.length
    ? runs.filter(({ id }) => named.includes(id))
    : runs.filter((run) => staleness(run, summaries(), present));
  process.exitCode = (await update(chosen, present.suite)) ? 1 : 0;
}
