// The backend around the kernels: dtypes, precision, what it counts, and what it says when a buffer is misused.
import { type DType, OutOfMemoryError, ops } from "@lamina/core";
import { describe, expect, it } from "vitest";
import { type ReferenceBuffer, reference } from "./index.ts";

const upload = {
  float32: Float32Array.of(1, 2),
  float64: Float64Array.of(0.1, 0.2),
  int32: Int32Array.of(-1, 2),
  uint8: Uint8Array.of(0, 255),
};
const view = (buffer: ReferenceBuffer, shape: number[]) => ({ buffer, shape, dtype: buffer.dtype });
const vector = (dtype: DType, n = 2) => ({ shape: [n], dtype });

it("has a kernel for every op of core that is no alias, and for no other", async () => {
  const { kernels } = await reference();
  const wanted = Object.values(ops)
    .filter((op) => !op.alias)
    .map((op) => op.name);
  expect(Object.keys(kernels).sort()).toEqual(wanted.sort());
});

describe("upload and read", () => {
  it("copy both ways, every dtype", async () => {
    const backend = await reference();
    for (const [dtype, data] of Object.entries(upload)) {
      const host = data.slice();
      const buffer = backend.upload(host, dtype as DType);
      host.fill(9);
      const first = backend.read(buffer) as Float32Array;
      expect(first).toEqual(data);
      first.fill(7);
      expect(backend.read(buffer)).toEqual(data);
    }
    expect(backend.read(backend.upload(Float32Array.of(0, 0.5, -1), "bool"))).toEqual(Uint8Array.of(0, 1, 1));
  });
});

describe('precision "double"', () => {
  it("keeps uploads, constants and results of float32 programs unrounded", async () => {
    const { upload, kernels, read } = await reference({ precision: "double" });
    expect(read(upload(Float64Array.of(0.1), "float32"))).toEqual(Float64Array.of(0.1));
    expect(read(kernels.full!([], {}, [0.1], vector("float32", 1)))).toEqual(Float64Array.of(0.1));
    const [x, y] = [upload(Float64Array.of(1), "float32"), upload(Float64Array.of(1e-12), "float32")];
    expect(read(kernels.add!([view(x, [1]), view(y, [1])], {}, [], vector("float32", 1)))).toEqual(
      Float64Array.of(1 + 1e-12),
    );
  });
  it("leaves integers integers, and random its bits", async () => {
    const [double, declared] = [await reference({ precision: "double" }), await reference()];
    expect(double.read(double.upload(Float64Array.of(2.7), "int32"))).toEqual(Int32Array.of(2));
    const draw = ({ kernels, read }: typeof double) =>
      Array.from(read(kernels.random!([], {}, [1, 0, 0, 0], vector("float32", 5))) as Float64Array);
    expect(draw(double)).toEqual(draw(declared));
  });
  it("is not the default: float32 is rounded", async () => {
    const { upload, read } = await reference();
    expect(read(upload(Float64Array.of(0.1), "float32"))).toEqual(Float32Array.of(0.1));
  });
});

describe("memory", () => {
  it("counts live buffers, bytes and the peak", async () => {
    const backend = await reference();
    const x = backend.upload(Float32Array.of(1, 2, 3), "float32");
    const y = backend.kernels.neg!([view(x, [3])], {}, [], vector("float32", 3));
    expect(backend.memory()).toEqual({ bytes: 24, buffers: 2, peakBytes: 24 });
    backend.free(x);
    expect(backend.memory()).toEqual({ bytes: 12, buffers: 1, peakBytes: 24 });
    backend.free(backend.upload(Uint8Array.of(1), "uint8"));
    expect(backend.memory()).toEqual({ bytes: 12, buffers: 1, peakBytes: 24 });
    expect(backend.read(y)).toEqual(Float32Array.of(-1, -2, -3));
    await backend.close();
    expect(backend.memory()).toEqual({ bytes: 0, buffers: 0, peakBytes: 24 });
  });
  it("counts double precision as the bytes it takes", async () => {
    const backend = await reference({ precision: "double" });
    backend.upload(Float32Array.of(1, 2, 3), "float32");
    expect(backend.memory().bytes).toBe(24);
  });
  it("says so when a buffer is freed twice or used after it was freed", async () => {
    const backend = await reference();
    const x = backend.upload(Float32Array.of(1), "float32");
    backend.free(x);
    const after = (user: string) =>
      `${user}: the float32 buffer has been freed; free it after its last use, and only once`;
    expect(() => backend.free(x)).toThrow(after("free"));
    expect(() => backend.read(x)).toThrow(after("read"));
    expect(() => backend.kernels.exp!([view(x, [1])], {}, [], vector("float32", 1))).toThrow(after("exp"));
  });
  it("says so when a buffer is another backend's", async () => {
    const [here, there] = [await reference(), await reference()];
    const x = there.upload(Int32Array.of(1), "int32");
    expect(() => here.read(x)).toThrow(
      "read: the int32 buffer belongs to another backend; read it there and upload it here",
    );
    expect(there.memory().buffers).toBe(1);
  });
});

describe("a kernel that throws", () => {
  it("for want of memory, says so in the error that programs tell apart", async () => {
    const { kernels, memory } = await reference();
    const fill = () => kernels.full!([], {}, [1], { shape: [2 ** 30, 2 ** 30], dtype: "float32" });
    expect(fill).toThrow(OutOfMemoryError);
    expect(fill).toThrow(/^reference: [\d.]+ TiB asked for, but the device has no room for it with 0 B in use/);
    expect(memory().buffers).toBe(0);
  });
  it("leaves no buffer behind", async () => {
    const backend = await reference();
    const x = backend.upload(Float32Array.of(1), "float32");
    const index = backend.upload(Int32Array.of(3), "int32");
    expect(() =>
      backend.kernels.gather!([view(x, [1]), view(index, [1])], { axis: 0 }, [], vector("float32", 1)),
    ).toThrow("gather: index 3");
    expect(backend.memory().buffers).toBe(2);
  });
  it("can be asked for: beforeKernel sees each op's name and may throw", async () => {
    const seen: string[] = [];
    const backend = await reference({
      beforeKernel: (op) => {
        if (seen.push(op) === 2) throw new Error("the second kernel fails");
      },
    });
    const one = () => backend.kernels.full!([], {}, [1], vector("float32", 1));
    const x = one();
    expect(() => backend.kernels.exp!([view(x, [1])], {}, [], vector("float32", 1))).toThrow("the second kernel fails");
    expect(seen).toEqual(["full", "exp"]);
    expect(backend.memory().buffers).toBe(1);
  });
});
