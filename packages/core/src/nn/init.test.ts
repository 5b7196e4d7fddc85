// Initialisers: ranges, moments, PyTorch's defaults, and the same values for the same seed. Needs no device.
import { beforeEach, expect, test } from "vitest";
import type { Cell } from "../cell.ts";
import { manualSeed } from "../random.ts";
import * as nn from "./index.ts";

beforeEach(() => manualSeed(7));
const values = (cell: Cell) => Array.from(cell.value.host!);
const moments = (x: number[]) => {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  return { mean, std: Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length) };
};
const weight = () => nn.init.filledParameter([64, 32, 3, 3], 0);
/** All values lie within, and come near to, ±bound; their deviation is that of a uniform distribution. */
function expectUniform(cell: Cell, bound: number) {
  const x = values(cell);
  const largest = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-6));
  expect(largest).toBeGreaterThan(0.95 * bound);
  if (x.length > 1000) expect(moments(x).std / (bound / Math.sqrt(3))).toBeCloseTo(1, 1.5);
}

test("layers start as PyTorch's do: U(±1/√fanIn)", () => {
  const conv = new nn.Conv2d(16, 128, 5, { groups: 2 });
  expectUniform(conv.weight, 1 / Math.sqrt(8 * 25));
  expectUniform(conv.bias!, 1 / Math.sqrt(8 * 25));
  expectUniform(new nn.Linear(100, 200).weight, 0.1);
  expectUniform(new nn.ConvTranspose2d(8, 100, 3).weight, 1 / Math.sqrt(100 * 9));
});
test("xavier and kaiming, uniform and normal", () => {
  const [fanIn, fanOut] = [32 * 9, 64 * 9];
  expectUniform(nn.init.xavierUniform(weight(), { gain: 2 }), 2 * Math.sqrt(6 / (fanIn + fanOut)));
  expectUniform(nn.init.kaimingUniform(weight(), { mode: "fanOut", nonlinearity: "relu" }), Math.sqrt(6 / fanOut));
  expect(moments(values(nn.init.xavierNormal(weight()))).std / Math.sqrt(2 / (fanIn + fanOut))).toBeCloseTo(1, 1.5);
  expect(moments(values(nn.init.kaimingNormal(weight(), { a: 1 }))).std / Math.sqrt(1 / fanIn)).toBeCloseTo(1, 1.5);
  const { mean, std } = moments(values(nn.init.normal(weight(), { mean: 3, std: 0.1 })));
  expect(mean).toBeCloseTo(3, 2);
  expect(std).toBeCloseTo(0.1, 2);
  expect(new Set(values(nn.init.constant(weight(), 0.5)))).toEqual(new Set([0.5]));
});
test("same seed, same values; another draw, others", () => {
  const draw = () => values(new nn.Linear(3, 2).weight);
  const first = draw();
  expect(draw()).not.toEqual(first);
  manualSeed(7);
  expect(draw()).toEqual(first);
});
test("gains and fans", () => {
  expect(nn.init.calculateGain("tanh")).toBeCloseTo(5 / 3);
  expect(nn.init.calculateGain("leakyRelu", Math.sqrt(5))).toBeCloseTo(Math.sqrt(1 / 3));
  expect(nn.init.fanInAndFanOut([6, 3, 5, 2])).toEqual({ fanIn: 30, fanOut: 60 });
  expect(() => nn.init.fanInAndFanOut([6])).toThrow("fanInAndFanOut: a tensor of shape [6] has no fan in and fan out");
  expect(() => nn.init.calculateGain("swish" as never)).toThrow(
    "calculateGain: the nonlinearity is swish but must be one of linear",
  );
});
test("a weight is drawn when someone looks: one that is replaced or only counted costs nothing, and the stream is the same", () => {
  const before = process.memoryUsage().arrayBuffers;
  const layer = new nn.Linear(30_000, 20_000); // 2.4 GB
  nn.init.xavierUniform(layer.weight);
  expect(layer.numParameters()).toBe(600_020_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
});
test("when a weight is drawn does not change what is drawn", () => {
  const make = () => [1, 2, 3].map((n) => nn.init.xavierUniform(new nn.Linear(n, 5).weight));
  const forwards = make().map(values);
  manualSeed(7);
  expect(make().reverse().map(values).reverse()).toEqual(forwards);
});
