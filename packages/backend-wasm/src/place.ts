// Where the device computes: on the thread that calls, or in a worker, where values take a moment to be read.
import type { DType, TypedArray } from "@lamina/core";
import type { WasmBuffer } from "./buffer.ts";
import { type Engine, makeCodeArea, makeEngine } from "./engine/engine.ts";
import { Orders, piece } from "./engine/orders.ts";
import { CLOSED, openRemote } from "./engine/remote.ts";
import { inPage } from "./engine/start.ts";
import { notice } from "./engine/threads.ts";
import { arrayOf, bytesPerElement, Heap } from "./memory.ts";
import { hostFunctions } from "./pointwise/host.ts";

export interface Place {
  /** Where helpers find their code, if threads share the memory. */
  readonly area: SharedArrayBuffer | undefined;
  /** It is in a worker. */
  readonly worker: boolean;
  readonly heap: Heap;
  readonly engine: Engine;
  /** What is asked of a worker, if it is in one. */
  readonly orders?: Orders;
  upload(data: TypedArray, dtype: DType): WasmBuffer;
  read(buffer: WasmBuffer): TypedArray | Promise<TypedArray>;
  free(buffer: WasmBuffer): void;
  /** These were not computed. */
  onFailure?(buffers: readonly WasmBuffer[], error: Error): void;
  close(): Promise<unknown>;
}

/** @throws if a worker is asked for and cannot be had. */
export async function placeFor(
  worker: "auto" | boolean,
  maxBytes: number | undefined,
  threads: number,
): Promise<Place> {
  if (worker === false || (worker === "auto" && !inPage)) return here(maxBytes, threads);
  try {
    return await elsewhere(maxBytes, threads);
  } catch (error) {
    if (worker === true) throw error;
    notice(`runs on the page's main thread: ${(error as Error).message}`);
    return here(maxBytes, threads);
  }
}

function here(maxBytes: number | undefined, threads: number): Place {
  const heap = new Heap(maxBytes, threads > 1 ? "shared" : "alone");
  const area = threads > 1 ? makeCodeArea() : undefined;
  return {
    area,
    worker: false,
    heap,
    engine: makeEngine(heap.memory, hostFunctions, threads, 0, area),
    upload: (data, dtype) => heap.upload(data, dtype),
    read: (buffer) => heap.read(buffer),
    free: (buffer) => heap.free(buffer),
    close: async () => {},
  };
}

async function elsewhere(maxBytes: number | undefined, threads: number): Promise<Place> {
  const heap = new Heap(maxBytes, threads > 1 ? "shared" : "elsewhere", (pages) => engine.grow(pages));
  const area = threads > 1 ? makeCodeArea() : undefined;
  const engine = await openRemote(threads > 1 ? heap.memory : undefined, heap.pages, area, threads);
  const orders = new Orders();
  return {
    area,
    worker: true,
    heap,
    engine,
    orders,
    onFailure: (buffers, error) =>
      engine.spoil(
        buffers.map(({ pointer }) => pointer),
        error.message,
      ),
    upload(data, dtype) {
      const buffer = heap.allocate(dtype, data.length);
      engine.write(buffer.pointer, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return buffer;
    },
    async read(buffer) {
      heap.check(buffer);
      const { dtype, length, pointer } = buffer;
      const bytes = await new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) =>
        orders.give(
          piece(() => void engine.read(pointer, length * bytesPerElement(dtype)).then(resolve, reject)),
          reject,
        ),
      );
      return arrayOf(dtype, bytes);
    },
    // what was asked for before may still use it
    free(buffer) {
      orders.give(
        piece(() => heap.free(buffer)),
        () => {},
      );
    },
    close() {
      orders.drop(new Error(CLOSED));
      return engine.close();
    },
  };
}
