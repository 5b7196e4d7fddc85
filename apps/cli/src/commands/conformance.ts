// `lamina conformance`: runs the suite on a device and reports.
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { defaultBackend, openBackend } from "../backends.ts";
import { exitCodes, Failure } from "../failure.ts";

interface ConformanceOptions {
  backend: string;
  json?: string;
  filter?: string;
}
export function addConformance(program: Command): void {
  program
    .command("conformance")
    .description("Check that a device gives the right numbers: every op, gradient, edge case and training trace.")
    .option("-b, --backend <name>", "the device", defaultBackend())
    .option("--json <file>", "also write the report as JSON")
    .option("--filter <text>", "only cases whose id contains this")
    .action(async ({ backend, json, filter }: ConformanceOptions) => {
      const { formatReport, runConformance } = await import("@lamina/conformance");
      const report = await runConformance(backend, () => openBackend(backend), { filter });
      console.log(formatReport(report));
      if (json) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
      if (report.results.length === 0)
        throw new Failure(`no case has "${filter}" in its id; leave --filter out to run all`, exitCodes.usage);
      if (report.failed > 0)
        throw new Failure(`${report.failed} cases failed on ${backend}; the table above names them`, exitCodes.failed);
    });
}
