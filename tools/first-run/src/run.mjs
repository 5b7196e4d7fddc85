// Runs one child process: either in our place (same terminal, same signals, same exit code) or quietly with its output
// captured. What to run is for others to say.
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** One press of Ctrl-C reaches us up to twice (from the terminal's group and from npm); it is passed on once. */
const SAME_INTERRUPT_MS = 1000;

/** How often to look whether the shell that npm started us in is still there. */
const PARENT_CHECK_MS = 500;

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv }} Options */

/**
 * The exit code a shell would give: the child's own, or 128 + n when signal n ended it.
 * @param {number | null} code @param {NodeJS.Signals | null} signal
 */
export const exitCodeOf = (code, signal) => (signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1));

/**
 * Keeps this process alive through signals and hands them to the child. In a terminal, Ctrl-C has already reached the
 * child, which shares our process group; a second one would read as "quit at once", so it is not passed on there.
 * @param {import("node:child_process").ChildProcess} child
 * @returns {() => NodeJS.Signals | null} takes the handlers away again and says which signal came last
 */
function forwardSignals(child) {
  const inTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  /** @type {NodeJS.Signals | null} */
  let received = null;
  let lastInterrupt = Number.NEGATIVE_INFINITY;
  const interrupt = () => {
    received = "SIGINT";
    if (inTerminal || Date.now() - lastInterrupt < SAME_INTERRUPT_MS) return;
    lastInterrupt = Date.now();
    child.kill("SIGINT");
  };
  const pass = (/** @type {NodeJS.Signals} */ signal) => child.kill((received = signal));
  const terminate = () => pass("SIGTERM");
  const hangUp = () => pass("SIGHUP");
  process.on("SIGINT", interrupt).on("SIGTERM", terminate).on("SIGHUP", hangUp);
  const stopWatching = onOrphaned(terminate);
  return () => {
    process.off("SIGINT", interrupt).off("SIGTERM", terminate).off("SIGHUP", hangUp);
    stopWatching();
    return received;
  };
}

/**
 * Calls back when the shell between npm and us is gone. npm hands SIGTERM to that shell alone, and where the shell does
 * not replace itself by our process (Debian's dash) we would never hear of it and train on with nobody listening.
 * @param {() => void} callback
 * @returns {() => void} stops looking
 */
function onOrphaned(callback) {
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined) return () => {};
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    callback();
  }, PARENT_CHECK_MS);
  return () => clearInterval(timer);
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<{ code: number, stoppedBy: NodeJS.Signals | null, error?: Error }>} `stoppedBy`: a signal we passed on
 */
function ended(child) {
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 127, stoppedBy: stopForwarding(), error }));
    child.once("close", (code, signal) => resolve({ code: exitCodeOf(code, signal), stoppedBy: stopForwarding() }));
  });
}

/**
 * Runs a program in our place and resolves to its exit code.
 * @param {string} file @param {string[]} args @param {Options} options
 */
export async function runInheriting(file, args, { cwd, env }) {
  const { code, error } = await ended(spawn(file, args, { cwd, env, stdio: "inherit" }));
  if (error) console.error(`lamina: could not run ${file}: ${error.message}`);
  return code;
}

/**
 * Runs a program without showing it and resolves to its exit code and everything it printed. Where a signal to us stopped
 * it, the code is that signal's, whatever the program made of it.
 * @param {string} file @param {string[]} args @param {Options & { shell?: boolean }} options
 */
export async function runQuietly(file, args, { cwd, env, shell = false }) {
  const child = spawn(file, args, { cwd, env, shell, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (/** @type {string} */ text) => (output += text));
  }
  const { code, stoppedBy, error } = await ended(child);
  return {
    code: stoppedBy ? exitCodeOf(null, stoppedBy) : code,
    output: error ? `${output}${error.message}\n` : output,
  };
}
