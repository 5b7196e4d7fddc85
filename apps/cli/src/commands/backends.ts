// `lamina backends`: which devices this machine has, and why the rest is not here.
import type { Command } from "commander";
import { backendStatuses } from "../backends.ts";
import { table } from "../table.ts";

export function addBackends(program: Command): void {
  program
    .command("backends")
    .description("List the devices that can compute, and why the rest cannot here.")
    .option("--json", "print JSON")
    .action(async ({ json }: { json?: boolean }) => {
      const statuses = await backendStatuses();
      if (json) {
        console.log(JSON.stringify(statuses, null, 2));
        return;
      }
      const rows = statuses.map((s) => [s.name, s.present ? "yes" : `no: ${s.reason}`, s.description, s.package]);
      console.log(table(["backend", "here", "what it is", "package"], rows));
    });
}
