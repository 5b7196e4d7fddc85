// Finds tfjs-node and loads it: the user's installation, or the one that `setup` made. Node 23 took functions out of `util`
// that its JavaScript calls; its own modules, and nobody else's, get a `util` that still has them.
import { createRequire, Module } from "node:module";
import { join } from "node:path";
import * as nodeUtil from "node:util";
import type { Binding } from "./binding.ts";
import { setUpFolder } from "./setup/folder.ts";

/** What this package uses of the module `@tensorflow/tfjs-node`. */
export interface TfjsNode {
  readonly version: Readonly<Record<string, string>>;
  /** Declared loosely, so that any version of tfjs fits. */
  findBackend(name: string): unknown;
}
/** The backend that tfjs-node registers under the name "tensorflow". */
interface TensorFlowBackend {
  readonly binding: Binding;
  readonly isGPUPackage: boolean;
  readonly isUsingGpuDevice: boolean;
}

/** CUDA first: who installed both wants it. */
const PACKAGES = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"];

/**
 * What TensorFlow reads from the environment when it is loaded, where the user has not said otherwise: oneDNN's kernels, several times
 * as fast on small images, also on processors where it thinks they do not pay; float32 that is float32 on NVIDIA cards, not TF32;
 * and no greetings.
 */
const SETTINGS = { TF_ENABLE_ONEDNN_OPTS: "1", NVIDIA_TF32_OVERRIDE: "0", TF_CPP_MIN_LOG_LEVEL: "2" };

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error)).trim();

/** @throws if there is none, or none that loads, saying what was found and what to do. */
export function findTfjsNode(): TfjsNode {
  for (const [name, value] of Object.entries(SETTINGS)) process.env[name] ??= value;
  const reasons: string[] = [];
  const folders = [process.cwd(), setUpFolder("gpu"), setUpFolder("cpu")].map((folder) => join(folder, "package.json"));
  for (const place of [folders[0], import.meta.url, folders[1], folders[2]]) {
    const require = createRequire(place);
    for (const name of PACKAGES) {
      const path = resolved(require, name);
      if (path === undefined) continue;
      try {
        return withOldUtil(() => require(path));
      } catch (error) {
        reasons.push(`${path} does not load: ${message(error)}`);
      }
    }
  }
  const found = reasons.length
    ? reasons.join("; ")
    : "neither @tensorflow/tfjs-node nor @tensorflow/tfjs-node-gpu is installed";
  throw new Error(
    `tfjs-node: ${found}; npm install @tensorflow/tfjs-node, or, where that fails, npx @lamina/backend-tfjs-node setup`,
  );
}
function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

/** Node's `util` with the two functions that tfjs-node calls; the rest is Node's own. */
const oldUtil: object = Object.create(nodeUtil, {
  isNullOrUndefined: { value: (x: unknown) => x === null || x === undefined },
  isArray: { value: Array.isArray },
});
type Load = (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;

/** Runs `load`; modules of tfjs-node that are loaded meanwhile and ask for `util` get the one above, for good. */
function withOldUtil<T>(load: () => T): T {
  const loader = Module as unknown as { _load: Load };
  const original = loader._load;
  loader._load = function (this: unknown, request, parent, isMain) {
    const isOurs = /[\\/]@tensorflow[\\/]tfjs-node(-gpu)?[\\/]/.test(parent?.filename ?? "");
    return isOurs && /^(node:)?util$/.test(request) ? oldUtil : original.call(this, request, parent, isMain);
  };
  try {
    return load();
  } finally {
    loader._load = original;
  }
}

/** @throws if `tf` is a tfjs without TensorFlow in it. */
export function tensorFlowOf(tf: TfjsNode): TensorFlowBackend {
  const backend = tf.findBackend("tensorflow") as TensorFlowBackend | null;
  if (typeof backend?.binding?.executeOp !== "function")
    throw new Error(
      'tfjs-node: the tf that was passed has no backend "tensorflow"; pass @tensorflow/tfjs-node or @tensorflow/tfjs-node-gpu, not plain @tensorflow/tfjs',
    );
  return backend;
}
