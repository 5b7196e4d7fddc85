// `npm run support`: judges devices by the suite, keeps a summary of each report in docs/support, and writes docs/support.md.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Fingerprints, gapsIn, type Level, type Report, suiteFingerprints } from "@lamina/conformance";
import { importBackend } from "@lamina/devices";
import { Command } from "commander";
import { type Present, problems, staleLevels } from "./check.ts";
import { pageOf, type Summaries } from "./page.ts";
import { levelsOf, nameOf, type Run, runs } from "./runs.ts";
import { summaryOf, updated } from "./summary.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const pageFile = `${root}docs/support.md`;
const summaryFile = (id: string): string => `${root}docs/support/${id}.json`;
const reportFile = (id: string, level: Level): string => `${root}.cache/support/${id}-${level}.json`;

const read = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
function summaries(): Summaries {
  const known = runs.filter(({ id }) => existsSync(summaryFile(id)));
  return Object.fromEntries(known.map(({ id }) => [id, JSON.parse(read(summaryFile(id)))]));
}

/** A process of its own. Gives the report, or undefined where the device did not open. */
async function judge({ id, backend, args = [] }: Run, level: Level): Promise<Report | undefined> {
  const cli = `${root}apps/cli/src/main.ts`;
  const file = reportFile(id, level);
  rmSync(file, { force: true });
  const asked = ["conformance", "--backend", backend, ...args, "--level", level, "--json", file];
  const child = spawn(process.execPath, ["--conditions=source", cli, ...asked], { stdio: "inherit" });
  await new Promise((resolve) => child.once("close", resolve));
  const report: Report | undefined = existsSync(file) ? JSON.parse(read(file)) : undefined;
  return report?.results.some((r) => r.op === "open" && r.status !== "passed") ? undefined : report;
}

/** Level by level, so that what was judged is kept whatever happens. Says whether nothing failed. */
async function update(run: Run, levels: readonly Level[], suite: Fingerprints): Promise<boolean> {
  const date = new Date().toISOString().slice(0, 10);
  let allPassed = true;
  for (const level of levels) {
    console.log(`\n${run.backend} in ${run.where}: ${level}`);
    const report = await judge(run, level);
    if (!report || report.failed > 0) allPassed = false;
    if (!report) {
      console.error(`${run.id}: not here, so its summary stays what it was`);
      return false;
    }
    const summary = updated(summaries()[run.id], summaryOf(report, suite, date));
    writeFileSync(summaryFile(run.id), `${JSON.stringify(summary, null, 1)}\n`);
    writePage();
  }
  return allPassed;
}
const writePage = (): void => writeFileSync(pageFile, pageOf(summaries()));

async function declaredGaps(): Promise<Present["gaps"]> {
  const names = [...new Set(runs.map(nameOf))];
  const entries = names.map(async (name) => [name, gapsIn(await importBackend(name))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

const program = new Command("support")
  .description("Judge devices by the suite and write docs/support.md from the reports.")
  .argument("[runs...]", `which of: ${runs.map(({ id }) => id).join(", ")} (default: all)`)
  .option("--again", "judge all levels of them, not only those that are out of date")
  .option("--check", "run nothing: fail if the page is out of date")
  .option("--page", "run nothing: write the page from the summaries that are there")
  .parse();
const { again, check, page } = program.opts<{ again?: boolean; check?: boolean; page?: boolean }>();

async function main(): Promise<boolean> {
  const present: Present = { suite: await suiteFingerprints(), gaps: await declaredGaps() };
  if (check) {
    const found = problems(summaries(), read(pageFile), present);
    if (found.length) console.error(["docs/support.md is stale", ...found].join("\n  "));
    return found.length === 0;
  }
  mkdirSync(`${root}.cache/support`, { recursive: true });
  mkdirSync(`${root}docs/support`, { recursive: true });
  let allPassed = true;
  const named = runs.filter(({ id }) => program.args.length === 0 || program.args.includes(id));
  for (const run of page ? [] : named) {
    const levels = again ? levelsOf(run) : [...staleLevels(run, summaries(), present).keys()];
    if (!(await update(run, levels, present.suite))) allPassed = false;
  }
  writePage();
  return allPassed;
}
process.exitCode = (await main()) ? 0 : 1;
