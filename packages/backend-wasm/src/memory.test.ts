// The heap: aligned, reused, joined, bounded; views survive growth because nobody keeps them.
import { OutOfMemoryError } from "@lamina/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "./memory.ts";

test("what was uploaded is read back, also after the memory has grown", () => {
  const heap = new Heap();
  const first = heap.upload(Float32Array.of(1, 2, 3), "float32");
  const big = heap.allocate("float32", 1 << 20);
  expect(Array.from(heap.read(first))).toEqual([1, 2, 3]);
  expect(heap.read(big)).toHaveLength(1 << 20);
  expect(Array.from(heap.read(heap.upload(Uint8Array.of(0, 1), "bool")))).toEqual([0, 1]);
});

test("blocks start at cache lines, never overlap, and all of them come back as one gap", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.boolean()), { maxLength: 60 }), (list) => {
      const heap = new Heap();
      const live: { pointer: number; bytes: number }[] = [];
      for (const [bytes, freeOne] of list) {
        const pointer = heap.take(bytes);
        expect(pointer % 64).toBe(0);
        for (const b of live) expect(pointer + bytes <= b.pointer || b.pointer + b.bytes <= pointer).toBe(true);
        live.push({ pointer, bytes: Math.max(bytes, 1) });
        if (freeOne) heap.give(live.splice(live.length >> 1, 1)[0].pointer);
      }
      for (const b of live) heap.give(b.pointer);
      expect(heap.info().bytes).toBe(0);
      const all = heap.memory.buffer.byteLength - 4096;
      expect(heap.take(all)).toBe(1024);
    }),
    { seed: 3, numRuns: 100 },
  );
});

test("freed memory is used again: a thousand rounds do not grow it", () => {
  const heap = new Heap();
  const round = () => {
    const buffers = [3, 70, 5000, 12, 90000].map((n) => heap.allocate("float32", n));
    for (const b of buffers) heap.free(b);
  };
  round();
  const size = heap.memory.buffer.byteLength;
  for (let i = 0; i < 1000; i++) round();
  expect(heap.memory.buffer.byteLength).toBe(size);
  expect(heap.info()).toEqual({ bytes: 0, buffers: 0, peakBytes: 4 * 95085, limit: 2 ** 32 });
});

test("a limit is kept, said in the error, and leaves the heap usable", () => {
  const heap = new Heap(1 << 20);
  const half = heap.allocate("uint8", 1 << 19);
  expect(() => heap.allocate("float32", 1 << 18)).toThrow(
    "wasm: 1 MiB asked for, but the device has no room for it with 512 KiB in use of at most 1 MiB; use a smaller batch or smaller pictures",
  );
  expect(() => heap.allocate("float32", 1 << 18)).toThrow(OutOfMemoryError);
  heap.free(half);
  heap.free(heap.allocate("uint8", 1_000_000));
  expect(heap.memory.buffer.byteLength).toBeLessThanOrEqual(1 << 20);
});

test("buffers move together where there would be no room else, and keep their values", () => {
  for (const kind of ["alone", "shared", "on paper"] as const) {
    const heap = new Heap(1 << 20, kind);
    heap.allocate("float32", 4);
    const all = Array.from({ length: 15 }, () => heap.allocate("float32", 15_000));
    if (kind !== "on paper") all.forEach((x, i) => void heap.view(x).fill(i));
    all.filter((_, i) => i % 2 === 0).forEach((x) => void heap.free(x));
    const large = heap.allocate("float32", 120_000); // more than any gap
    expect(large.length).toBe(120_000);
    if (kind !== "on paper")
      for (const i of [1, 7, 13]) expect(heap.read(all[i])).toEqual(new Float32Array(15_000).fill(i));
    heap.free(all[3]);
    heap.take(64);
    expect(() => heap.allocate("float32", 45_000)).toThrow(OutOfMemoryError); // a run's block does not move
  }
});

test("misuse is named", () => {
  const heap = new Heap();
  const x = heap.allocate("float32", 4);
  heap.free(x);
  expect(() => heap.free(x)).toThrow(
    "wasm: a float32 buffer of 4 elements is used that was freed or is another device's; free a buffer once, after its last use",
  );
  expect(() => heap.read(new Heap().allocate("int32", 1))).toThrow(/another device's/);
  heap.close();
  expect(() => heap.allocate("float32", 1)).toThrow(
    "wasm: the backend was closed, and its memory is gone; make another with await wasm()",
  );
  expect(heap.info().bytes).toBe(0);
});

test("a limit of less than a page is refused", () => {
  expect(() => new Heap(1000)).toThrow("wasm: maxBytes is 1000 but one page is 65536 bytes; allow at least that");
});

test("on paper blocks lie where they would, and take nothing", () => {
  const [heap, paper] = [new Heap(1 << 20), new Heap(1 << 20, "on paper")];
  const where = (h: Heap) => {
    const blocks = [h.take(5000), h.take(70), h.take(90_000)];
    h.give(blocks[1]);
    return [...blocks, h.take(60), h.take(200_000), h.info()];
  };
  expect(where(paper)).toEqual(where(heap));
  expect(paper.memory.buffer.byteLength).toBe(0);
  expect(() => paper.take(1 << 20)).toThrow(OutOfMemoryError);
  expect(new Heap(2 ** 40, "on paper").take(2 ** 36)).toBe(1024);
});
