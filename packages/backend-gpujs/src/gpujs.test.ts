// The suite on plain JavaScript, and what is this device's own: modes, errors, and tensors that lie in several textures.
// webasm.test.ts runs beside it.
import { runConformance } from "@lamina/conformance";
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { missingFor } from "./headlessGl.ts";
import { type GpujsOptions, gaps, gpujs } from "./index.ts";

const { describe, expect, test } = vitest;

conformWith(vitest, "gpujs, mode cpu", () => gpujs({ mode: "cpu" }), { declared: gaps });

/** Every way in which kernels find elements, at sizes that take no minutes in small pieces. */
const PIECEWISE =
  /^ops\/(where|sum|argmax|permute|slice|pad|cat|gather|scatterAdd|cast|mul|matmul\/5|conv2d\/stride|maxPool2d)\b(?!.*(decomposed|compiled))/;
test("tensors longer than a texture lie in several, and nothing else changes", async () => {
  const { failed, passed, results } = await runConformance("gpujs", () => gpujs({ mode: "cpu", textureSize: 50 }), {
    levels: ["ops"],
    filter: (id) => PIECEWISE.test(id),
  });
  expect(results.filter((r) => r.status === "failed")).toEqual([]);
  expect([failed, passed > 100]).toEqual([0, true]);
}, 120_000);

describe("memory", () => {
  const view = (data: number[]) => ({ shape: [data.length], dtype: "int32" as const });
  test("counts what textures hold: an int32 is two words", async () => {
    const { upload, kernels, free, memory, read, close } = await gpujs({ mode: "cpu" });
    const x = upload(Int32Array.of(1 << 30, -7, 2 ** 31 - 1), "int32");
    const y = kernels.add!(
      [x, x].map((buffer) => ({ buffer, ...view([0, 0, 0]) })),
      {},
      [],
      view([0, 0, 0]),
    );
    expect(memory()).toEqual({ bytes: 48, buffers: 2, peakBytes: 48 });
    expect(await read(y)).toEqual(Int32Array.of(-(2 ** 31), -14, -2));
    free(x);
    expect(memory()).toEqual({ bytes: 24, buffers: 1, peakBytes: 48 });
    expect(() => free(x)).toThrow("free: the int32 buffer has been freed; free it after its last use, and only once");
    await close();
    expect(memory().buffers).toBe(0);
  });
  test("a buffer of another device is refused", async () => {
    const [here, there] = [await gpujs({ mode: "cpu" }), await gpujs({ mode: "cpu" })];
    expect(() => here.read(there.upload(Float32Array.of(1), "float32"))).toThrow(
      "read: the float32 buffer belongs to another backend; read it there and upload it here",
    );
  });
});

describe("what is not here is said", () => {
  const refusal = (options: object) => expect(gpujs(options as GpujsOptions)).rejects;
  test("a mode that needs a browser", () =>
    refusal({ mode: "webgl2" }).toThrow(
      'gpujs: mode "webgl2" is not here: it needs a browser with WebGL 2 and its float textures (EXT_color_buffer_float). Here are webasm, cpu',
    ));
  test("a mode that needs a package, with the command that adds it", () =>
    refusal({ mode: "headlessgl" }).toThrow(
      'gpujs: mode "headlessgl" is not here: it needs Node, the package gl, and an X display: the package gl is not installed; run `npm install gl` and allow its install script. Here are webasm, cpu',
    ));
  test("of headless-gl, what exactly is missing", () => {
    const requiring = (load: () => unknown) => Object.assign(load, { resolve: (name: string) => name });
    const unbuilt = requiring(() => {
      throw new Error("Could not locate the bindings file. Tried:\n → …");
    });
    expect(missingFor(unbuilt)).toMatch(
      /^the package gl does not load \(Could not locate the bindings file. Tried:\); run `npm rebuild gl`/,
    );
    expect(missingFor(requiring(() => () => null))).toMatch(
      /no context, because there is no X display; start with `xvfb-run/,
    );
    expect(missingFor(undefined)).toContain("run `npm install gpu.js gl`");
  });
  test("WebGPU, which Node does not have by itself", () =>
    refusal({ mode: "webgpu" }).toThrow(
      'gpujs: mode "webgpu" is not here: it needs WebGPU as browsers have it: navigator.gpu, with an adapter. Here are webasm, cpu',
    ));
  test("a mode that does not exist", () =>
    refusal({ mode: "gl" }).toThrow(
      'gpujs: there is no mode "gl"; use one of webgl2, webgl, headlessgl, webasm, cpu, webgpu',
    ));
  test("a class that is not gpu.js's", () =>
    refusal({ GPU: class GPU {} }).toThrow("gpujs: what was passed as GPU is not the class of gpu.js"));
});

test("takes the first mode that is here, and the class that is passed", async () => {
  const { GPU } = await import("gpu.js");
  const backend = await gpujs({ GPU });
  expect(backend.details).toEqual({ mode: "webasm" });
  await backend.close();
});
