// A worker's side: answers a loader's requests for batches. This is `@lamina/data/worker`, for a worker file of your own.
import type { Batch, Dataset } from "../dataset.ts";
import { type LoaderOptions, loadBatch, randomOfEpoch } from "../loader.ts";
import { buffersOf, type Plain, type Reply, type Request, toPlain } from "./messages.ts";

/** The loader's end of a thread. */
interface Port {
  postMessage(message: Reply, transfer: readonly ArrayBuffer[]): void;
  on?(event: "message", listener: (request: Request) => void): void;
  addEventListener?(event: "message", listener: (event: { readonly data: Request }) => void): void;
}

/**
 * Loads batches of `dataset` for the loader that made this worker. The whole worker file:
 *
 *     import { serve } from "@lamina/data/worker";
 *     serve(await makeDataset());
 *
 * and in the loader's options: `workers: 2, worker: () => new Worker(new URL("./data.worker.js", import.meta.url), { type: "module" })`.
 */
export async function serve<T, B = Batch>(
  dataset: Dataset<T, B>,
  { collate }: Pick<LoaderOptions<T, B>, "collate"> = {},
): Promise<void> {
  const port = await parentPort();
  const answer = async ({ id, indices, seed, epoch }: Request): Promise<void> => {
    try {
      const batch = await toPlain(await loadBatch(dataset, indices, randomOfEpoch(seed, epoch), collate));
      port.postMessage({ id, batch }, transferable(batch));
    } catch (error) {
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
    }
  };
  if (port.on) port.on("message", answer);
  else port.addEventListener!("message", ({ data }) => void answer(data));
  port.postMessage("ready", []);
}

/** Bytes that are handed over instead of copied: not those that threads share. */
const transferable = (batch: Plain): ArrayBuffer[] => [
  ...new Set(buffersOf(batch).filter((buffer) => buffer instanceof ArrayBuffer)),
];

async function parentPort(): Promise<Port> {
  if (typeof process === "undefined" || !process.versions?.node) return globalThis as unknown as Port;
  const { parentPort: port } = await import("node:worker_threads");
  if (!port) throw new Error("serve: this is no worker thread; call it in the file that a loader's worker runs");
  return port as unknown as Port;
}
