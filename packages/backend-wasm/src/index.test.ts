// The device as core sees it: buffers, what it counts, what it says when it is misused.
import type { Spec, TypedArray } from "@lamina/core";
import { expect, test } from "vitest";
import { wasm } from "./index.ts";

const vector: Spec = { shape: [3], dtype: "float32" };

test("uploads copy, reads are fresh, and both keep their bytes", async () => {
  const device = await wasm();
  for (const [dtype, data] of [
    ["float32", Float32Array.of(1.5, -0, NaN)],
    ["int32", Int32Array.of(-1, 2 ** 31 - 1)],
    ["uint8", Uint8Array.of(0, 255)],
    ["bool", Uint8Array.of(1, 0)],
  ] as const) {
    const mine = data.slice();
    const buffer = device.upload(mine, dtype);
    mine.fill(7);
    const read = device.read(buffer) as TypedArray;
    expect(read).toEqual(data);
    read.fill(9);
    expect(device.read(buffer)).toEqual(data);
  }
});
test("kernels give fresh buffers, also for the same values twice, and no two devices share any", async () => {
  const [device, other] = [await wasm(), await wasm()];
  const view = { ...vector, buffer: device.upload(Float32Array.of(1, 2, 3), "float32") };
  const twice = device.kernels.add!([view, view], {}, [], vector);
  expect(device.read(twice)).toEqual(Float32Array.of(2, 4, 6));
  expect(device.read(view.buffer)).toEqual(Float32Array.of(1, 2, 3));
  expect(device.memory()).toMatchObject({ bytes: 24, buffers: 2 });
  expect(() => other.read(twice)).toThrow(
    "wasm: a float32 buffer of 3 elements is used that was freed or is another device's; free a buffer once, after its last use",
  );
  expect(() => other.kernels.neg!([view], {}, [], vector)).toThrow(/another device's/);
});
test("after close everything throws and nothing is held", async () => {
  const device = await wasm();
  const buffer = device.upload(Float32Array.of(1), "float32");
  await device.close();
  expect(device.memory()).toMatchObject({ bytes: 0, buffers: 0 });
  const message = "wasm: the backend was closed, and its memory is gone; make another with await wasm()";
  expect(() => device.upload(Float32Array.of(1), "float32")).toThrow(message);
  expect(() => device.read(buffer)).toThrow(message);
  expect(() => device.kernels.full!([], vector, [1], vector)).toThrow(message);
  expect(() => device.free(buffer)).not.toThrow(); // what core still holds goes quietly
  await device.close();
});
test("maxBytes is a limit", async () => {
  const device = await wasm({ maxBytes: 1 << 20 });
  expect(() => device.upload(new Float32Array(1 << 18), "float32")).toThrow(
    "wasm: 1 MiB asked for, but the device has no room for it with 0 B in use of at most 1 MiB; use a smaller batch",
  );
  expect(device.read(device.upload(Float32Array.of(5), "float32"))).toEqual(Float32Array.of(5));
});
