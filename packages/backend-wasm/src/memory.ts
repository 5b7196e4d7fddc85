// One growing WebAssembly.Memory and who has which bytes of it: best fit, neighbours joined when freed, buffers moved together when
// there would be no room else.
// What the bytes mean is the caller's business.
import { type DType, type MemoryInfo, OutOfMemoryError, type TypedArray } from "@lamina/core";
import type { WasmBuffer } from "./buffer.ts";
import { CONTROL_BYTES } from "./engine/engine.ts";

/** Blocks start at multiples of this: a cache line, so that no vector load crosses one for being misaligned. */
const ALIGN = 64;
/** Kernels may read a little past a block's end (never use it, never write it); the last block must allow that, too. */
const SLACK = 256;
const PAGE = 65536;
/** Address 0 stays unused, and a kernel may read a little before a block. */
const FIRST = 1024;
/** A memory that threads share begins with where they meet. */
const FIRST_SHARED = CONTROL_BYTES;
/** The most a 32-bit memory can hold. */
const ADDRESSABLE = 65536 * PAGE;

const arrays = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array, bool: Uint8Array } as const;
/** Element types of this device. */
export type WasmDType = keyof typeof arrays;
export const bytesPerElement = (dtype: DType): number => arrays[dtype as WasmDType].BYTES_PER_ELEMENT;
export const arrayOf = (dtype: DType, { buffer }: Uint8Array<ArrayBuffer>): TypedArray =>
  new arrays[dtype as WasmDType](buffer);
export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

interface Gap {
  start: number;
  size: number;
}

const sizeOfBlock = (bytes: number): number => Math.max(ALIGN, roundUp(bytes, ALIGN));

/** Blocks of one memory. */
export class Heap {
  memory: WebAssembly.Memory;
  private readonly limit: number;
  private readonly first: number;
  /** Whether what the buffers hold can be moved from here, at once. */
  private readonly movable: boolean;
  /** Sorted by address; no two touch. */
  private readonly gaps: Gap[];
  /** Where each block starts, and the bytes that were asked for. */
  private readonly blocks = new Map<number, number>();
  private end: number;
  private buffers = new Set<WasmBuffer>();
  private inUse = 0;
  private peak = 0;
  private closed = false;
  private readonly growElsewhere: ((pages: number, error: OutOfMemoryError) => void) | undefined;

  /**
   * @param limit the most bytes the memory may grow to; 4 GiB at most.
   * @param kind whether threads share it, or it is a worker's, or blocks are only counted and hold nothing, as many as the limit
   * allows.
   * @param grow if a worker works on it: grows the worker's; should there be no more memory, the error is for all who read.
   */
  constructor(
    limit: number = ADDRESSABLE,
    kind: "alone" | "shared" | "elsewhere" | "on paper" = "alone",
    grow?: (pages: number, error: OutOfMemoryError) => void,
  ) {
    const shared = kind === "shared";
    const maximum = Math.floor((kind === "on paper" ? limit : Math.min(limit, ADDRESSABLE)) / PAGE);
    if (!(maximum >= 1))
      throw new Error(`wasm: maxBytes is ${limit} but one page is ${PAGE} bytes; allow at least that`);
    this.limit = maximum * PAGE;
    this.memory =
      kind === "alone" || kind === "shared"
        ? new WebAssembly.Memory({ initial: 1, maximum, shared })
        : ({ buffer: new ArrayBuffer(0), grow: () => {} } as unknown as WebAssembly.Memory);
    this.growElsewhere = kind === "elsewhere" ? grow : undefined;
    this.end = PAGE - SLACK;
    this.movable = grow === undefined;
    this.first = shared ? FIRST_SHARED : FIRST;
    this.gaps = [{ start: this.first, size: this.end - this.first }];
  }

  /** The most it may have. */
  get pages(): number {
    return this.limit / PAGE;
  }

  // ---- views: growth detaches them, so nobody keeps one ------------------------------------------------------------------
  /** The elements of a buffer, until the memory grows. */
  view({ pointer, length, dtype }: WasmBuffer): TypedArray {
    return new arrays[dtype as WasmDType](this.memory.buffer, pointer, length);
  }

  // ---- blocks ------------------------------------------------------------------------------------------------------------
  /** The address of `bytes` bytes, aligned to 64. */
  take(bytes: number): number {
    this.checkOpen();
    const size = sizeOfBlock(bytes);
    const at = this.bestGap(size) ?? this.grow(size, bytes);
    const gap = this.gaps[at];
    const { start } = gap;
    gap.start += size;
    gap.size -= size;
    if (gap.size === 0) this.gaps.splice(at, 1);
    this.blocks.set(start, bytes);
    this.inUse += bytes;
    this.peak = Math.max(this.peak, this.inUse);
    return start;
  }
  give(start: number): void {
    const bytes = this.blocks.get(start);
    if (bytes === undefined)
      throw new Error(`wasm: a buffer at ${start} was freed that is not in use; free each buffer once`);
    this.blocks.delete(start);
    this.inUse -= bytes;
    this.insert(start, sizeOfBlock(bytes));
  }
  private bestGap(size: number): number | undefined {
    let best: number | undefined;
    for (let i = 0; i < this.gaps.length; i++)
      if (this.gaps[i].size >= size && (best === undefined || this.gaps[i].size < this.gaps[best].size)) best = i;
    return best;
  }
  /** The first gap that starts at or after `start`. */
  private gapAfter(start: number): number {
    let low = 0;
    let high = this.gaps.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.gaps[mid].start < start) low = mid + 1;
      else high = mid;
    }
    return low;
  }
  private insert(start: number, size: number): void {
    const i = this.gapAfter(start);
    const before = this.gaps[i - 1];
    const after = this.gaps[i];
    const joinsBefore = before && before.start + before.size === start;
    const joinsAfter = after && start + size === after.start;
    if (joinsBefore) {
      before.size += size + (joinsAfter ? after.size : 0);
      if (joinsAfter) this.gaps.splice(i, 1);
    } else if (joinsAfter) {
      after.start = start;
      after.size += size;
    } else this.gaps.splice(i, 0, { start, size });
  }
  /** Makes the memory larger and returns the gap at its end, which then holds `size`. */
  private grow(size: number, asked: number): number {
    const last = this.gaps.at(-1);
    const free = last && last.start + last.size === this.end ? last.size : 0;
    const least = Math.ceil((size - free) / PAGE);
    const room = Math.floor((this.limit - SLACK - this.end) / PAGE);
    if (least > room) {
      if (!this.compact()) throw this.outOfMemory(asked);
      return this.bestGap(size) ?? this.grow(size, asked);
    }
    const pages = this.growBy(Math.min(room, Math.max(least, Math.ceil(this.end / PAGE / 4))), least, asked);
    if (pages === 0) throw this.outOfMemory(asked);
    const from = this.end;
    this.end += pages * PAGE;
    this.insert(from, pages * PAGE);
    return this.gaps.length - 1;
  }
  /** By a quarter if that can be had, so that growing is rare; else by what is needed. */
  private growBy(wanted: number, least: number, asked: number): number {
    for (const pages of [wanted, least])
      try {
        this.memory.grow(pages);
        this.growElsewhere?.(pages, this.outOfMemory(asked));
        return pages;
      } catch {
        // the engine has no more
      }
    return 0;
  }
  /** Moves all buffers to the front, so that what is free lies together; false if it does already, or it cannot be. */
  private compact(): boolean {
    if (!this.movable || this.gaps.length <= 1 || this.blocks.size > this.buffers.size) return false;
    const bytes = new Uint8Array(this.memory.buffer);
    let to = this.first;
    for (const buffer of [...this.buffers].sort((a, b) => a.pointer - b.pointer)) {
      const asked = this.blocks.get(buffer.pointer)!;
      const size = sizeOfBlock(asked);
      this.blocks.delete(buffer.pointer);
      this.blocks.set(to, asked);
      bytes.copyWithin(to, buffer.pointer, buffer.pointer + asked);
      (buffer as { pointer: number }).pointer = to;
      to += size;
    }
    this.gaps.splice(0, this.gaps.length, { start: to, size: this.end - to });
    return true;
  }
  private outOfMemory(asked: number): OutOfMemoryError {
    return new OutOfMemoryError("wasm", { requested: asked, inUse: this.inUse, limit: this.limit });
  }

  // ---- buffers -----------------------------------------------------------------------------------------------------------
  allocate(dtype: DType, length: number): WasmBuffer {
    const buffer = { pointer: this.take(length * bytesPerElement(dtype)), length, dtype };
    this.buffers.add(buffer);
    return buffer;
  }
  upload(data: TypedArray, dtype: DType): WasmBuffer {
    const buffer = this.allocate(dtype, data.length);
    this.view(buffer).set(data);
    return buffer;
  }
  read(buffer: WasmBuffer): TypedArray {
    this.check(buffer);
    return this.view(buffer).slice();
  }
  free(buffer: WasmBuffer): void {
    if (this.closed) return;
    this.check(buffer);
    this.buffers.delete(buffer);
    this.give(buffer.pointer);
  }
  /** @throws if the buffer has been freed, or belongs to another memory. */
  check(buffer: WasmBuffer): void {
    this.checkOpen();
    if (!this.buffers.has(buffer))
      throw new Error(
        `wasm: a ${buffer.dtype} buffer of ${buffer.length} elements is used that was freed or is another device's; free a buffer once, after its last use`,
      );
  }
  checkOpen(): void {
    if (this.closed)
      throw new Error("wasm: the backend was closed, and its memory is gone; make another with await wasm()");
  }

  info(): MemoryInfo {
    return { bytes: this.inUse, buffers: this.buffers.size, peakBytes: this.peak, limit: this.limit };
  }
  close(): void {
    this.closed = true;
    this.buffers.clear();
    this.blocks.clear();
    this.gaps.length = 0;
    this.inUse = 0;
    this.memory = new WebAssembly.Memory({ initial: 0 });
  }
}
