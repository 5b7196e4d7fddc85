#!/usr/bin/env node
// `npx @lamina/conformance ./my-backend.js`: judges a device that lives in a file, ours or a stranger's.
import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command, CommanderError } from "commander";
import { runInBrowser } from "./browser/index.ts";
import { type CommandOptions, casesIn, progress, publish, verdictOf, withOptions } from "./command.ts";
import { gapsIn } from "./gaps.ts";
import { openerOf } from "./opener.ts";
import { type Report, runConformance } from "./report.ts";

interface Options extends CommandOptions {
  export?: string;
}
const HELP = `
The module exports an async function that returns a Backend: the export named like the file (my-backend.js: myBackend),
the default one, or the only function there is. It may also export what it is known not to do:
  export const gaps = [{ id: "ops/atan2/…", reason: "no such instruction" }];
and, where that depends on the device that is open, a function of it: { id, reason, when: (backend) => … }.
A gap that passes fails, and so does one that names no case.

Examples:
  npx @lamina/conformance ./my-backend.js
  npx @lamina/conformance ./my-backend.js --level ops --filter conv2d
  npx @lamina/conformance ./my-backend.js --browser --html report.html

Exit codes: 0 everything passed or was declared, 1 something failed, 2 wrong usage.
How to write a backend: docs/write-a-backend.md in the repository.`;

const program = withOptions(
  new Command("conformance")
    .description("Check that a device gives the right numbers: every op, gradient, edge case and training trace.")
    .argument("<module>", "the file of the backend")
    .option("--export <name>", "the export that opens the device"),
)
  .showHelpAfterError("(add --help for the options)")
  .exitOverride()
  .addHelpText("after", HELP);

class Usage extends Error {}

async function judge(module: string, options: Options): Promise<Report> {
  const file = resolve(module);
  if (!existsSync(file)) throw new Usage(`there is no file ${file}`);
  const name = basename(file).replace(/\.[^.]+$/, "");
  const found = await load(file, module);
  const open = openerOf(found, name, options.export);
  const { filter, level, absent } = options;
  const cases = await casesIn(options.case);
  const chosen = { filter, levels: level, absent, cases, onResult: progress() };
  if (!options.browser) return runConformance(name, open, { ...chosen, declared: gapsIn(found) });
  const { browser, isolated } = options;
  return runInBrowser(name, { ...chosen, browser, module: pathToFileURL(file), export: options.export, isolated });
}
async function load(file: string, module: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new Error(`${module} could not be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Runs the command line and gives its exit code. */
async function main(): Promise<number> {
  try {
    program.parse();
    const options = program.opts<Options>();
    const report = await judge(program.args[0], options);
    await publish(report, options);
    const failure = verdictOf(report, options);
    if (failure) console.error(`error: ${failure}`);
    return failure ? (report.results.length ? 1 : 2) : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    console.error(`error: ${(error instanceof Error ? error.message : String(error)).replace(/^conformance: /, "")}`);
    return error instanceof Usage ? 2 : 1;
  }
}
process.exitCode = await main();
