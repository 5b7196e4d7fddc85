// Where the device computes: on the thread that calls, or in a worker, where values take a moment to be read.
import { DeviceLostError, type Draw, type DType, type TypedArray } from "@lamina/core";
import type { WasmBuffer } from "./buffer.ts";
import { type Engine, type Loss, makeCodeArea, makeEngine } from "./engine/engine.ts";
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
  /** Where the thread that calls must not be held. */
  draw?(draw: Draw): WasmBuffer;
  read(buffer: WasmBuffer): TypedArray | Promise<TypedArray>;
  free(buffer: WasmBuffer): void;
  /** These were not computed. */
  onFailure?(buffers: readonly WasmBuffer[], error: Error): void;
  close(): Promise<unknown>;
}

/**
 * @param look for a leader who waits for helpers (engine.ts).
 * @throws if a worker is asked for and cannot be had.
 */
export async function placeFor(
  worker: "auto" | boolean,
  maxBytes: number | undefined,
  threads: number,
  look: () => void,
): Promise<Place> {
  if (worker === false || (worker === "auto" && !inPage)) return here(maxBytes, threads, look);
  try {
    return await elsewhere(maxBytes, threads);
  } catch (error) {
    if (worker === true) throw error;
    notice(`runs on the page's main thread: ${(error as Error).message}`);
    return here(maxBytes, threads, look);
  }
}

function here(maxBytes: number | undefined, threads: number, look: () => void): Place {
  const heap = new Heap(maxBytes, threads > 1 ? "shared" : "alone");
  const area = threads > 1 ? makeCodeArea() : undefined;
  const engine = makeEngine(heap.memory, hostFunctions, threads, 0, area, look);
  let lost: DeviceLostError | undefined;
  const run: Engine["run"] = (what, onCall) => {
    if (lost) throw lost;
    try {
      engine.run(what, onCall);
    } catch (error) {
      const { lost: reason } = error as Loss;
      if (reason === undefined) throw error;
      lost = new DeviceLostError("wasm", reason);
      throw lost;
    }
  };
  return {
    area,
    worker: false,
    heap,
    engine: { ...engine, run },
    upload(data, dtype) {
      if (lost) throw lost;
      return heap.upload(data, dtype);
    },
    read(buffer) {
      if (lost) throw lost;
      return heap.read(buffer);
    },
    free: (buffer) => heap.free(buffer),
    close: async () => {},
  };
}

/** An error that arose in the background, on the line that waits for the value. */
function thrownBy(reader: Error, error: Error): Error {
  const lines = (reader.stack ?? "").replace(/^Error:?\s*\n/, `${error}\n`); // Firefox and Safari write no first line
  return Object.defineProperty(error, "stack", { value: lines, writable: true, configurable: true });
}

async function elsewhere(maxBytes: number | undefined, threads: number): Promise<Place> {
  const heap = new Heap(maxBytes, threads > 1 ? "shared" : "elsewhere", (pages, error) => engine.grow(pages, error));
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
        error,
      ),
    upload(data, dtype) {
      const buffer = heap.allocate(dtype, data.length);
      engine.write(buffer.pointer, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      return buffer;
    },
    draw(draw) {
      const buffer = heap.allocate("float32", draw.count);
      engine.draw(buffer.pointer, draw);
      return buffer;
    },
    async read(buffer) {
      heap.check(buffer);
      const reader = new Error();
      const { dtype, length, pointer } = buffer;
      const bytes = await new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
        const fail = (error: Error) => reject(thrownBy(reader, error));
        orders.give(
          piece(() => void engine.read(pointer, length * bytesPerElement(dtype)).then(resolve, fail)),
          fail,
        );
      });
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
