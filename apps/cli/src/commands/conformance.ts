// `lamina conformance`: runs the suite on a device and reports.
import type { Gap, Report } from "@lamina/conformance";
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
  const module = locateBackend(backend);
  const declared = await gapsOf(module);
  const cases = await casesIn(file);
  const options = { filter, levels: level, absent, declared, cases, onResult: progress() };
  if (browser) {
    const { runInBrowser } = await import("@lamina/conformance/browser");
    return runInBrowser(backend, { ...options, module, isolated });
  }
  const { runConformance } = await import("@lamina/conformance");
  return runConformance(backend, () => openBackend(backend), options);
}

/** What the device is known not to do; its package says it. One that cannot be imported will say so when it is opened. */
async function gapsOf(module: string): Promise<readonly Gap[] | undefined> {
  const { gaps } = await import(module).catch(() => ({}));
  return gaps;
}
