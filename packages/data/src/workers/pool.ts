// A loader's side of its workers: starts them, gives each batch to one, and hands on what they answer.

import { type Answer, fromPlain, type Reply, type Request, type WorkerLike } from "./messages.ts";
import { plainDataset } from "./portable.ts";

interface Waiting {
  readonly resolve: (batch: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One thread and what it has been asked for. */
class Hand {
  readonly waiting = new Map<number, Waiting>();
  readonly thread: WorkerLike;
  private lost: Error | undefined;
  /** What it will be asked when it listens; undefined from then on. */
  private early: Request[] | undefined = [];

  constructor(thread: WorkerLike) {
    this.thread = thread;
    const answer = (reply: Reply) => (reply === "ready" ? this.begin() : this.answer(reply));
    if (thread.on) {
      thread.on("message", answer);
      thread.on("error", (error: Error) => this.fail(error.message));
      thread.on("exit", (code: number) => this.fail(`it ended with code ${code}`));
      thread.unref?.(); // an idle worker keeps no process alive
    } else {
      thread.addEventListener!("message", ({ data }: { data: Reply }) => answer(data));
      thread.addEventListener!("error", ({ message }: { message: string }) => this.fail(message));
    }
  }
  ask(request: Request): Promise<unknown> {
    if (this.lost) return Promise.reject(this.lost);
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.thread.ref?.();
      if (this.early) this.early.push(request);
      else this.thread.postMessage(request);
    });
  }
  private begin(): void {
    for (const request of this.early ?? []) this.thread.postMessage(request);
    this.early = undefined;
  }
  private answer(reply: Answer): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if (this.waiting.size === 0) this.thread.unref?.();
    if ("error" in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(fromPlain(reply.batch));
  }
  private fail(reason: string): void {
    this.lost ??= new Error(
      `DataLoader: a worker stopped (${reason}); the batches it had are lost, start the epoch again`,
    );
    for (const { reject } of this.waiting.values()) reject(this.lost);
    this.waiting.clear();
  }
}

export class Pool {
  private readonly hands: readonly Hand[];
  private requests = 0;
  constructor(threads: readonly WorkerLike[]) {
    this.hands = threads.map((thread) => new Hand(thread));
  }
  /** Given to the worker that has least to do. */
  load(request: Omit<Request, "id">): Promise<unknown> {
    const [hand] = this.hands.toSorted((a, b) => a.waiting.size - b.waiting.size);
    return hand.ask({ id: this.requests++, ...request });
  }
  async close(): Promise<void> {
    await Promise.all(this.hands.map(({ thread }) => thread.terminate()));
  }
}

/** Starts `count` workers: the user's own, or in Node those that can rebuild a dataset of this package. */
export async function startPool(count: number, dataset: object, worker: (() => WorkerLike) | undefined): Promise<Pool> {
  const start = worker ?? (await portableWorker(dataset));
  return new Pool(Array.from({ length: count }, start));
}
async function portableWorker(dataset: object): Promise<() => WorkerLike> {
  const inNode = typeof process !== "undefined" && process.versions?.node !== undefined;
  const plain = inNode ? plainDataset(dataset) : undefined;
  if (!plain)
    throw new Error(
      `DataLoader: a ${dataset.constructor.name} ${inNode ? "with functions of its own cannot be sent to a worker" : "needs a worker file in a browser"}; pass worker: () => new Worker(...) with a file that calls serve(dataset) of @lamina/data/worker, or leave out workers`,
    );
  const { Worker } = await import("node:worker_threads");
  const file = import.meta.url.endsWith(".ts") ? "portable.worker.ts" : "portable.worker.js";
  return () => new Worker(new URL(file, import.meta.url), { workerData: plain });
}
