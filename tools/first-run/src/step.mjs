// One step of the set-up: a command whose output goes to a log and whose failure is explained. Which steps there are is
// setup.mjs.
import { accessSync, appendFileSync, constants, statfsSync } from "node:fs";
import { homedir } from "node:os";
import { explain, SetupError } from "./explain.mjs";
import { runQuietly } from "./run.mjs";

/** Less than this left on a disk (bytes) explains any failure. */
const LITTLE_SPACE = 20e6;

/** The clone, its cache folder, and the log of the set-up. @typedef {{ root: string, cache: string, log: string }} Place */

/**
 * Runs one command of the set-up; throws a SetupError that explains a failure.
 * @param {Place} place @param {string} name @param {string} file @param {string[]} args @param {string} [cwd]
 */
export async function step({ root, log }, name, file, args, cwd = root) {
  const shell = file === "npm" && process.platform === "win32"; // npm is a .cmd file there
  const { code, output } = await runQuietly(file, args, { cwd, env: cleanEnvironment(process.env), shell });
  if (code === 0) return;
  if (code > 128) throw new SetupError(`${name} was stopped; run the same command again to go on.`, code);
  const logged = tryAppend(log, `${name}: exit code ${code}\n${output}\n`);
  throw new SetupError(explain({ step: name, output: output + diskNote(root), root, log: logged ? log : undefined }));
}

/** @param {string} file @param {string} text */
function tryAppend(file, text) {
  try {
    appendFileSync(file, text);
    return true;
  } catch {
    return false; // a full disk: the explanation matters more than the log
  }
}

/**
 * What a full disk would say, or nothing. npm can report success after writing half a file, so its word is not enough.
 * @param {string} folder
 */
export function diskNote(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < LITTLE_SPACE ? "\nENOSPC: no space left on device" : "";
}

/** Whether npm and pnpm can keep their caches where they want to: users of a service often have no home folder. */
export function homeIsWritable() {
  try {
    accessSync(homedir(), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What `npm start` says about this workspace; settings of the user (registry, proxy, cache) are not among them. */
const ABOUT_THIS_RUN = [
  /^npm_(lifecycle|package)_/i,
  /^npm_command$/i,
  /^npm_config_(local_prefix|prefix|global|global_prefix|workspaces?|include_workspace_root)$/i,
  /^npm_config_(json|dry_run|omit|include|loglevel|offline)$/i,
];

/**
 * The environment without those: an inner npm would take them for itself.
 * @param {NodeJS.ProcessEnv} env
 */
export const cleanEnvironment = (env) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !ABOUT_THIS_RUN.some((pattern) => pattern.test(name))));
