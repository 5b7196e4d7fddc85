// TensorFlow for Node: @tensorflow/tfjs-node, whose own installer fails on most networks, built by the set-up of our package
// for it, in the user's cache folder, so that a second clone finds it there.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { homeIsWritable, step } from "../step.mjs";
import { isSuitable, nodeBinary } from "../toolchain.mjs";
import { aptInstall } from "./apt.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../../../../..");
const SETUP = join(root, "packages", "backend-tfjs-node", "src", "setup", "main.ts");

/** What the set-up leaves when it is done (a test keeps the two equal). */
export const STAMP = "@tensorflow/tfjs-node 4.22.0, TensorFlow 2.16.2";

/** As the package has it (setup/folder.ts), or in the clone where the user has no home to write to. */
function folder() {
  if (process.env.LAMINA_TFJS_NODE) return process.env.LAMINA_TFJS_NODE;
  const cache = process.env.XDG_CACHE_HOME || (homeIsWritable() ? join(homedir(), ".cache") : join(root, ".cache"));
  return join(cache, "lamina", "tfjs-node");
}
function isReady() {
  const stamp = join(folder(), "cpu", "ready");
  return existsSync(stamp) && readFileSync(stamp, "utf8").trim() === STAMP;
}
/** @param {import("../step.mjs").Place} place */
const nodeOf = ({ cache }) =>
  isSuitable(process.version)
    ? process.execPath
    : (nodeBinary(join(cache, "node"), process.platform, process.arch) ?? process.execPath);

const COMPILERS = ["/usr/bin/c++", "/usr/local/bin/c++"];

/** @type {import("./index.mjs").Native} */
export const tfjsNode = {
  purpose: "tfjs-node",
  find() {
    if (isReady()) return { env: { LAMINA_TFJS_NODE: folder() } };
    return {
      absent: `@tensorflow/tfjs-node has not been set up in ${folder()}; npm test does it, or npx @lamina/backend-tfjs-node setup`,
    };
  },
  async install(place) {
    if (!process.env.CXX && !COMPILERS.some((file) => existsSync(file))) await aptInstall(place, ["g++"]);
    const command = [nodeOf(place), "--conditions=source", SETUP, "setup"];
    await step(place, "Setting up tfjs-node", "/usr/bin/env", [`LAMINA_TFJS_NODE=${folder()}`, ...command]);
  },
};
