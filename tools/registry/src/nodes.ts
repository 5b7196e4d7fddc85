// The versions of Node that are on this machine: the toolchain's, and what else the PATH has.
import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface Node {
  readonly path: string;
  readonly version: string;
}
const versionOf = (path: string): string => execFileSync(path, ["--version"], { encoding: "utf8" }).trim();

const onPath = (process.env.PATH ?? "")
  .split(delimiter)
  .filter(Boolean)
  .map((folder) => join(folder, process.platform === "win32" ? "node.exe" : "node"))
  .filter((file) => existsSync(file));
const paths = new Set([process.execPath, ...onPath].map((file) => realpathSync(file)));

/** One of each version that is not too old for any package of ours. */
export const nodes: readonly Node[] = [...paths]
  .map((path) => ({ path, version: versionOf(path) }))
  .filter(({ version }) => isAtLeast(version, ">=20"))
  .filter(({ version }, i, all) => all.findIndex((other) => other.version === version) === i);

/** @param range as our packages write it: ">=20", ">=22.12" */
export function isAtLeast(version: string, range: string): boolean {
  const [have, need] = [version, range].map((text) => text.replace(/^\D+/, "").split(".").map(Number));
  return have[0] > need[0] || (have[0] === need[0] && have[1] >= (need[1] ?? 0));
}
