// Makes a clone ready: a Node the toolchain runs on, pnpm, and the locked dependencies, all inside the clone's .cache and
// node_modules. A stamp of what was installed lets later runs skip all of it; running things is run.mjs.
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { explain, SetupError } from "./explain.mjs";
import { withLock } from "./lock.mjs";
import { runQuietly } from "./run.mjs";
import { fingerprint, readStamp, writeStamp } from "./stamp.mjs";
import { isSuitable, NODE_RANGE, nodeBinary, nodePackage, PNPM_VERSION } from "./toolchain.mjs";

/** Retries that give up within seconds, not minutes, when there is no network. */
const FETCH = { "fetch-retries": 2, "fetch-retry-mintimeout": 1000, "fetch-retry-maxtimeout": 4000 };

/** @param {string} prefix how npm or pnpm takes a setting on its command line */
const fetchOptions = (prefix) => Object.entries(FETCH).map(([name, value]) => `${prefix}${name}=${value}`);

/** Less than this left on the disk explains any failure. */
const LITTLE_SPACE = 20e6;

/** @typedef {{ root: string, cache: string, log: string }} Place */

/** @param {string} text */
const say = (text) => console.error(`lamina: ${text}`);

/**
 * Makes the clone at `root` ready and says with which Node and PATH to run things.
 * Throws a SetupError that tells the user what to do.
 * @param {string} root
 * @returns {Promise<{ node: string, path: string }>}
 */
export async function setUp(root) {
  const cache = join(root, ".cache");
  const place = { root, cache, log: join(cache, "first-run.log") };
  const ready = readyNode(place);
  const node = ready ?? (await writing(place, () => withLock(cache, say, () => install(place))));
  const pnpmBin = join(cache, "pnpm", "node_modules", ".bin");
  return { node, path: [dirname(node), pnpmBin, process.env.PATH].filter(Boolean).join(delimiter) };
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
  await step(place, "Installing the dependencies", node, [pnpm, "install", "--frozen-lockfile", ...pnpmOptions(place)]);
  writeStamp(place.cache, fingerprint(place.root));
  say("ready; the next run starts at once");
  return node;
}

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
    throw new SetupError(
      `this is Node ${process.version}, and npm has none for ${process.platform} ${process.arch}. ${advice}`,
    );
  }
  if (existsSync(binary) && (await runs(binary))) return binary;
  say(
    `Node ${process.version} is too old for the tools; getting Node ${NODE_RANGE} from npm into .cache/node (about 60 MB)`,
  );
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
  say(`getting pnpm ${PNPM_VERSION} from npm into .cache/pnpm`);
  await npmInstall(place, folder, `pnpm@${PNPM_VERSION}`);
  if (!(await isThere()))
    throw doesNotRun(place, `pnpm ${PNPM_VERSION}`, `Delete ${folder} and run the same command again.`);
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
 * Installs one package into a folder of its own, without running any script of it.
 * @param {Place} place @param {string} folder @param {string} spec
 */
async function npmInstall(place, folder, spec) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  const options = [
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-save",
    "--no-package-lock",
    "--prefer-offline",
    "--loglevel=error",
  ];
  const cache = homeIsWritable() ? [] : [`--cache=${join(place.cache, "npm")}`];
  const [npm, ...npmArgs] = npmCommand();
  await step(
    place,
    `Getting ${spec}`,
    npm,
    [...npmArgs, "install", ...options, ...fetchOptions("--"), ...cache, spec],
    folder,
  );
}

/** npm by the entry that started us, else by name. */
function npmCommand() {
  const entry = process.env.npm_execpath;
  return entry !== undefined && basename(entry).startsWith("npm-cli") ? [process.execPath, entry] : ["npm"];
}

/** @param {Place} place */
function pnpmOptions({ cache }) {
  const store = homeIsWritable() ? [] : [`--store-dir=${join(cache, "store")}`];
  return [
    "--config.confirm-modules-purge=false",
    "--reporter=append-only",
    "--prefer-offline",
    ...fetchOptions("--config."),
    ...store,
  ];
}

/** Whether npm and pnpm can keep their caches where they want to: users of a service often have no home folder. */
function homeIsWritable() {
  try {
    accessSync(homedir(), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs one command of the set-up; what it prints goes to the log, and a failure is explained.
 * @param {Place} place @param {string} name @param {string} file @param {string[]} args @param {string} [cwd]
 */
async function step({ root, log }, name, file, args, cwd = root) {
  const shell = file === "npm" && process.platform === "win32"; // npm is a .cmd file there
  const { code, output } = await runQuietly(file, args, { cwd, env: cleanEnvironment(process.env), shell });
  if (code === 0) return;
  try {
    appendFileSync(log, `${name}: exit code ${code}\n${output}\n`);
  } catch {
    // A full disk: the explanation is worth more than the log.
  }
  if (code > 128) throw new SetupError(`${name} was stopped; run the same command again to go on.`, code);
  throw new SetupError(explain({ step: name, output: output + diskNote(root), root, log }));
}

/**
 * npm can report success after writing half a file to a full disk, so its word is not enough.
 * @param {string} folder
 */
function diskNote(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < LITTLE_SPACE ? "\nENOSPC: no space left on device" : "";
}

/**
 * The error for something downloaded that does not run.
 * @param {Place} place @param {string} name @param {string} advice
 */
function doesNotRun({ root }, name, advice) {
  const full = diskNote(root);
  return new SetupError(
    full
      ? explain({ step: `Getting ${name}`, output: full, root })
      : `${name} from npm does not run on this machine. ${advice}`,
  );
}

/**
 * The environment without what `npm start` says about this workspace: an inner npm would take it for itself.
 * @param {NodeJS.ProcessEnv} env
 */
export function cleanEnvironment(env) {
  const ours =
    /^npm_(config_(prefix|local_prefix|global|global_prefix|workspaces?|include_workspace_root|json|dry_run|omit|include|loglevel|offline)|lifecycle_.*|package_.*|command)$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.test(name)));
}
