// Lets one set-up at a time work in a clone; a second one waits. A lock whose process is gone is taken over.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Runs `work` while no other set-up does.
 * @template T
 * @param {string} cache @param {(text: string) => void} say @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function withLock(cache, say, work) {
  const file = join(cache, "first-run.lock");
  let told = false;
  while (!tryLock(file)) {
    if (!told) say(`waiting for the set-up by process ${ownerOf(file) ?? "?"}; if there is none, delete ${file}`);
    told = true;
    await sleep(300);
  }
  const unlock = () => rmSync(file, { force: true });
  process.once("exit", unlock);
  try {
    return await work();
  } finally {
    process.off("exit", unlock);
    unlock();
  }
}

/** @param {string} file */
function tryLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const owner = ownerOf(file);
  if (owner !== undefined && !isAlive(owner)) rmSync(file, { force: true });
  return false;
}

/** @param {string} file @returns {number | undefined} */
function ownerOf(file) {
  try {
    return Number(readFileSync(file, "utf8")) || undefined; // empty for the moment between creation and writing
  } catch {
    return undefined; // just released
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"; // alive, but another user's
  }
}
