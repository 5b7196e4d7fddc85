import { expect, test } from "vitest";
import { assemble, F32, F64, Fn, I32, V128 } from "./assembler.ts";

type Exports = Record<string, (...x: number[]) => number>;
function instantiate(functions: readonly Fn[], memory = new WebAssembly.Memory({ initial: 1 })): Exports {
  const bytes = assemble(functions);
  expect(WebAssembly.validate(bytes)).toBe(true);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as Exports;
}

test("constants of every size survive their encoding", () => {
  const ints = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)];
  const floats = [0, -0, 1.5, 1e-45, 3.4e38, Infinity, -Infinity, NaN, 0.1].map(Math.fround);
  const x = instantiate([
    ...ints.map((n, i) => new Fn(`i${i}`, [], [I32]).i32(n)),
    ...floats.map((n, i) => new Fn(`f${i}`, [], [F32]).f32(n)),
    new Fn("d", [], [F64]).f64(0.1),
  ]);
  expect(ints.map((_, i) => x[`i${i}`]())).toEqual(ints);
  expect(floats.map((_, i) => x[`f${i}`]())).toEqual(floats);
  expect(x.d()).toBe(0.1);
});

test("loops, blocks and branches", () => {
  const f = new Fn("sumOfOdd", [I32], [I32]);
  const sum = f.local(I32);
  f.block((leave) => {
    f.get(0).op("i32.eqz");
    leave();
    f.loop(() => {
      f.get(0).i32(1).op("i32.and");
      f.if(
        () => f.get(sum).get(0).add().set(sum),
        () => f.get(sum).set(sum),
      );
      f.get(0).i32(1).sub().tee(0);
    });
  }).get(sum);
  const { sumOfOdd } = instantiate([f]);
  expect([0, 1, 2, 5, 10].map((n) => sumOfOdd(n))).toEqual([0, 1, 1, 9, 25]);
});

test("loads, stores and lanes reach the whole memory with offsets as immediates", () => {
  const memory = new WebAssembly.Memory({ initial: 2 });
  const f = new Fn("swap", [I32]);
  const v = f.local(V128);
  f.get(0).vload(70_000).set(v);
  f.get(0).get(v).get(v).shuffleWords(3, 2, 1, 0).vstore(70_016);
  f.get(0).get(v).laneAccess("v128.store32_lane", 2, 70_032);
  f.get(0).get(v).lane("f32x4.extract_lane", 1).storef(70_036);
  f.get(0).i32(7).i32(3).memoryFill().get(0).i32(8).add().get(0).i32(4).memoryCopy();
  instantiate([f], memory);
  const words = new Float32Array(memory.buffer);
  words.set([1, 2, 3, 4], 70_000 / 4);
  instantiate([f], memory).swap(0);
  expect([...words.slice(70_016 / 4, 70_040 / 4)]).toEqual([4, 3, 2, 1, 3, 2]);
  expect([...new Uint8Array(memory.buffer, 0, 12)]).toEqual([7, 7, 7, 0, 0, 0, 0, 0, 7, 7, 7, 0]);
});

test.each([true, false])("fma is a*b + acc (relaxed: %s)", (relaxed) => {
  const f = new Fn("f", [F32, F32, F32], [F32], relaxed);
  const [acc, a, b] = [0, 1, 2].map((i) => {
    const v = f.local(V128);
    f.get(i).op("f32x4.splat").set(v);
    return v;
  });
  f.fma(acc, a, b).get(acc).lane("f32x4.extract_lane", 3);
  expect(instantiate([f]).f(1, 2, 3)).toBe(7);
});

test("functions share types and call each other and the host", () => {
  const square = new Fn("", [F64], [F64]).get(0).get(0).op("f64.mul");
  const both = new Fn("both", [F64], [F64]).get(0).call(1).call(0);
  const bytes = assemble([square, both], [{ name: "half", params: [F64], results: [F64] }]);
  const env = { memory: new WebAssembly.Memory({ initial: 0 }), half: (x: number) => x / 2 };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
  expect(Object.keys(exports)).toEqual(["both"]);
  expect((exports.both as (x: number) => number)(6)).toBe(18);
});

test("a module for shared memory asks for one", () => {
  const bytes = assemble([new Fn("f", [])], [], { shared: true });
  const shared = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  expect(() => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: shared } })).not.toThrow();
  const own = new WebAssembly.Memory({ initial: 1, maximum: 65_536 });
  expect(() => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: own } })).toThrow(/shared/);
});

test("a function of a megabyte, with thousands of locals", () => {
  const f = new Fn("f", [], [I32]);
  const locals = Array.from({ length: 3000 }, () => f.local(I32));
  for (let i = 0; i < 120_000; i++)
    f.get(locals[i % 3000])
      .i32(1)
      .add()
      .set(locals[i % 3000]);
  f.get(locals[2999]);
  expect(f.code.length).toBeGreaterThan(1e6);
  expect(instantiate([f]).f()).toBe(40);
});

test("a local that does not exist is refused where it is named", () => {
  expect(() => new Fn("f", [I32]).get(1)).toThrow("assembler: there is no local 1");
});

test("a function whose types do not fit is not valid", () => {
  expect(WebAssembly.validate(assemble([new Fn("f", [F32], [I32]).get(0)]))).toBe(false);
});
