// Entry of every root script: makes a fresh clone ready (Node, pnpm, dependencies, what tests need of the system), then runs what was asked for.
// Plain JavaScript without dependencies, because it runs before anything is installed, on any Node from 20 on.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError } from "./explain.mjs";
import { absenceLines, installNatives, nativeEnv } from "./natives/index.mjs";
import { runInheriting } from "./run.mjs";
import { placeOf, say, setUp } from "./setup.mjs";
import { commandsOf, nativesOf, taskNames } from "./tasks.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../../../..");

/**
 * Runs one task and resolves to its exit code; with several commands all of them run, and the first failure counts.
 * @param {string | undefined} task
 * @param {string[]} args
 */
async function main(task, args) {
  if (task === undefined || !taskNames.includes(task)) {
    console.error(`lamina: there is no task "${task ?? ""}"; name one of: ${taskNames.join(", ")}`);
    return 2;
  }
  const { node, path } = await setUp(root);
  const needs = nativesOf(task, args);
  const reasons = await installNatives(placeOf(root), needs, say);
  const env = { ...process.env, ...nativeEnv(reasons), PATH: path, TURBO_TELEMETRY_DISABLED: "1" };
  let exitCode = 0;
  for (const command of commandsOf(root, task, args)) {
    if (command.title) console.error(`lamina: ${command.title}`);
    const code = await runInheriting(node, command.args, { cwd: command.cwd, env });
    exitCode ||= code;
    if (code >= 128) break; // stopped by a signal: whoever sent it wants all of it to stop
  }
  for (const line of absenceLines(reasons)) if (task === "test") say(line);
  return exitCode;
}

try {
  process.exitCode = await main(process.argv[2], process.argv.slice(3));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`lamina: ${error.message}`);
  process.exitCode = error.exitCode;
}
