// Half precision, where the adapter has it: Mesa's lavapipe does, SwiftShader does not. Driver files are read when Dawn is loaded,
// so this file has a process of its own, as all test files have.
import { runConformance } from "@lamina/conformance";
import { crossEntropy, Generator, manualSeed, nn, setBackend, tensor } from "@lamina/core";
import { SGD } from "@lamina/train";
import { describe, expect, test } from "vitest";
import { halvedOps } from "./half.ts";
import { type WebGpu, webgpu } from "./index.ts";

const lavapipe = process.env.LAMINA_LAVAPIPE;
if (lavapipe) {
  process.env.VK_ICD_FILENAMES = process.env.VK_DRIVER_FILES = lavapipe;
  process.env.GALLIVM_PERF = "nopt"; // LLVM would take longer to improve the code than it runs
}
const here = test.skipIf(
  process.env.LAMINA_ABSENT_LAVAPIPE !== undefined || process.env.LAMINA_ABSENT_VULKAN !== undefined,
);

describe("f16", () => {
  here("products and convolutions are within what half precision allows, and not within float32", async () => {
    const filter = (id: string) => /^ops\/(matmul|conv2d\w*)\/(17 by 33|odd sizes)(?!.*decomposed)/.test(id);
    const options = { levels: ["ops"] as const, filter };
    const report = await runConformance("webgpu", () => webgpu({ f16: true }), options);
    expect(report.results.filter((r) => r.status !== "passed")).toEqual([]);
    expect(new Set(report.results.map((r) => r.op))).toEqual(new Set(halvedOps));
    for (const { ulps } of report.results) expect(ulps).toBeGreaterThan(100);
  });

  /** Ten steps of a small convolutional network. */
  async function losses(device: WebGpu): Promise<number[]> {
    setBackend(device);
    manualSeed(3);
    const layers = [new nn.Conv2d(1, 4, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(4 * 36, 5)];
    const model = new nn.Sequential(...layers);
    const x = tensor(new Generator(4).normals(6 * 64), { shape: [6, 1, 8, 8] });
    const labels = tensor(Int32Array.from({ length: 6 }, (_, i) => i % 5));
    const optimizer = new SGD(model.parameters(), { lr: 0.05 });
    const found: number[] = [];
    for (let step = 0; step < 10; step++) {
      const loss = crossEntropy(model.forward(x), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      found.push(await loss.item());
    }
    return found;
  }
  here("a network trains as it does in float32, and keeps operands as f16", async () => {
    const [whole, half] = [await webgpu(), await webgpu({ f16: true })];
    const shaders: string[] = [];
    const create = half.device.createShaderModule.bind(half.device);
    half.device.createShaderModule = (made) => {
      shaders.push(made.code);
      return create(made);
    };
    const [expected, found] = [await losses(whole), await losses(half)];
    expect(half.details?.f16).toBe(true);
    expect(shaders.filter((code) => code.includes("array<f16>")).length).toBeGreaterThanOrEqual(3);
    expect(found).not.toEqual(expected);
    found.forEach((loss, i) => expect(Math.abs(loss - expected[i]) / expected[i]).toBeLessThan(2e-3));
    expect(found.at(-1)).toBeLessThan(0.7 * found[0]);
    await whole.close();
    await half.close();
  });
});
