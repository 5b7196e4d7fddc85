// What goes wrong where the engine is in a worker reaches whoever reads: the same class, fields and words as on the thread that calls,
// and the line that reads.

import { Worker } from "node:worker_threads";
import {
  conv2d,
  DeviceLostError,
  manualSeed,
  nn,
  OutOfMemoryError,
  ones,
  setBackend,
  sync,
  tensor,
  zeros,
} from "@lamina/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type WasmBackend, wasm } from "../index.ts";
import { Heap } from "../memory.ts";
import { openRemote, type RemoteEngine } from "./remote.ts";

const open: { close(): Promise<unknown> }[] = [];
afterEach(() => Promise.all(open.splice(0).map((made) => made.close())));

const LIMIT = 32 << 20;
async function device(worker: boolean): Promise<WasmBackend> {
  const made = await wasm({ worker, threads: 1, maxBytes: LIMIT });
  open.push(made);
  setBackend(made);
  return made;
}
/** Its result is small, what is inner is not. */
const asksForMuch = (n: number) =>
  conv2d(ones([n, 1, 64, 64]), ones([64, 1, 3, 3]))
    .relu()
    .sum();
async function failureOf(read: () => Promise<unknown>): Promise<Error> {
  try {
    await read();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}
async function onMyLine(n: number): Promise<number> {
  return await asksForMuch(n).item();
}

describe("out of memory", () => {
  test("has the class, the fields and the advice that it has on the thread that calls", async () => {
    await device(false);
    const here = await failureOf(() => onMyLine(64));
    await device(true);
    const there = await failureOf(() => onMyLine(64));
    expect(there).toBeInstanceOf(OutOfMemoryError);
    expect({ ...there }).toEqual({ ...here });
    expect(there).toMatchObject({
      device: "wasm",
      limit: LIMIT,
      requested: expect.any(Number),
      name: "OutOfMemoryError",
    });
    expect(there.message).toBe(here.message);
    expect(there.message).toMatch(/use a smaller batch or smaller pictures/);
    expect(there.stack).toMatch(/^OutOfMemoryError: wasm: .* asked for/);
    for (const { stack } of [here, there]) expect(stack).toContain("onMyLine");
  });
  test("is told also of what was computed from it, and the device goes on", async () => {
    await device(true);
    const much = asksForMuch(64).keep();
    expect(await failureOf(() => much.item())).toBeInstanceOf(OutOfMemoryError);
    expect(await asksForMuch(1).item()).toBe(64 * (62 * 62) * 9);
    expect(await failureOf(async () => much.add(1).item())).toBeInstanceOf(OutOfMemoryError);
  });
  test("of a program that is known, it is thrown where it is run, and the run has not happened", async () => {
    const made = await device(true);
    expect(await asksForMuch(8).item()).toBe(8 * 64 * (62 * 62) * 9);
    const fill = new nn.Buffer(zeros([28, 1 << 18]));
    await sync();
    const before = made.memory().bytes;
    expect(await failureOf(() => onMyLine(8))).toBeInstanceOf(OutOfMemoryError);
    expect(made.memory().bytes).toBe(before);
    expect(fill.numel).toBe(28 << 18);
  });
});

test("weights are drawn in the worker, to the bit as on the host, and not on the thread that calls", async () => {
  manualSeed(3);
  const weights = [
    new nn.Parameter(tensor(new Float32Array(50_001))),
    new nn.Parameter(tensor(new Float32Array(333))),
  ] as const;
  const fill = () => {
    manualSeed(3);
    nn.init.uniform(weights[0], { a: -0.3, b: 0.7 });
    nn.init.normal(weights[1], { mean: 2, std: 3 });
  };
  fill();
  const expected = await Promise.all(weights.map((w) => w.data())); // nobody has computed with them: from the host
  const made = await device(true);
  const uploads = vi.spyOn(made, "upload");
  fill();
  const found = await Promise.all(weights.map((w) => w.mul(1).data()));
  expect(found).toEqual(expected);
  expect(uploads).not.toHaveBeenCalled();
});

test("memory that the machine does not have is out of memory, not a device that says nothing", async () => {
  const engine: RemoteEngine = await openRemote(undefined, 4, undefined, 1);
  open.push(engine);
  // the heap may believe in more than the worker's memory can have
  const heap = new Heap(64 * 65536, "elsewhere", (pages, error) => engine.grow(pages, error));
  const x = heap.allocate("float32", 100_000);
  const error = await failureOf(() => engine.read(x.pointer, 4));
  expect(error).toBeInstanceOf(OutOfMemoryError);
  expect(error).toMatchObject({ requested: 400_000, inUse: 0, limit: 64 * 65536 });
});

test("a worker that ends is a device that is lost, in what waits and in what comes", async () => {
  const ended: ((code: number) => void)[] = [];
  const { on } = Worker.prototype;
  const spy = vi.spyOn(Worker.prototype, "on").mockImplementation(function (this: Worker, ...args) {
    if (args[0] === "exit") ended.push(args[1]);
    return on.apply(this, args);
  });
  const engine = await openRemote(undefined, 4, undefined, 1);
  spy.mockRestore();
  open.push(engine);
  const waiting = failureOf(() => engine.read(0, 4));
  ended[0](1); // as Node tells of it
  for (const error of [await waiting, await failureOf(() => engine.read(0, 4))]) {
    expect(error).toBeInstanceOf(DeviceLostError);
    expect(error.message).toMatch("wasm: the device was lost (it ended with code 1)");
  }
});

test("a mistake in the data is told in the words of the kernel", async () => {
  await device(true);
  const picked = tensor([1, 2, 3]).gather(0, tensor(Int32Array.of(7)));
  const error = await failureOf(() => picked.data());
  expect(error.message).toBe("gather: index 7 is out of range for axis 0 of size 3; indices must lie in 0..2");
});
