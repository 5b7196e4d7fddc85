// `lamina report`: the report of a run, written anew from its newest checkpoint.
import type { Command } from "commander";
import { defaultBackend } from "../backends.ts";
import { loadPart } from "../data.ts";
import { writeReport } from "../report/write.ts";
import { RunFolder } from "../runFolder.ts";
import { withTrained } from "../trained.ts";

export function addReport(program: Command): void {
  program
    .command("report")
    .description("Write a run's report: curves, confusion matrix, mistakes, filters, feature maps; one HTML file.")
    .argument("<run>", "the run's folder")
    .option("-b, --backend <name>", "the device", defaultBackend())
    .action((run: string, { backend }: { backend: string }) =>
      withTrained(run, backend, async ({ config, model, checkpoint, device }) => {
        const test = await loadPart(false, config);
        const pathOf = RunFolder.pathsIn(run);
        const { history } = checkpoint.meta;
        for (const name of await writeReport(pathOf, { config, model, test, history, backend: device.name }))
          console.log(`wrote ${pathOf(name)}`);
      }),
    );
}
