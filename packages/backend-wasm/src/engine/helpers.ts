// Threads for the engine: workers whose program is the engine's own text, so that there is no file for a bundler to lose.
// In Node they keep no process alive. What they do is engine.ts's business.
import { hostFunctions } from "../pointwise/host.ts";
import { MOST_THREADS, makeEngine } from "./engine.ts";

/** The part of Node's and of a browser's Worker that is used here. */
interface Thread {
  postMessage(message: unknown): void;
  terminate(): unknown;
}
export interface Helpers {
  /** Ends the threads. */
  stop(): void;
}
/** What a helper is told when it begins. */
interface Task {
  readonly memory: WebAssembly.Memory;
  readonly imports: readonly string[];
  readonly threads: number;
  readonly thread: number;
}

/** Node's modules, without an import that a bundler for pages would follow (Node 20.16 and later). */
interface Builtins {
  (name: "node:os"): { availableParallelism(): number };
  (name: "node:worker_threads"): { readonly Worker: new (text: string, options: object) => NodeThread };
}
interface NodeThread extends Thread {
  on(event: "error", listener: (error: Error) => void): void;
  unref(): void;
}
interface Globals {
  readonly process?: {
    readonly versions?: { readonly node?: string };
    readonly getBuiltinModule?: Builtins;
  };
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly crossOriginIsolated?: boolean;
}
const globals = globalThis as Globals;
const inNode = globals.process?.versions?.node !== undefined;
const builtin = globals.process?.getBuiltinModule;

/** More threads than this are not taken by themselves: linear layers and updates wait for memory, not for arithmetic. */
const MOST_AUTO = 8;

/**
 * How many threads to use.
 * @throws RangeError for a number that cannot be.
 */
export function countOf(threads: "auto" | number): number {
  if (threads === "auto") return Math.max(1, Math.min(MOST_AUTO, cores()));
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS)
    throw new RangeError(`wasm: threads is ${threads}; give "auto" or a whole number from 1 to ${MOST_THREADS}`);
  return threads;
}
const cores = (): number =>
  inNode ? (builtin?.("node:os").availableParallelism() ?? 1) : (globals.navigator?.hardwareConcurrency ?? 1);
/** Why there can be no threads; undefined if there can. */
export function obstacle(): string | undefined {
  if (inNode) return builtin ? undefined : "this Node cannot start threads from here; use Node 20.16 or later";
  if (globals.crossOriginIsolated) return undefined;
  return "this page is not cross-origin isolated; serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
}
let noticed = false;
/** One line, once. */
export function notice(reason: string): void {
  if (!noticed) console.warn(`@lamina/backend-wasm runs on one thread: ${reason}`);
  noticed = true;
}

/** The program of a helper. Kernels that call the host are not shared, so that none needs the host's functions. */
const program = (task: string): string => `
const __name = (f) => f;
const help = ({ memory, imports, threads, thread }) => {
  const none = () => { throw new Error("wasm: a helper has no functions of the host"); };
  (${makeEngine})(memory, Object.fromEntries(imports.map((name) => [name, none])), threads, thread).help();
};
${task}`;
const NODE = program(`help(require("node:worker_threads").workerData);`);
const BROWSER = program(`onmessage = ({ data }) => { help(data); close(); };`);

/**
 * Starts helpers, which come to the engine's jobs when they are ready: nobody waits for them.
 * @param onFailure is told why one did not start.
 */
export function startHelpers(
  memory: WebAssembly.Memory,
  threads: number,
  onFailure: (reason: string) => void,
): Helpers {
  const imports = Object.keys(hostFunctions);
  const start = inNode ? startInNode : startInBrowser;
  const helpers = Array.from({ length: threads - 1 }, (_, i) =>
    start({ memory, imports, threads, thread: i + 1 }, onFailure),
  );
  return { stop: () => helpers.forEach((helper) => void helper.terminate()) };
}
type Start = (task: Task, onFailure: (reason: string) => void) => Thread;
const startInNode: Start = (task, onFailure) => {
  const { Worker } = builtin!("node:worker_threads");
  const worker = new Worker(NODE, { eval: true, workerData: task, execArgv: [] });
  worker.on("error", ({ message }) => onFailure(message));
  worker.unref();
  return worker;
};
const startInBrowser: Start = (task, onFailure) => {
  const url = URL.createObjectURL(new Blob([BROWSER], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onerror = ({ message }) => onFailure(message);
  worker.postMessage(task);
  return worker;
};
