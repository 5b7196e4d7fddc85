// Installs packages of Debian and its kin, where the user may. Which packages is for the needs to say.
import { existsSync } from "node:fs";
import { SetupError } from "../explain.mjs";
import { step } from "../step.mjs";

/** Another apt may be at work: wait for it. */
const OPTIONS = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=2", "-qq"];

/**
 * @param {import("../step.mjs").Place} place @param {readonly string[]} packages
 * @throws {SetupError} where there is no apt, the user is not root, or it fails; the message says what to do by hand
 */
export async function aptInstall(place, packages) {
  const byHand = `apt-get install ${packages.join(" ")}`;
  if (!existsSync("/usr/bin/apt-get")) throw new SetupError("this system has no apt-get to install it with");
  if (process.getuid?.() !== 0) throw new SetupError(`only root can install it: sudo ${byHand}`);
  // without questions, and without a list of packages the image may have thrown away
  const apt = (/** @type {string[]} */ ...args) =>
    step(place, byHand, "/usr/bin/env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", ...OPTIONS, ...args]);
  await apt("update");
  await apt("install", "-y", "--no-install-recommends", ...packages);
}
