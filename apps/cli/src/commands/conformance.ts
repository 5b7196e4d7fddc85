// `lamina conformance`: runs the suite on a device and reports.
import type { Report } from "@lamina/conformance";
import type { CommandOptions } from "@lamina/conformance/command";
import { casesIn, progress, publish, verdictOf, withOptions } from "@lamina/conformance/command";
import type { Command } from "commander";
import { defaultBackend, locateBackend, openBackend } from "../backends.ts";
import { exitCodes, Failure } from "../failure.ts";

interface ConformanceOptions extends CommandOptions {
  backend: string;
}
export function addConformance(program: Command): void {
  const command = program
    .command("conformance")
    .description("Check that a device gives the right numbers: every op, gradient, edge case and training trace.")
    .option("-b, --backend <name>", "the device", defaultBackend());
  withOptions(command).action(async (options: ConformanceOptions) => {
    const report = await run(options);
    await publish(report, options);
    const failure = verdictOf(report, options);
    if (failure) throw new Failure(failure, report.results.length ? exitCodes.failed : exitCodes.usage);
  });
}
async function run({
  backend,
  filter,
  level,
  absent,
  browser,
  isolated,
  case: file,
}: ConformanceOptions): Promise<Report> {
  const location = locateBackend(backend);
  const cases = await casesIn(file);
  const options = { filter, levels: level, absent, cases, onResult: progress() };
  if (browser) {
    const { runInBrowser } = await import("@lamina/conformance/browser");
    return runInBrowser(backend, { ...options, ...location, browser, isolated });
  }
  const { gapsIn, runConformance } = await import("@lamina/conformance");
  const declared = gapsIn(await import(location.module).catch(() => ({}))); // one that cannot be imported will say so when it is opened
  return runConformance(backend, () => openBackend(backend), { ...options, declared });
}
