// An engine in a worker, as the thread sees it that only says what to run: orders go out, in order, and nothing is waited for
// but what is read. What went wrong is told to whoever reads a value of that run, or of what came from it.
import { DeviceLostError } from "@lamina/core";
import type { Engine } from "./engine.ts";
import type { Answer } from "./serve.ts";
import { start } from "./start.ts";

export interface RemoteEngine extends Engine {
  write(pointer: number, bytes: Uint8Array): void;
  read(pointer: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** What lies at these addresses was not computed. */
  spoil(pointers: readonly number[], message: string): void;
  grow(pages: number): void;
  close(): Promise<unknown>;
}
export const CLOSED = "wasm: the backend was closed before the value was read; read it before close()";
interface Waiting {
  resolve(bytes: Uint8Array<ArrayBuffer>): void;
  reject(error: Error): void;
}

/**
 * @param memory the one to work on, if it is shared; else the worker makes its own, of at most so many pages.
 * @throws if no worker can be had.
 */
export async function openRemote(
  memory: WebAssembly.Memory | undefined,
  pages: number,
  area: SharedArrayBuffer | undefined,
  threads: number,
): Promise<RemoteEngine> {
  const reads = new Map<number, Waiting>();
  const timers: ((call: number, milliseconds: number) => void)[] = [];
  let [ids, functions] = [0, 0];
  let lost: Error | undefined;
  const lose = (error: Error) => {
    lost ??= error;
    for (const { reject } of reads.values()) reject(lost);
    reads.clear();
  };
  const onAnswer = (answer: Answer) => {
    if (answer.say === "times") {
      const onCall = timers.shift()!;
      answer.milliseconds.forEach((ms, call) => onCall(call, ms));
    } else if (answer.say === "bytes") settle(answer.id)?.resolve(answer.bytes);
    else if (answer.say === "failed") settle(answer.id)?.reject(new Error(answer.message));
  };
  const settle = (id: number): Waiting | undefined => {
    const waiting = reads.get(id);
    reads.delete(id);
    if (reads.size === 0) worker.hold(false);
    return waiting;
  };
  const worker = await start({ onAnswer, onFailure: (reason) => lose(new DeviceLostError("wasm", reason)) });
  worker.tell({ say: "lead", memory, pages, area, threads });
  return {
    load(code, count) {
      worker.tell({ say: "load", code, functions: count });
      functions += count;
      return functions - count;
    },
    offer: (code, first, count) => worker.tell({ say: "offer", code, first, functions: count }),
    run(run, onCall) {
      if (lost) throw lost;
      if (onCall) timers.push(onCall);
      worker.tell({ say: "run", run, timed: onCall !== undefined });
    },
    help() {
      throw new Error("wasm: an engine in a worker helps nobody");
    },
    write(pointer, bytes) {
      const copy = bytes.slice();
      worker.tell({ say: "write", pointer, bytes: copy }, [copy.buffer]);
    },
    read(pointer, length) {
      if (lost) return Promise.reject(lost);
      return new Promise((resolve, reject) => {
        reads.set(ids, { resolve, reject });
        worker.hold(true);
        worker.tell({ say: "read", id: ids++, pointer, length });
      });
    },
    spoil: (pointers, message) => worker.tell({ say: "spoil", pointers, message }),
    grow: (more) => worker.tell({ say: "grow", pages: more }),
    close() {
      lose(new Error(CLOSED));
      return worker.stop();
    },
  };
}
