// The work is what it says: the networks are those of @lamina/models, numbers are the same everywhere, and names choose.
import type { nn } from "@lamina/core";
import { alexnet, googlenet, lenet, nin, resnet18, vgg11 } from "@lamina/models";
import { expect, test } from "vitest";
import { modelOf } from "../contenders/lamina.ts";
import { chosenWorks } from "./choose.ts";
import { networks } from "./networks.ts";
import { agree, digest, uniform } from "./numbers.ts";
import { costOf, type Work, works } from "./works.ts";

const count = (model: nn.Module): number => [...model.parameters()].reduce((sum, p) => sum + p.numel, 0);
const models = { lenet, alexnet, "vgg11/4": () => vgg11({ ratio: 4 }), nin, googlenet, resnet18 };

test.each(Object.entries(models))("%s has the parameters of @lamina/models, in the same order", (name, make) => {
  const shapes = (model: nn.Module) => [...model.parameters()].map((p) => p.shape.join());
  const ours = modelOf(networks[name]);
  expect(shapes(ours).sort()).toEqual(shapes(make()).sort());
  expect(networks[name].parameters).toBe(count(ours));
});
test.each([
  ["lenet", 416_520],
  ["alexnet", 938_146_176],
  ["vgg11/4", 512_155_648],
  ["nin", 762_297_352],
  ["googlenet", 276_066_304],
  ["resnet18", 318_657_536],
])("%s takes %d multiplications an image", (name, macs) => expect(networks[name].macs).toBe(macs));

const named = (id: string): Work => works.find((work) => work.id === id)!;
test("costs count operations of the definition, and bytes that must move once", () => {
  expect(costOf(named("matmul 512x512x512"))).toEqual({ flops: 2 * 512 ** 3, bytes: 3 * 4 * 512 ** 2 });
  expect(costOf(named("conv2d 3x3 1x64x56")).flops).toBe(2 * 64 * 64 * 9 * 56 * 56);
  expect(costOf(named("depthwise 3x3 8x128x28")).flops).toBe(2 * 8 * 128 * 9 * 28 * 28);
  expect(costOf(named("max pool 3x3/2 8x96x54")).bytes).toBe(4 * 8 * 96 * (54 * 54 + 26 * 26));
  const step = costOf(named("lenet step b256 SGD"));
  expect(step.flops).toBe(256 * (3 * 2 * 416_520 - 2 * 25 * 6 * 28 * 28));
});
test("numbers are a hash of their place: run/inPython.py makes the same", () => {
  // printed by uniform(3, (4,), -1, 1) of run/inPython.py
  expect([...uniform(3, 4, -1, 1)].map((x) => x.toFixed(6))).toEqual(PYTHON);
  const many = uniform(1, 100_000, 0, 1);
  const [mean, root] = digest(many);
  expect(mean).toBeCloseTo(0.5, 2);
  expect(root).toBeCloseTo(Math.sqrt(1 / 3), 2);
});
const PYTHON = ["0.676876", "-0.217766", "-0.698801", "0.135510"];
test("digests agree to about four digits, and only of equal lengths", () => {
  expect(agree([1, 2], [1.0001, 2])).toBe(true);
  expect(agree([1, 2], [1.1, 2])).toBe(false);
  expect(agree([0, 1e-9], [0, -1e-9])).toBe(false);
  expect(agree([1], [1, 1])).toBe(false);
});
test("work is chosen by group, network or the start of its name; a name that nothing goes by is told", () => {
  const ids = (...names: string[]) => chosenWorks(names).works.map(({ id }) => id);
  expect(ids("lenet")).toEqual(["lenet step b256 SGD", "lenet forward b1"]);
  expect(ids("steps")).toHaveLength(7);
  expect(ids("conv2d 3x3 1x").length).toBe(6);
  expect(ids("softmax", "vgg6 step")).toEqual(["vgg6 step b32 Adam", "softmax 4096x1000"]);
  expect(chosenWorks(["lenet", "transformer"]).unknown).toBe("transformer");
  expect(new Set(works.map(({ id }) => id)).size).toBe(works.length);
});
