// What tests and some devices need of the system beside npm packages: a row a need. Each is looked for at every start, which
// costs a few file look-ups, and installed only for tasks that need it (tasks.mjs). What cannot be had is absent, not an error.
import { withLock } from "../lock.mjs";
import { chromium, firefox } from "./browsers.mjs";
import { lavapipe } from "./lavapipe.mjs";
import { tensorboard } from "./tensorboard.mjs";
import { tfjsNode } from "./tfjsNode.mjs";
import { vulkan } from "./vulkan.mjs";

/** @typedef {import("../step.mjs").Place} Place */
/** What the environment of programs gets where it is here, or why it is not. @typedef {{ env: Record<string, string> } | { absent: string }} Found */
/**
 * @typedef {object} Native
 * @property {string} purpose who goes without it
 * @property {() => Found} find looks, and changes nothing
 * @property {(place: Place) => Promise<void>} install may throw: then it stays absent, and the error is the reason
 */

/** @type {Record<string, Native>} */
const natives = { chromium, firefox, lavapipe, tensorboard, tfjsNode, vulkan };

export const nativeNames = Object.keys(natives);

/** The variable that tells a test why a need is not met; the name of the need in capitals. @param {string} name */
const absenceVariable = (name) => `LAMINA_ABSENT_${name.toUpperCase()}`;

/**
 * The environment that tells programs where the natives are and, except under CI, why one is not here: tests read that
 * reason and skip, saying so. Under CI nothing excuses them, and a device that does not open is a failure.
 * @param {Record<string, string>} [reasons] better ones than `find` has: what an attempt to install them said
 * @returns {Record<string, string>}
 */
export function nativeEnv(reasons = {}) {
  const entries = Object.entries(natives).flatMap(([name, { find }]) => {
    const found = find();
    if ("env" in found) return Object.entries(found.env);
    const variable = absenceVariable(name);
    return process.env.CI ? [] : [[variable, process.env[variable] ?? reasons[name] ?? found.absent]];
  });
  return Object.fromEntries(entries);
}

/**
 * Installs what is not here of `names`.
 * @param {Place} place @param {readonly string[]} names @param {(text: string) => void} say
 * @returns {Promise<Record<string, string>>} why what is still absent is, by name
 */
export async function installNatives(place, names, say) {
  const isAbsent = (/** @type {string} */ name) => "absent" in natives[name].find();
  if (!names.some(isAbsent)) return {};
  /** @type {Record<string, string>} */
  const reasons = {};
  await withLock(place.cache, say, async () => {
    for (const name of names.filter(isAbsent)) {
      const reason = await tryInstall(place, name, say);
      if (reason !== undefined) reasons[name] = reason;
    }
  });
  return reasons;
}

/** @param {Place} place @param {string} name @param {(text: string) => void} say */
async function tryInstall(place, name, say) {
  say(`getting ${name}: ${natives[name].purpose} needs it`);
  try {
    await natives[name].install(place);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if ("exitCode" in error && Number(error.exitCode) > 128) throw error; // a signal: whoever sent it wants all of it to stop
    return error.message;
  }
  const found = natives[name].find();
  return "absent" in found ? found.absent : undefined;
}

/** One line on each that is absent, to end a run of tests with. @param {Record<string, string>} reasons */
export const absenceLines = (reasons) =>
  Object.entries(natives).flatMap(([name, { purpose, find }]) => {
    const found = find();
    return "env" in found
      ? []
      : [`ABSENT on this machine: ${name}, so ${purpose} was not tested (${reasons[name] ?? found.absent})`];
  });
