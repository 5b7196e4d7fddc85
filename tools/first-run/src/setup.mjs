// Makes a clone ready: a Node the toolchain runs on, pnpm, and the locked dependencies, all inside the clone's .cache and
// node_modules. A stamp of what was installed lets later runs skip all of it; how one step runs is step.mjs.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { explain, SetupError } from "./explain.mjs";
import { withLock } from "./lock.mjs";
import { runQuietly } from "./run.mjs";
import { fingerprint, readStamp, writeStamp } from "./stamp.mjs";
import { diskNote, homeIsWritable, step } from "./step.mjs";
import { isSuitable, NODE_RANGE, nodeBinary, nodePackage, PNPM_VERSION } from "./toolchain.mjs";

/** npm and pnpm both know these: retries that give up within seconds, not minutes, when there is no network. */
const FETCH = { "fetch-retries": 2, "fetch-retry-mintimeout": 1000, "fetch-retry-maxtimeout": 4000 };

/** @param {string} prefix how npm or pnpm takes a setting on its command line */
const fetchOptions = (prefix) => Object.entries(FETCH).map(([name, value]) => `${prefix}${name}=${value}`);

/** @typedef {import("./step.mjs").Place} Place */

/** @param {string} text */
export const say = (text) => console.error(`lamina: ${text}`);

/** @param {string} root @returns {Place} */
export function placeOf(root) {
  const cache = join(root, ".cache");
  return { root, cache, log: join(cache, "first-run.log") };
}

/**
 * Makes the clone at `root` ready and says with which Node and PATH to run things.
 * Throws a SetupError that tells the user what to do.
 * @param {string} root
 * @returns {Promise<{ node: string, path: string }>}
 */
export async function setUp(root) {
  const place = placeOf(root);
  const { cache } = place;
  const node = readyNode(place) ?? (await writing(place, () => withLock(cache, say, () => install(place))));
  return { node, path: [dirname(node), ...pnpmFolders(cache), process.env.PATH].filter(Boolean).join(delimiter) };
}

/**
 * Where pnpm's binary lies, for tools that run it by name: npm's link to it works only after pnpm's install script.
 * @param {string} cache
 */
function pnpmFolders(cache) {
  const scope = join(cache, "pnpm", "node_modules", "@pnpm");
  return existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name)) : [];
}

/**
 * The Node to run with when nothing has to be done, else undefined.
 * @param {Place} place
 */
function readyNode({ root, cache }) {
  const node = isSuitable(process.version) ? process.execPath : cachedNode(cache);
  const installed = existsSync(join(root, "node_modules", ".modules.yaml"));
  return node !== undefined && installed && readStamp(cache) === fingerprint(root) ? node : undefined;
}

/** @param {string} cache */
function cachedNode(cache) {
  const binary = nodeBinary(join(cache, "node"), process.platform, process.arch);
  return binary !== undefined && existsSync(binary) ? binary : undefined;
}

/**
 * File system errors of the set-up itself, told like those of its steps.
 * @template T @param {Place} place @param {() => Promise<T>} work @returns {Promise<T>}
 */
async function writing({ root, cache }, work) {
  try {
    mkdirSync(cache, { recursive: true });
    return await work();
  } catch (error) {
    if (error instanceof SetupError || !(error instanceof Error) || !("syscall" in error)) throw error;
    throw new SetupError(explain({ step: "Setting up", output: error.message, root }));
  }
}

/**
 * @param {Place} place
 * @returns {Promise<string>} the Node to run with
 */
async function install(place) {
  const ready = readyNode(place);
  if (ready) return ready; // another run has done it while we waited for the lock
  writeFileSync(place.log, "");
  const node = isSuitable(process.version) ? process.execPath : await getNode(place);
  const pnpm = await getPnpm(place, node);
  say("installing the locked dependencies into node_modules");
  const options = [...pnpmOptions, ...fetchOptions("--config.")];
  if (!homeIsWritable()) options.push(`--store-dir=${join(place.cache, "store")}`);
  await step(place, "Installing the dependencies", node, [pnpm, "install", ...options]);
  writeStamp(place.cache, fingerprint(place.root));
  say("ready; the next run starts at once");
  return node;
}

/** The lockfile was checked when it was committed: checking it again would ask the registry about every package. */
const pnpmOptions = [
  "--frozen-lockfile",
  "--trust-lockfile",
  "--prefer-offline",
  "--reporter=append-only",
  "--config.confirm-modules-purge=false",
];

/**
 * A Node from npm, where the one we run on is too old for the toolchain.
 * @param {Place} place
 */
async function getNode(place) {
  const name = nodePackage(process.platform, process.arch);
  const folder = join(place.cache, "node");
  const binary = nodeBinary(folder, process.platform, process.arch);
  const advice = `Install Node ${NODE_RANGE} or newer (https://nodejs.org), then run the same command again.`;
  if (name === undefined || binary === undefined) {
    const system = `${process.platform} ${process.arch}`;
    throw new SetupError(`Node ${process.version} is too old for the tools, and npm has none for ${system}. ${advice}`);
  }
  if (existsSync(binary) && (await runs(binary))) return binary;
  say(`Node ${process.version} is too old for the tools; getting Node ${NODE_RANGE} into .cache/node (about 60 MB)`);
  await npmInstall(place, folder, `${name}@${NODE_RANGE}`);
  if (!(await runs(binary))) throw doesNotRun(place, `Node ${NODE_RANGE}`, advice);
  return binary;
}

/**
 * @param {Place} place @param {string} node
 * @returns {Promise<string>} the JavaScript entry of pnpm
 */
async function getPnpm(place, node) {
  const folder = join(place.cache, "pnpm");
  const entry = join(folder, "node_modules", "pnpm", "bin", "pnpm.mjs");
  const isThere = async () => existsSync(entry) && (await runs(node, [entry, "--version"], PNPM_VERSION));
  if (await isThere()) return entry;
  const name = `pnpm ${PNPM_VERSION}`;
  say(`getting ${name} into .cache/pnpm (about 25 MB)`);
  await npmInstall(place, folder, `pnpm@${PNPM_VERSION}`);
  if (!(await isThere())) throw doesNotRun(place, name, `Delete ${folder} and run the same command again.`);
  return entry;
}

/**
 * Whether `--version` works, and says `expected` where given.
 * @param {string} file @param {string[]} [args] @param {string} [expected]
 */
async function runs(file, args = ["--version"], expected = "") {
  const { code, output } = await runQuietly(file, args, { cwd: dirname(file), env: process.env });
  return code === 0 && output.includes(expected);
}

/**
 * The error for something downloaded that does not run: half a file on a full disk, or the wrong file for this system.
 * @param {Place} place @param {string} name @param {string} advice
 */
function doesNotRun({ root }, name, advice) {
  const full = diskNote(root);
  if (full) return new SetupError(explain({ step: `Getting ${name}`, output: full, root }));
  return new SetupError(`${name} from npm does not run on this machine. ${advice}`);
}

const npmOptions = [
  "--ignore-scripts",
  "--prefer-offline",
  "--no-save",
  "--no-package-lock",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
];

/**
 * Installs one package into a folder of its own, without running any script of it.
 * @param {Place} place @param {string} folder @param {string} spec
 */
async function npmInstall(place, folder, spec) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const options = [...npmOptions, ...fetchOptions("--")];
  if (!homeIsWritable()) options.push(`--cache=${join(place.cache, "npm")}`);
  const [npm, ...npmArgs] = npmCommand();
  await step(place, `Getting ${spec}`, npm, [...npmArgs, "install", ...options, spec], folder);
}

/** npm by the entry that started us, else by name. */
function npmCommand() {
  const entry = process.env.npm_execpath;
  return entry !== undefined && basename(entry).startsWith("npm-cli") ? [process.execPath, entry] : ["npm"];
}
