// The text around a kernel's lines: arrays of several parts, several names of one array, and what a refused shader says.
import { expect, test } from "vitest";
import { findAdapter } from "./adapter.ts";
import { openGpu } from "./gpu.ts";
import { Pipelines } from "./pipelines.ts";
import { type Signature, shaderText, signatureKey } from "./shader.ts";

const signature: Signature = {
  names: [
    { name: "x", width: 1, array: 0 },
    { name: "y", width: 4, array: 1 },
    { name: "again", width: 4, array: 0 },
  ],
  arrays: [
    { dtype: "float32", parts: 1 },
    { dtype: "bool", parts: 3 },
  ],
  partLength: 64,
  uniforms: [{ name: "count", type: "u32" }],
  workgroupSize: 32,
  subgroups: false,
};

test("an array has a binding a part, and a name finds its element in the right one", () => {
  const text = shaderText(signature, { main: "" });
  expect(text.match(/@binding/g)).toHaveLength(1 + 4);
  expect(text).toContain("var<storage, read_write> a1_2: array<vec4<u32>>;");
  expect(text).toContain("switch (i / 16u)"); // vectors in a part
});
test("names of one array with different widths share its bindings, element by element", () => {
  const text = shaderText(signature, { main: "" });
  expect(text).toContain("var<storage, read_write> a0_0: array<f32>;");
  expect(text).toContain("vec4<f32>(read_again_lane(k + 0u), read_again_lane(k + 1u)");
});
test("the size of a part matters to the text only where there are several", () => {
  const single = {
    ...signature,
    arrays: [{ dtype: "float32", parts: 1 } as const],
    names: signature.names.slice(0, 1),
  };
  expect(signatureKey({ ...single, partLength: 128 })).toBe(signatureKey(single));
  expect(signatureKey({ ...signature, partLength: 128 })).not.toBe(signatureKey(signature));
});
test.skipIf(process.env.LAMINA_ABSENT_VULKAN !== undefined)(
  "a shader that is refused is shown with the line that is wrong",
  async () => {
    const gpu = await openGpu(await findAdapter({}), { limits: "adapter", f16: false });
    const pipelines = new Pipelines(gpu);
    const wrong = pipelines.of("wrong", signature, () => ({ main: "  let z = read_x(nothing);" }));
    await expect(wrong.ready).rejects.toThrow(
      /^webgpu: the shader of wrong was refused: error at \d+:\d+: unresolved value 'nothing'\n {4}let z = read_x\(nothing\);/,
    );
    gpu.close();
  },
);

test.skipIf(process.env.LAMINA_ABSENT_VULKAN !== undefined)(
  "so many pipelines are kept, and the one that was used longest ago is made again",
  async () => {
    const gpu = await openGpu(await findAdapter({}), { limits: "adapter", f16: false });
    const pipelines = new Pipelines(gpu, 2);
    const ask = (key: string) => pipelines.of(key, signature, () => ({ main: "" }));
    const [first, second] = [ask("first"), ask("second")];
    expect(ask("first")).toBe(first);
    ask("third");
    expect(ask("first")).toBe(first);
    expect(ask("second")).not.toBe(second);
    await pipelines.settle();
    expect(pipelines.progress).toEqual({ ready: 4, total: 4 });
    gpu.close();
  },
);
