// What is said where WebAssembly cannot run: an old engine, no vectors, a page's policy.
import { afterEach, expect, test, vi } from "vitest";
import { wasm } from "./index.ts";

const real = globalThis.WebAssembly;
afterEach(() => void vi.unstubAllGlobals());

/** WebAssembly with some parts replaced. */
const stub = (parts: object) => vi.stubGlobal("WebAssembly", Object.assign(Object.create(real), parts));

test("without WebAssembly", async () => {
  vi.stubGlobal("WebAssembly", undefined);
  await expect(wasm()).rejects.toThrow(
    "wasm: this engine has no WebAssembly; use a current browser or Node 20 or later, or another backend",
  );
});
test("without its vectors", async () => {
  stub({ validate: () => false });
  await expect(wasm()).rejects.toThrow(
    "wasm: this engine has WebAssembly but not its SIMD instructions; use Node 20 or later, Chrome 91, Firefox 89 or Safari 16.4, or another backend",
  );
});
test("where a page's policy forbids compiling", async () => {
  stub({
    Module: class {
      constructor() {
        throw new Error("Refused to compile or instantiate WebAssembly module");
      }
    },
  });
  await expect(wasm()).rejects.toThrow(
    "wasm: the engine refuses to compile WebAssembly (Refused to compile or instantiate WebAssembly module); if this page has a Content-Security-Policy, add 'wasm-unsafe-eval' to its script-src",
  );
});
test("without relaxed SIMD it works, and never uses it", async () => {
  let compiled: Uint8Array[] = [];
  stub({
    validate: (bytes: Uint8Array<ArrayBuffer>) => !usesMadd(bytes) && real.validate(bytes),
    Module: class extends real.Module {
      constructor(bytes: Uint8Array<ArrayBuffer>) {
        compiled = [...compiled, bytes];
        super(bytes);
      }
    },
  });
  const device = await wasm();
  const x = { buffer: device.upload(Float32Array.of(0, 1), "float32"), shape: [2], dtype: "float32" } as const;
  const y = device.kernels.exp!([x], {}, [], { shape: [2], dtype: "float32" });
  expect(Array.from(device.read(y) as Float32Array)).toEqual([1, Math.fround(Math.E)]);
  expect(compiled.some((bytes) => usesMadd(bytes))).toBe(false);
});
/** f32x4.relaxed_madd: 0xfd, then 0x105 in LEB128. */
const usesMadd = (bytes: Uint8Array): boolean =>
  bytes.some((b, i) => b === 0xfd && bytes[i + 1] === 0x85 && bytes[i + 2] === 0x02);
