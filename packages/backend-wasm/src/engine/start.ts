// Starts workers. In pages their program is a file, where this one lies beside it or a bundler knows of it, and else, as after
// esbuild, the same program as text; in Node it is the text. In Node they keep no process alive.
import { makeDrawing } from "@lamina/core";
import { makeHost } from "../pointwise/host.ts";
import { makeEngine } from "./engine.ts";
import { type Answer, type Message, serve } from "./serve.ts";

/** The part of Node's and of a browser's Worker that is used here. */
export interface Thread {
  tell(message: Message, transfer?: ArrayBuffer[]): void;
  /** It keeps the process alive (Node), or not. */
  hold(on: boolean): void;
  /** When this resolves it has ended. */
  stop(): Promise<unknown>;
  /** Whether it has, as far as can be known by a thread that hears no events meanwhile; of one that has not begun its first work, perhaps wrongly. */
  ended(): boolean;
}
/** What a worker says, and why it is no more. */
export interface Listener {
  onAnswer(answer: Answer): void;
  onFailure(reason: string): void;
}

// ---- Node --------------------------------------------------------------------------------------------------------------
/** Node's modules, without an import that a bundler for pages would follow (Node 20.16 and later). */
interface Builtins {
  (name: "node:os"): { availableParallelism(): number };
  (name: "node:worker_threads"): { readonly Worker: new (text: string, options: object) => NodeWorker };
}
interface NodeWorker {
  postMessage(message: Message, transfer: readonly ArrayBuffer[]): void;
  terminate(): Promise<unknown>;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "exit", listener: (code: number) => void): void;
  on(event: "online", listener: () => void): void;
  on(event: "message", listener: (answer: Answer) => void): void;
  readonly performance?: { eventLoopUtilization(): { readonly idle: number; readonly active: number } };
  ref(): void;
  unref(): void;
}
interface Globals {
  readonly process?: {
    readonly versions?: { readonly node?: string };
    readonly getBuiltinModule?: Builtins;
  };
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly crossOriginIsolated?: boolean;
  readonly document?: unknown;
}
const { process, navigator, crossOriginIsolated, document } = globalThis as Globals;
const inNode = process?.versions?.node !== undefined;
const builtin = inNode ? process?.getBuiltinModule : undefined;

export const cores = (): number =>
  inNode ? (builtin?.("node:os").availableParallelism() ?? 1) : (navigator?.hardwareConcurrency ?? 1);
/** The main thread of a page, which must not be held. */
export const inPage = !inNode && document !== undefined;
/** Why a memory cannot be shared; undefined if it can. */
export function obstacle(): string | undefined {
  if (inNode) return builtin ? undefined : "this Node cannot start threads from here; use Node 20.16 or later";
  if (crossOriginIsolated) return undefined;
  return "this page is not cross-origin isolated; serve it with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
}

// names that bundlers give to what they add to functions
const TEXT = `const __name = (f) => f;
(${serve})(typeof require === "undefined" ? self : require("node:worker_threads").parentPort, ${makeEngine}, (${makeHost})(), (${makeDrawing})().drawn);`;

/**
 * A worker that is online, and this thread knows it: before that Node cannot say whether it has ended. It holds the process till then.
 * @throws if it does not come so far.
 */
function startInNode({ onAnswer, onFailure }: Listener): Promise<Thread> {
  const { Worker } = builtin!("node:worker_threads");
  const worker = new Worker(TEXT, { eval: true, execArgv: [] });
  worker.on("message", onAnswer);
  let stopped = false;
  worker.on("error", ({ message }) => onFailure(message));
  worker.on("exit", (code) => stopped || onFailure(`it ended with code ${code}`));
  const thread: Thread = {
    tell: (message, transfer = []) => worker.postMessage(message, transfer),
    hold: (on) => (on ? worker.ref() : worker.unref()),
    stop() {
      stopped = true;
      return worker.terminate();
    },
    ended() {
      // Node 20 to 24, before the event that says so: idle is -1, or, of a thread that was never asked while it lived, nothing is known
      const { idle, active } = worker.performance?.eventLoopUtilization() ?? { idle: 0, active: 1 };
      return idle < 0 || (idle === 0 && active === 0);
    },
  };
  return new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("online", () => {
      worker.unref();
      resolve(thread);
    });
  });
}

// ---- browsers ------------------------------------------------------------------------------------------------------------
const fromFile = (): Worker => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const fromText = (): Worker => new Worker(URL.createObjectURL(new Blob([TEXT], { type: "text/javascript" })));
/** What bundlers that know of workers leave in `import.meta`: Vite and webpack. */
interface Meta {
  readonly env?: unknown;
  readonly webpack?: unknown;
}
const hasFile =
  /\/engine\/start\.ts$|\/backend-wasm(@[^/]+)?\/dist\/[^/]+\.js$/.test(import.meta.url ?? "") ||
  (import.meta as Meta).env !== undefined ||
  (import.meta as Meta).webpack !== undefined;
/** First the one that makes no noise: a file that is not there is told on the console, and so is text that a policy refuses. */
const ways = hasFile ? [fromFile, fromText] : [fromText, fromFile];
/** The first that works here. */
let way = 0;

/** A worker that has begun. @throws if none does. */
async function startInBrowser(listener: Listener): Promise<Thread> {
  for (; way < ways.length; way++)
    try {
      return await begun(ways[way](), listener);
    } catch {
      // the next way
    }
  throw new Error("this page's Content-Security-Policy, or its bundler, lets no worker start");
}
function begun(worker: Worker, { onAnswer, onFailure }: Listener): Promise<Thread> {
  return new Promise((resolve, reject) => {
    worker.onmessage = () => {
      worker.onmessage = ({ data }: { data: Answer }) => onAnswer(data);
      worker.onerror = ({ message }) => onFailure(message);
      resolve({
        tell: (message, transfer = []) => worker.postMessage(message, transfer),
        hold: () => {},
        stop: async () => worker.terminate(),
        ended: () => false,
      });
    };
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      reject(new Error(event.message));
    };
  });
}

/** @throws if no worker can be had. */
export async function start(listener: Listener): Promise<Thread> {
  return inNode ? startInNode(listener) : startInBrowser(listener);
}
