// The stamp of a finished set-up: a hash of everything that decides what gets installed. Equal stamp, nothing to do.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NODE_RANGE, PNPM_VERSION } from "./toolchain.mjs";

const GROUPS = ["packages", "apps", "tools", "examples"];

/**
 * The files that decide what gets installed, relative to the root, in a fixed order.
 * @param {string} root
 */
export function manifests(root) {
  const inner = GROUPS.filter((group) => existsSync(join(root, group))).flatMap((group) =>
    readdirSync(join(root, group))
      .sort()
      .map((name) => `${group}/${name}/package.json`),
  );
  return ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...inner].filter((file) =>
    existsSync(join(root, file)),
  );
}

/**
 * A hash of the lockfile, every package.json, the system and the toolchain.
 * @param {string} root
 */
export function fingerprint(root) {
  const hash = createHash("sha256").update([process.platform, process.arch, NODE_RANGE, PNPM_VERSION].join(" "));
  for (const file of manifests(root)) hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** @param {string} cache */
const stampFile = (cache) => join(cache, "first-run.stamp");

/** @param {string} cache */
export function readStamp(cache) {
  const file = stampFile(cache);
  return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}

/**
 * Written beside and renamed, so that a stamp is whole or absent.
 * @param {string} cache @param {string} stamp
 */
export function writeStamp(cache, stamp) {
  writeFileSync(`${stampFile(cache)}.tmp`, `${stamp}\n`);
  renameSync(`${stampFile(cache)}.tmp`, stampFile(cache));
}
