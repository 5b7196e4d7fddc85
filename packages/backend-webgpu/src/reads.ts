// From the device to the host. What is asked for in one turn comes back in one mapping. A read that cannot be carried out
// rejects; it never gives zeros.
import { DeviceLostError, type TypedArray } from "@lamina/core";
import type { GpuArray, Part } from "./array.ts";
import { type Gpu, MAP_READ, usage } from "./gpu.ts";
import { fromWords, type Heap, WORD } from "./memory.ts";
import { Outcome, throwKnown } from "./outcome.ts";

/** The most bytes that are mapped at once. */
const MOST = 64 << 20;
/** Mapped buffers are kept for the next read, up to this size. */
const KEEP = 1 << 20;
const LEAST = 4096;

/** Bytes of a part, and where on the host they go. */
interface Piece {
  readonly source: GPUBuffer;
  readonly from: number;
  readonly bytes: number;
  readonly target: Uint8Array;
}
interface Batch {
  readonly pieces: Piece[];
  bytes: number;
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function newBatch(): Batch {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {}); // whoever waits for it hears of it
  return { pieces: [], bytes: 0, promise, resolve, reject };
}

export class Reads {
  private readonly gpu: Gpu;
  private readonly heap: Heap;
  private readonly free: GPUBuffer[] = [];
  private open: Batch | undefined = undefined;
  constructor(gpu: Gpu, heap: Heap) {
    this.gpu = gpu;
    this.heap = heap;
  }

  async read(array: GpuArray): Promise<TypedArray> {
    this.heap.check(array);
    const { outcomes } = array;
    const words = new Uint8Array(array.length * WORD);
    const { partLength } = this.heap;
    const copies = array.parts.flatMap((part, i) => {
      const start = i * partLength * WORD;
      return this.copy(part.buffer, words.subarray(start, Math.min(words.length, start + partLength * WORD)));
    });
    await Promise.all(copies);
    for (const outcome of outcomes) await outcome.settled;
    throwKnown(outcomes);
    if (this.gpu.failure) throw this.gpu.failure; // it may have come to light on the way
    return fromWords(words.buffer, array.dtype);
  }
  /** The first bytes of a buffer. */
  copy(source: GPUBuffer, target: Uint8Array): Promise<void>[] {
    const promises = new Set<Promise<void>>();
    for (let from = 0; from < target.length; ) {
      const batch = this.batch();
      const bytes = Math.min(target.length - from, MOST - batch.bytes);
      batch.pieces.push({ source, from, bytes, target: target.subarray(from, from + bytes) });
      batch.bytes += bytes;
      promises.add(batch.promise);
      from += bytes;
      if (batch.bytes >= MOST) this.send();
    }
    return [...promises];
  }
  /** The one that is being filled; it leaves when what is running now has ended. */
  private batch(): Batch {
    if (!this.open) {
      this.open = newBatch();
      queueMicrotask(() => this.send());
    }
    return this.open;
  }
  private send(): void {
    const batch = this.open;
    if (!batch) return;
    this.open = undefined;
    this.gpu.order.push(() => void this.carryOut(batch), undefined, batch.reject);
  }
  private async carryOut(batch: Batch): Promise<void> {
    const { device } = this.gpu;
    try {
      this.gpu.check();
      const staging = this.staging(batch.bytes);
      const encoder = device.createCommandEncoder();
      let at = 0;
      for (const { source, from, bytes } of batch.pieces) {
        encoder.copyBufferToBuffer(source, from, staging, at, bytes);
        at += bytes;
      }
      device.queue.submit([encoder.finish()]);
      await staging.mapAsync(MAP_READ, 0, at);
      const mapped = new Uint8Array(staging.getMappedRange(0, at));
      let offset = 0;
      for (const { bytes, target } of batch.pieces) {
        target.set(mapped.subarray(offset, offset + bytes));
        offset += bytes;
      }
      staging.unmap();
      this.keep(staging);
      batch.resolve();
    } catch (error) {
      batch.reject(await this.reasonFor(error as Error));
    }
  }
  /** A mapping that fails says little; what became of the device says why. */
  private async reasonFor(error: Error): Promise<Error> {
    if (error instanceof DeviceLostError) return error;
    await Promise.resolve(); // the news of a lost device may come just after
    const lost = await Promise.race([this.gpu.device.lost, new Promise<undefined>((go) => setTimeout(go, 50))]);
    if (this.gpu.failure) return this.gpu.failure;
    if (lost) return new DeviceLostError("webgpu", lost.message || lost.reason, { cause: error });
    return new Error(`webgpu: a value could not be read back (${error.message})`, { cause: error });
  }
  private staging(bytes: number): GPUBuffer {
    const i = this.free.findIndex((buffer) => buffer.size >= bytes);
    if (i >= 0) return this.free.splice(i, 1)[0];
    const size = Math.max(LEAST, 2 ** Math.ceil(Math.log2(bytes)));
    return this.gpu.device.createBuffer({ size, usage: usage.COPY_DST | usage.MAP_READ });
  }
  private keep(buffer: GPUBuffer): void {
    if (buffer.size <= KEEP && this.free.length < 8) this.free.push(buffer);
    else buffer.destroy();
  }

  /** Looks at the first words of a part when they are there, and gives the part back. */
  inspect(part: Part, words: number, judge: (words: Int32Array) => Error | undefined): Outcome {
    const target = new Int32Array(words);
    const copies = this.copy(part.buffer, new Uint8Array(target.buffer));
    const failed = Promise.all(copies).then(() => {
      this.heap.give(part);
      return judge(target);
    });
    return new Outcome(failed);
  }
}
