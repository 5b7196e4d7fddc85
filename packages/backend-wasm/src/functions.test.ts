// Kernels are made once for each key, and called once for each slice.
import { expect, test } from "vitest";
import { Fn, I32 } from "./assembler.ts";
import type { Call } from "./calls.ts";
import { makeEngine } from "./engine/engine.ts";
import { wholly } from "./engine/orders.ts";
import { Functions } from "./functions.ts";
import { Heap } from "./memory.ts";
import { hostFunctions } from "./pointwise/host.ts";

/** Writes `value` plus the slice's number at its address, four bytes further for each slice. */
function counting(value: number, slices?: number): Fn {
  const f = new Fn("", slices === undefined ? [I32] : [I32, I32]);
  if (slices === undefined) return f.get(0).i32(value).storei();
  f.get(0).get(1).i32(4).mul().add();
  return f.get(1).i32(value).add().storei();
}
const call = (key: string, emit: () => Fn, slices?: number): Call => ({
  key,
  file: "",
  emit,
  slices,
  args: [{ slot: 0 }],
  writes: [],
  inPlace: [],
});

test("what has been met is not emitted again, in one program or the next", () => {
  let emitted = 0;
  const emit = () => {
    emitted++;
    return counting(7);
  };
  const heap = new Heap();
  const functions = new Functions(makeEngine(heap.memory, hostFunctions, 1, 0, undefined), 1);
  const [a, b, c] = wholly(functions.of([call("k", emit), call("k", emit), call("other", () => counting(8))]));
  expect([b, c]).toEqual([a, a + 1]);
  expect(wholly(functions.of([call("k", emit)]))).toEqual([a]);
  expect(emitted).toBe(1);
  functions.clear();
  wholly(functions.of([call("k", emit)]));
  expect(emitted).toBe(2);
});
test("a kernel in slices gets each slice's number once, in order", () => {
  const heap = new Heap();
  const at = heap.allocate("int32", 6);
  heap.view(at).fill(-1);
  const engine = makeEngine(heap.memory, hostFunctions, 1, 0, undefined);
  const functions = wholly(
    new Functions(engine, 1).of([call("one", () => counting(10, 1), 1), call("three", () => counting(20, 3), 3)]),
  );
  const args = heap.take(64);
  engine.run({
    functions: Int32Array.from(functions),
    starts: Int32Array.of(0, 4),
    at: args,
    args: Int32Array.of(at.pointer, at.pointer + 8),
    scalarsAt: 0,
    scalars: new Float64Array(),
    inputs: [],
    outputs: [],
  });
  expect(Array.from(heap.read(at))).toEqual([10, -1, 20, 21, 22, -1]);
});
