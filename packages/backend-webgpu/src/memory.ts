// Buffers of the device, and who has them: a pool by size, so that a step that repeats makes no buffer. What the numbers in
// them mean is for others.
import type { DType, MemoryInfo, TypedArray } from "@lamina/core";
import { type GpuArray, OutOfMemoryError, type Part } from "./array.ts";
import { type Gpu, usage } from "./gpu.ts";
import { Outcome, unsettled } from "./outcome.ts";

/** Every element takes four bytes on the device, uint8 and bool too: WGSL has no smaller numbers to address. */
export const WORD = 4;
/** Bindings start at multiples of this (a limit that no device has higher). */
export const ALIGN = 256;
/** Free buffers are kept up to this many bytes, or as many as are in use if that is more. */
const KEEP_FREE = 64 << 20;

export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Sizes that are asked for again and again are few: an eighth of a power of two, at least 256. */
function sizeClass(bytes: number): number {
  const step = Math.max(ALIGN, 2 ** (Math.floor(Math.log2(Math.max(bytes, 1))) - 3));
  return roundUp(Math.max(bytes, 1), step);
}

export class Heap {
  /** The most elements of an array that one binding can hold. */
  readonly partLength: number;
  private readonly gpu: Gpu;
  private readonly limit: number | undefined;
  private readonly free = new Map<number, Part[]>();
  private readonly arrays = new Set<GpuArray>();
  private nextId = 0;
  private inUse = 0;
  private peak = 0;
  /** In buffers of the device, used or free. */
  private made = 0;
  private freeBytes = 0;

  /** @param limit the most bytes that arrays may take together. */
  constructor(gpu: Gpu, limit?: number) {
    this.gpu = gpu;
    this.limit = limit;
    const { maxStorageBufferBindingSize, maxBufferSize } = gpu.device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize, 2 ** 31);
    this.partLength = (most - (most % ALIGN)) / WORD;
  }

  // ---- parts -----------------------------------------------------------------------------------------------------------
  /** A buffer of at least so many bytes. It is not cleared. */
  take(bytes: number): Part {
    const size = Math.min(sizeClass(bytes), roundUp(this.gpu.device.limits.maxBufferSize - (ALIGN - 1), ALIGN));
    const known = this.free.get(size)?.pop();
    if (known) {
      this.freeBytes -= size;
      return known;
    }
    if (this.limit !== undefined && this.made + size > this.limit) this.trim(0);
    if (this.limit !== undefined && this.made + size > this.limit)
      throw new OutOfMemoryError(bytes, this.inUse, this.limit);
    return this.make(size, bytes);
  }
  /** @param asked what the caller needs of it. */
  private make(bytes: number, asked: number): Part {
    const { device } = this.gpu;
    device.pushErrorScope("out-of-memory");
    let buffer: GPUBuffer;
    try {
      buffer = device.createBuffer({
        size: bytes,
        usage: usage.STORAGE | usage.UNIFORM | usage.COPY_SRC | usage.COPY_DST,
      });
    } catch (error) {
      void device.popErrorScope().catch(() => null);
      throw new OutOfMemoryError(asked, this.inUse, this.limit, { cause: error });
    }
    const { inUse } = this;
    const failed = device
      .popErrorScope()
      .then((error) => error && new OutOfMemoryError(asked, inUse, this.limit, { cause: new Error(error.message) }))
      .catch(() => undefined); // a device that is lost says so itself
    this.made += bytes;
    return { id: this.nextId++, buffer, bytes, outcome: new Outcome(failed.then((error) => error ?? undefined)) };
  }
  /** The part may be taken again at once: what uses it then is later in the queue's order. */
  give(part: Part): void {
    if (part.outcome.error) return this.destroy(part);
    const list = this.free.get(part.bytes);
    if (list) list.push(part);
    else this.free.set(part.bytes, [part]);
    this.freeBytes += part.bytes;
    if (this.freeBytes > Math.max(KEEP_FREE, this.inUse)) this.trim(this.freeBytes / 2);
  }
  /** Lets go of free buffers, the largest first, until no more than `keep` bytes are left. */
  private trim(keep: number): void {
    for (const size of [...this.free.keys()].sort((a, b) => b - a))
      for (const list = this.free.get(size)!; list.length && this.freeBytes > keep; ) {
        this.freeBytes -= size;
        this.destroy(list.shift()!);
      }
  }
  private destroy(part: Part): void {
    this.made -= part.bytes;
    this.gpu.order.push(() => part.buffer.destroy());
  }

  // ---- arrays ----------------------------------------------------------------------------------------------------------
  /** How many parts an array of so many elements has. */
  partsOf(length: number): number {
    return Math.max(1, Math.ceil(length / this.partLength));
  }
  allocate(dtype: DType, length: number, range?: GpuArray["range"]): GpuArray {
    this.gpu.check();
    const parts: Part[] = [];
    try {
      for (let i = 0; i < this.partsOf(length); i++) parts.push(this.take(bytesInPart(length, i, this.partLength)));
    } catch (error) {
      for (const part of parts) this.give(part);
      throw error instanceof OutOfMemoryError
        ? new OutOfMemoryError(length * WORD, this.inUse, this.limit, { cause: error })
        : error;
    }
    const array: GpuArray = { dtype, length, parts, range, outcomes: unsettled([parts.map((p) => p.outcome)]) };
    this.arrays.add(array);
    this.inUse += length * WORD;
    this.peak = Math.max(this.peak, this.inUse);
    return array;
  }
  release(array: GpuArray): void {
    if (!this.gpu.isOpen) return void this.forget(array);
    this.check(array);
    this.forget(array);
    for (const part of array.parts) this.give(part);
  }
  private forget(array: GpuArray): void {
    if (this.arrays.delete(array)) this.inUse -= array.length * WORD;
  }
  /** @throws if the array has been freed, or belongs to another device. */
  check(array: GpuArray): void {
    this.gpu.check();
    if (!this.arrays.has(array))
      throw new Error(
        `webgpu: a ${array.dtype} buffer of ${array.length} elements is used that was freed or is another device's; free a buffer once, after its last use`,
      );
  }
  upload(data: TypedArray, dtype: DType): GpuArray {
    const array = this.allocate(dtype, data.length, dtype === "float32" ? undefined : rangeOf(data));
    if (data.length) this.write(array, wordsOf(data));
    return array;
  }
  private write(array: GpuArray, words: ArrayBufferView<ArrayBuffer>): void {
    const { order, device } = this.gpu;
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    const copy = order.isIdle ? bytes : bytes.slice(); // the caller may change it before its turn comes
    order.push(() =>
      array.parts.forEach((part, i) => {
        const from = i * this.partLength * WORD;
        device.queue.writeBuffer(part.buffer, 0, copy, from, Math.min(this.partLength * WORD, copy.length - from));
      }),
    );
  }

  info(): MemoryInfo {
    return { bytes: this.inUse, buffers: this.arrays.size, peakBytes: this.peak, limit: this.limit };
  }
  close(): void {
    this.arrays.clear();
    this.free.clear();
    this.inUse = 0;
    this.made = 0;
    this.freeBytes = 0;
  }
}

/** Bytes of part `i`, a whole number of vectors of four. */
export const bytesInPart = (length: number, i: number, partLength: number): number =>
  roundUp(Math.max(1, Math.min(partLength, length - i * partLength)) * WORD, 16);

function rangeOf(data: TypedArray): [number, number] | undefined {
  if (!data.length) return undefined;
  let low = data[0];
  let high = data[0];
  for (let i = 1; i < data.length; i++) {
    if (data[i] < low) low = data[i];
    if (data[i] > high) high = data[i];
  }
  return [low, high];
}
const wordsOf = (data: TypedArray): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> =>
  data instanceof Uint8Array ? Uint32Array.from(data) : (data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>);

/** Back from what is on the device. */
export function fromWords(words: ArrayBuffer, dtype: DType): TypedArray {
  if (dtype === "float32") return new Float32Array(words);
  return dtype === "int32" ? new Int32Array(words) : Uint8Array.from(new Uint32Array(words));
}
