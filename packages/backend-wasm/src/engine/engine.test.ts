// Leader and helpers at one job: who does which slices, what goes wrong where, and what is loaded late.
import { DeviceLostError } from "@lamina/core";
import { afterEach, expect, test } from "vitest";
import { Fn, I32 } from "../assembler.ts";
import type { Call } from "../calls.ts";
import { Functions } from "../functions.ts";
import { Heap } from "../memory.ts";
import { type Place, placeFor } from "../place.ts";
import { hostFunctions } from "../pointwise/host.ts";
import { type Engine, makeCodeArea, makeEngine, NOBODY } from "./engine.ts";
import { wholly } from "./orders.ts";
import { type Helpers, startHelpers } from "./threads.ts";

const SLICES = 1000;
const running: Helpers[] = [];
afterEach(() => Promise.all(running.splice(0).map((helpers) => helpers.stop())));

/** An engine with helpers, and what runs one call on it, with the addresses of an array and of the runners' own memory. */
function team(threads: number) {
  const heap = new Heap(1 << 24, "shared");
  const area = makeCodeArea()!;
  const engine = makeEngine(heap.memory, hostFunctions, threads, 0, area);
  running.push(startHelpers(heap.memory, area, threads));
  const { run, out, own } = runner(heap, engine, threads);
  return {
    heap,
    own,
    run(call: Call): Int32Array {
      run(call);
      return heap.read(out) as Int32Array;
    },
  };
}
function runner(heap: Heap, engine: Engine, threads: number) {
  const functions = new Functions(engine, threads);
  const out = heap.allocate("int32", SLICES);
  const own = heap.take(threads * 128);
  const args = heap.take(64);
  const run = (call: Call): void => {
    const [which] = wholly(functions.of([call]));
    engine.run({
      functions: Int32Array.of(~which),
      starts: Int32Array.of(0),
      at: args,
      args: Int32Array.of(out.pointer, own),
      scalarsAt: args,
      scalars: new Float64Array(),
      inputs: [],
      outputs: [out.pointer],
    });
  };
  return { run, out, own };
}
const sharedCall = (key: string, body: (f: Fn) => void): Call => ({
  key,
  file: "",
  emit: () => {
    const f = new Fn("", [I32, I32, I32]);
    body(f);
    return f;
  },
  slices: SLICES,
  parallel: true,
  args: [{ slot: 0 }, { scratch: 64, own: true }],
  writes: [0],
  inPlace: [],
});
/** Some hundred microseconds. */
const dawdle = (f: Fn): void => {
  const left = f.local(I32);
  f.i32(100_000).set(left);
  f.loop(() => void f.get(left).i32(1).sub().tee(left));
};
/** Adds one to the slice's element, and puts its thread's number, by its own memory, into the upper half. */
const marks =
  (own: number, slow = true) =>
  (f: Fn) => {
    if (slow) dawdle(f);
    const at = f.local(I32);
    f.get(0).get(2).i32(4).mul().add().tee(at);
    f.get(at).loadi().i32(0xffff).op("i32.and").i32(1).add();
    f.get(1).i32(own).sub().i32(128).op("i32.div_u").i32(16).op("i32.shl").add().storei();
  };
/** Until the helpers have come: they start in their own time. */
async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !done(); i++) await new Promise((go) => setTimeout(go, 20));
}

test("every slice is done once in every run, and all threads do some", async () => {
  const { run, heap, own } = team(3);
  const call = sharedCall("marks", marks(own));
  const seen = new Set<number>();
  let runs = 0;
  await until(() => {
    const out = run(call);
    runs++;
    for (const word of out) {
      seen.add(word >> 16);
      if ((word & 0xffff) !== runs) throw new Error(`after ${runs} runs a slice was done ${word & 0xffff} times`);
    }
    return seen.size === 3;
  });
  expect([...seen].sort()).toEqual([0, 1, 2]);
  // many short ones, so that helpers are late for some
  const quick = sharedCall("quick", marks(own, false));
  for (let i = 0; i < 2000; i++) run(quick);
  expect(new Set(run(quick).map((word) => word & 0xffff))).toEqual(new Set([runs + 2001]));
  expect(heap.info().buffers).toBe(1);
});

test("what a helper comes upon is thrown by the run, and the next one goes on", async () => {
  const { run, own } = team(2);
  // only helpers fail
  const failing = sharedCall("failing", (f) => {
    dawdle(f);
    f.get(1).i32(own).op("i32.ne");
    f.if(() => void f.op("unreachable"));
  });
  let message = "";
  await until(() => {
    try {
      run(failing);
    } catch (error) {
      message = (error as Error).message;
    }
    return message !== "";
  });
  expect(message).toBe("unreachable");
  const out = run(sharedCall("marks", marks(own)));
  expect(new Set(out.map((word) => word & 0xffff))).toEqual(new Set([1]));
});

test("helpers that have not come, or are gone, are not waited for", async () => {
  const { run, own } = team(4);
  const out = run(sharedCall("marks", marks(own, false)));
  expect(out.every((word) => (word & 0xffff) === 1)).toBe(true);
  await running[0].stop();
  expect(run(sharedCall("marks", marks(own, false))).every((word) => (word & 0xffff) === 2)).toBe(true);
});

/** A device of two threads, and what runs on it a call that its helper never comes back from. */
async function withEndlessHelper(worker: boolean, look: () => void) {
  const place = await placeFor(worker, 1 << 24, 2, look);
  closing.push(place);
  const helpers = startHelpers(place.heap.memory, place.area!, 2);
  running.push(helpers);
  const { run, out, own } = runner(place.heap, place.engine, 2);
  const endless = sharedCall("endless", (f) => {
    dawdle(f);
    f.get(1).i32(own).op("i32.ne");
    f.if(() => f.loop(() => void f.i32(1)));
  });
  return { place, helpers, out, run: () => run(endless) };
}
const closing: Place[] = [];
afterEach(() => Promise.all(closing.splice(0).map((place) => place.close())));
const LOST =
  /^wasm: the device was lost \(a thread ended in the middle of its work: .+\), and the values on it are gone; open it again/;

test("a helper that ends in the middle of a slice is not waited for: the device is lost, and says so from then on", async () => {
  const { place, helpers, out, run } = await withEndlessHelper(false, () => {
    void helpers.stop();
    helpers.look();
  });
  const caught: unknown[] = [];
  const attempt = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      caught.push(error);
    }
  };
  await until(() => {
    attempt(run);
    return caught.length > 0;
  });
  attempt(run);
  attempt(() => place.read(out));
  attempt(() => place.upload(new Float32Array(1), "float32"));
  expect(caught).toHaveLength(4);
  for (const error of caught) {
    expect(error).toBeInstanceOf(DeviceLostError);
    expect((error as Error).message).toMatch(LOST);
  }
  place.free(out); // without a word
});

test("the same where the leader is in a worker, and hears of it from the thread that started both", async () => {
  const { place, out, run } = await withEndlessHelper(true, () => {});
  const { lose } = makeEngine(place.heap.memory, {}, 2, NOBODY, undefined);
  let error: unknown;
  const note = (reason: unknown) => void (error ??= reason);
  await until(() => {
    if (error) return true;
    run();
    lose(1, "it ran out of memory");
    Promise.resolve(place.read(out)).catch(note);
    return false;
  });
  expect(error).toBeInstanceOf(DeviceLostError);
  expect((error as Error).message).toMatch(LOST);
  expect((error as DeviceLostError).reason).toContain("it ran out of memory");
  expect(run).toThrow(DeviceLostError);
  await expect(place.read(out)).rejects.toThrow(DeviceLostError);
});
