// An engine in a worker, as the thread sees it that only says what to run: orders go out, in order, and nothing is waited for
// but what is read. What went wrong is told to whoever reads a value of that run, or of what came from it.
import { DeviceLostError, type Draw } from "@lamina/core";
import type { Engine } from "./engine.ts";
import type { Answer, Failure, Message } from "./serve.ts";
import { start } from "./start.ts";

export interface RemoteEngine extends Engine {
  write(pointer: number, bytes: Uint8Array): void;
  draw(pointer: number, draw: Draw): void;
  read(pointer: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** What lies at these addresses was not computed. */
  spoil(pointers: readonly number[], error: Error): void;
  /** @param error for all that is read from then on, if there is no more memory. */
  grow(pages: number, error: Error): void;
  close(): Promise<unknown>;
}
export const CLOSED = "wasm: the backend was closed before the value was read; read it before close()";
/** Errors that can still be read; of older ones the message is left. */
const MOST_ERRORS = 1000;
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
    else if (answer.say === "failed") settle(answer.id)?.reject(errorOf(answer.failure));
  };
  /** Ours stay here, and the worker knows them by number: whoever reads what they spoilt gets the very error, with its class and fields. */
  const errors = new Map<number, Error>();
  const numberOf = (error: Error): number => {
    if (errors.size === MOST_ERRORS) errors.delete(errors.keys().next().value!);
    errors.set(ids, error);
    return ids++;
  };
  const errorOf = (failure: Failure): Error => {
    if (typeof failure === "number") return errors.get(failure) ?? new Error("wasm: it failed too long ago to say why");
    if (failure.lost === undefined) return new Error(failure.message);
    lose(new DeviceLostError("wasm", failure.lost));
    return lost!;
  };
  const settle = (id: number): Waiting | undefined => {
    const waiting = reads.get(id);
    reads.delete(id);
    if (reads.size === 0) worker.hold(false);
    return waiting;
  };
  const worker = await start({ onAnswer, onFailure: (reason) => lose(new DeviceLostError("wasm", reason)) });
  /** Values come by the dozen when a model is used for the first time: those of one moment are one message, which costs the page less. */
  let unsent: Message[] = [];
  let transfer: ArrayBuffer[] = [];
  const send = () => {
    const [messages, buffers] = [unsent, transfer];
    [unsent, transfer] = [[], []];
    if (messages.length > 0) worker.tell({ say: "all", messages }, buffers);
  };
  const tellSoon = (message: Message, ...buffers: ArrayBuffer[]) => {
    transfer.push(...buffers);
    if (unsent.push(message) === 1) queueMicrotask(send);
  };
  const tell = (message: Message) => {
    send();
    worker.tell(message);
  };
  tell({ say: "lead", memory, pages, area, threads });
  return {
    load(code, count) {
      tell({ say: "load", code, functions: count });
      functions += count;
      return functions - count;
    },
    offer: (code, first, count) => tell({ say: "offer", code, first, functions: count }),
    run(run, onCall) {
      if (lost) throw lost;
      if (onCall) timers.push(onCall);
      tell({ say: "run", run, timed: onCall !== undefined });
    },
    write(pointer, bytes) {
      if (lost) throw lost;
      const copy = bytes.slice();
      tellSoon({ say: "write", pointer, bytes: copy }, copy.buffer);
    },
    draw(pointer, draw) {
      if (lost) throw lost;
      tellSoon({ say: "draw", pointer, draw });
    },
    read(pointer, length) {
      if (lost) return Promise.reject(lost);
      return new Promise((resolve, reject) => {
        reads.set(ids, { resolve, reject });
        worker.hold(true);
        tell({ say: "read", id: ids++, pointer, length });
      });
    },
    spoil: (pointers, error) => tell({ say: "spoil", pointers, error: numberOf(error) }),
    grow: (more, error) => tell({ say: "grow", pages: more, error: numberOf(error) }),
    close() {
      lose(new Error(CLOSED));
      return worker.stop();
    },
  };
}
