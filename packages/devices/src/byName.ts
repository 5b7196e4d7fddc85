// The one place where a name becomes a package. Packages are imported only when asked for, and none has to be installed.
import type { Backend } from "@lamina/core";

interface Entry {
  readonly package: string;
  readonly description: string;
  /** What it needs beside our package. */
  readonly peers?: string;
  /** The export that opens it; `mode` is what follows the colon. */
  readonly opener: string;
  readonly options?: (mode: string | undefined) => object | undefined;
}
export const backends = {
  wasm: {
    package: "@lamina/backend-wasm",
    description: "WebAssembly SIMD on any CPU; the default (wasm:N with N threads)",
    opener: "wasm",
    options: (mode: string | undefined) => threadsOf(mode ?? environment("LAMINA_THREADS")),
  },
  webgpu: {
    package: "@lamina/backend-webgpu",
    description: "graphics cards, in browsers and in Node through Dawn",
    peers: "webgpu",
    opener: "webgpu",
  },
  "tfjs-node": {
    package: "@lamina/backend-tfjs-node",
    description: "TensorFlow's own kernels, on the CPU or by CUDA",
    peers: "@tensorflow/tfjs-node",
    opener: "tfjsNode",
  },
  gpujs: {
    package: "@lamina/backend-gpujs",
    description: "gpu.js: WebGL, or plain JavaScript (gpujs:MODE for one of its modes)",
    peers: "gpu.js",
    opener: "gpujs",
    options: (mode: string | undefined) => (mode === undefined ? undefined : { mode }),
  },
  reference: {
    package: "@lamina/backend-reference",
    description: "plain loops in double precision: the definition of each op, slow",
    opener: "reference",
  },
} as const satisfies Readonly<Record<string, Entry>>;

export type BackendName = keyof typeof backends;
export const backendNames = Object.keys(backends) as readonly BackendName[];

function split(name: string): { entry: Entry; base: BackendName; mode: string | undefined } {
  const [base, mode] = name.split(":", 2) as [string, string | undefined];
  if (!Object.hasOwn(backends, base))
    throw new RangeError(`backend "${name}" is not known; choose one of: ${backendNames.join(", ")}`);
  const entry: Entry = backends[base as BackendName];
  if (mode !== undefined && !entry.options)
    throw new RangeError(`backend "${name}": ${base} has no modes; write ${base}`);
  return { entry, base: base as BackendName, mode };
}

/** The name in LAMINA_BACKEND, or else `wasm`. */
export const chosenName = (): string => environment("LAMINA_BACKEND") || "wasm";
function environment(name: string): string | undefined {
  return (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env[name];
}
/** How many threads are wanted, as text; the device says what is possible. */
function threadsOf(text: string | undefined): object | undefined {
  return text ? { threads: Number.isNaN(Number(text)) ? text : Number(text) } : undefined;
}

/** The command that adds a device's packages. */
const installing = ({ package: name, peers }: Entry): string => `npm install ${peers ? `${name} ${peers}` : name}`;

/**
 * The module of a device's package, with all that it exports.
 * @throws RangeError for an unknown name; if the package is not installed, with the command that installs it.
 */
export async function importBackend(name: string): Promise<Readonly<Record<string, unknown>>> {
  const { entry, base } = split(name);
  try {
    return await import(/* @vite-ignore */ entry.package);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes(entry.package)) throw error;
    throw new Error(`${base}: the package ${entry.package} is not installed; run: ${installing(entry)}`, {
      cause: error,
    });
  }
}
export interface BackendLocation {
  /** The device's package, as a URL that can be imported. */
  readonly module: string;
  /** The export that opens it, and what that is called with. */
  readonly export: string;
  readonly with: object | undefined;
}
/** Where a device is, for whoever opens it elsewhere: on a page, in a worker. */
export function locateBackend(name: string): BackendLocation {
  const { entry, mode } = split(name);
  return { module: import.meta.resolve(entry.package), export: entry.opener, with: optionsOf(entry, mode) };
}
const optionsOf = ({ options }: Entry, mode: string | undefined): object | undefined => options?.(mode);

/**
 * Opens a device by its name: `setBackend(await openBackend("webgpu"))`; `gpujs:cpu` names a mode as well, and `wasm:2` a number of
 * threads, which else LAMINA_THREADS says, or the device decides.
 * @param name default: what LAMINA_BACKEND says, or else `wasm`.
 * @throws RangeError for an unknown name; if its package is not installed, or what the device itself throws where it cannot run.
 */
export async function openBackend(name: string = chosenName()): Promise<Backend> {
  const { entry, mode } = split(name);
  const module = await importBackend(name);
  const open = module[entry.opener] as (options?: object) => Promise<Backend>;
  return open(optionsOf(entry, mode));
}
