// What each root script runs once the clone is ready. Getting ready is setup.mjs.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { nativeNames } from "./natives/index.mjs";

/**
 * One command: arguments for Node, the folder it runs in, and a line to announce it where a task has several.
 * @typedef {{ args: string[], cwd: string, title?: string }} Command
 */

/**
 * A TypeScript file of ours: Node strips the types, and "source" makes workspace packages resolve to their sources.
 * Runs where the user is, so that paths in its arguments mean what the user means.
 * @param {string} root @param {string} file @param {string[]} args @returns {Command}
 */
const program = (root, file, args) => ({
  args: ["--conditions=source", join(root, file), ...args],
  cwd: process.cwd(),
});

/**
 * A tool from node_modules, run in the root by its JavaScript entry: no shell and no shims, the same on every system.
 * @param {string} root @param {string} name the package @param {string} bin its command
 * @param {string[]} args @param {string} [title] @returns {Command}
 */
function tool(root, name, bin, args, title) {
  const manifest = join(root, "node_modules", name, "package.json");
  const { bin: bins } = JSON.parse(readFileSync(manifest, "utf8"));
  return { args: [join(dirname(manifest), bins[bin]), ...args], cwd: root, title };
}

/** Node reads vitest.config.ts as it is; bundled, it would be written into a clone that may belong to someone else. */
const READ_ONLY = "--configLoader=native";

/** @type {Record<string, (root: string, args: string[]) => Command[]>} */
const tasks = {
  start: (root, args) => [program(root, "apps/cli/src/main.ts", ["train", ...args])],
  lamina: (root, args) => [program(root, "apps/cli/src/main.ts", args)],
  bench: (root, args) => [program(root, "tools/bench/src/main.ts", args)],
  support: (root, args) => [program(root, "tools/support-matrix/src/main.ts", args)],
  test: (root, args) => [tool(root, "vitest", "vitest", ["run", READ_ONLY, ...args])],
  dev: (root, args) => [tool(root, "vitest", "vitest", ["watch", READ_ONLY, ...args])],
  check: (root) => [
    tool(root, "typescript", "tsc", ["-b"], "types (tsc)"),
    tool(root, "@biomejs/biome", "biome", ["check"], "style and import cycles (biome)"),
    tool(root, "knip", "knip", [], "unused files and exports, undeclared dependencies (knip)"),
    { ...program(root, "tools/support-matrix/src/main.ts", ["--check"]), title: "docs/support.md (support-matrix)" },
  ],
  fix: (root, args) => [tool(root, "@biomejs/biome", "biome", ["check", "--write", ...args])],
  build: (root, args) => [tool(root, "turbo", "turbo", ["run", "build", ...args])],
};

export const taskNames = Object.keys(tasks);

/**
 * The commands of a task, in order.
 * @param {string} root @param {string} task one of `taskNames` @param {string[]} args passed through by the user
 */
export const commandsOf = (root, task, args) => tasks[task](root, args);

/** What a device needs of the system (natives/), by the name that the command line has for it. @type {Record<string, string[]>} */
const backendNatives = { webgpu: ["vulkan"], "tfjs-node": ["tfjsNode"] };

/** Options of the bench with which no peer runs; peers from npm it installs itself. */
const BENCH_RUNS_NOTHING = /^(-h|--(help|list|page|profile))$/;

/**
 * What a task needs of the system: tests need all of it, the command line what the device needs that was asked for.
 * @param {string} task @param {readonly string[]} args
 */
export function nativesOf(task, args) {
  if (task === "test" || task === "dev" || task === "support") return nativeNames;
  if (task === "bench" && !args.some((arg) => BENCH_RUNS_NOTHING.test(arg))) return ["chromium", "tfjsNode"];
  return backendNatives[backendOf(args) ?? process.env.LAMINA_BACKEND ?? ""] ?? [];
}
/** @param {readonly string[]} args */
function backendOf(args) {
  const at = args.findIndex((arg) => /^(-b|--backend)(=|$)/.test(arg));
  return at < 0 ? undefined : args[at].includes("=") ? args[at].split("=")[1] : args[at + 1];
}
