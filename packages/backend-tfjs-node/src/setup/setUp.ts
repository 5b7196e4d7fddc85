// Builds tfjs-node without its own installer, which needs a download server that few networks reach: the npm package as it
// is, libtensorflow out of TensorFlow's Python wheel, and the addon compiled here. About 40 seconds, and 950 MB of disk.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compileAddon, requireCompiler } from "./addon.ts";
import { setUpFolder } from "./folder.ts";
import { type Flavour, flavours, HEADERS, TENSORFLOW, VERSION } from "./pins.ts";
import { run } from "./run.ts";
import { downloadWheel, unpackWheel } from "./wheel.ts";

export interface SetUpOptions {
  /** Build tfjs-node-gpu, for an NVIDIA card; CUDA 12.3 and cuDNN 8.9 must be installed for it to be used. Default false. */
  gpu?: boolean;
  /** Told what is being done, a line at a time. Default: nobody. */
  say?: (text: string) => void;
}

/** Written last: a folder that has it is whole. */
const READY = "ready";
const stampOf = (flavour: Flavour): string => `${flavour.package} ${VERSION}, TensorFlow ${TENSORFLOW}\n`;

/** Whether `setUpTfjsNode` has nothing to do. */
export async function isSetUp({ gpu = false }: Pick<SetUpOptions, "gpu"> = {}): Promise<boolean> {
  const file = join(setUpFolder(gpu ? "gpu" : "cpu"), READY);
  return existsSync(file) && (await readFile(file, "utf8")) === stampOf(flavours[gpu ? "gpu" : "cpu"]);
}

/**
 * Makes tfjs-node ready in the user's cache folder, where `tfjsNode()` finds it; at once if it is there already. For Linux on x64, where
 * `npm install @tensorflow/tfjs-node` fails for want of a prebuilt library. Needs npm, a C++ compiler, and the npm and PyPI registries.
 * @returns the folder
 * @throws if something is missing, does not have its checksum, or does not build, saying what to do.
 */
export async function setUpTfjsNode({ gpu = false, say = () => {} }: SetUpOptions = {}): Promise<string> {
  const name = gpu ? "gpu" : "cpu";
  const folder = setUpFolder(name);
  if (await isSetUp({ gpu })) return folder;
  try {
    await requirements();
    await build(flavours[name], folder, say);
  } catch (error) {
    throw new Error(`tfjs-node setup: ${(error as Error).message}`, { cause: error });
  }
  return folder;
}
async function requirements(): Promise<void> {
  const system = `${process.platform}-${process.arch}`;
  if (system !== "linux-x64")
    throw new Error(`it is for linux-x64, and this is ${system}; npm install @tensorflow/tfjs-node`);
  await requireCompiler();
}

/** Beside its place first, so that nobody meets half of it. */
async function build(flavour: Flavour, folder: string, say: (text: string) => void): Promise<void> {
  const part = `${folder}.${process.pid}`;
  const module = join(part, "node_modules", flavour.package);
  const wheel = join(part, flavour.wheel.file);
  try {
    await mkdir(part, { recursive: true });
    say(
      `getting ${flavour.package} ${VERSION} from npm and TensorFlow ${TENSORFLOW} from PyPI (${flavour.wheel.megabytes} MB)`,
    );
    await Promise.all([installPackages(flavour, part), downloadWheel(flavour.wheel, wheel)]);
    await unpackWheel(wheel, join(module, "deps"));
    await rm(wheel);
    say("compiling the addon");
    await compileAddon(module, join(part, "node_modules", "node-api-headers", "include"));
    await writeFile(join(part, READY), stampOf(flavour));
    await mkdir(dirname(folder), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(part, folder);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function installPackages(flavour: Flavour, folder: string): Promise<void> {
  await writeFile(join(folder, "package.json"), '{ "private": true }\n');
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await run("npm", ["install", "--ignore-scripts", ...quiet, `${flavour.package}@${VERSION}`, HEADERS], folder);
  const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
  const { integrity } = lock.packages[`node_modules/${flavour.package}`];
  if (integrity !== flavour.integrity)
    throw new Error(
      `${flavour.package} has the checksum ${integrity} but must have ${flavour.integrity}; do not trust this registry`,
    );
}
