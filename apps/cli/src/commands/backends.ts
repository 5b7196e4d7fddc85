// `lamina backends`, which is also `lamina doctor`: the devices this machine has and what each runs on, and what exactly is missing
// for the rest.
import { availableParallelism } from "node:os";
import { type BackendStatus, backendStatuses } from "@lamina/devices";
import type { Command } from "commander";
import pc from "picocolors";

const INDENT = " ".repeat(12);
function describe({ name, present, description, package: module, details = {}, reason }: BackendStatus): string {
  const facts = Object.entries(details).map(([key, value]) => `${key} ${value}`);
  const head = `${pc.bold(name.padEnd(11))} ${present ? pc.green("here") : pc.red("missing")}`;
  const lines = [`${head}  ${description} (${module})`, ...(facts.length ? [INDENT + facts.join(", ")] : [])];
  return [...lines, ...(reason ? [INDENT + reason] : [])].join("\n");
}

export function addBackends(program: Command): void {
  program
    .command("backends")
    .alias("doctor")
    .description("List the devices: what is here and on what it runs, what is missing, and the command that adds it.")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nA command takes a device by --backend NAME or by the variable LAMINA_BACKEND; `lamina train --backend auto` measures them.",
    )
    .action(async ({ json }: { json?: boolean }) => {
      const statuses = await backendStatuses();
      if (json) {
        console.log(JSON.stringify(statuses, null, 2));
        return;
      }
      const chosen = process.env.LAMINA_BACKEND;
      console.log(
        `Node ${process.version} on ${process.platform} ${process.arch}, ${availableParallelism()} cores; LAMINA_BACKEND is ${chosen ?? "not set (wasm)"}\n`,
      );
      console.log(statuses.map(describe).join("\n"));
    });
}
