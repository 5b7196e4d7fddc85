// LeNet and its relatives: sizes as published, and the book's initialiser.
import { reference } from "@lamina/backend-reference";
import { nn, rand, setBackend } from "@lamina/core";
import { beforeAll, expect, test } from "vitest";
import { bnLenet, initWeights, lenet, lenetMaxPool } from "./index.ts";

beforeAll(async () => setBackend(await reference()));

test.each([
  ["lenet", lenet, 61_706, 416_520],
  ["lenetMaxPool", lenetMaxPool, 44_426, 281_640],
  ["bnLenet", bnLenet, 44_426 + 452, 281_640],
])(
  "%s has the published number of parameters and multiply-adds, and one logit a class",
  (_, make, parameters, macs) => {
    const net = make();
    expect(net.numParameters()).toBe(parameters);
    const found = nn.summary(net, [1, 1, 28, 28]);
    expect([found.parameters, found.macs]).toEqual([parameters, macs]);
    expect(net.forward(rand([2, 1, 28, 28])).shape).toEqual([2, 10]);
    expect(make({ numClasses: 3 }).forward(rand([2, 1, 28, 28])).shape).toEqual([2, 3]);
  },
);
test("lenet takes rows of pixels too, and its shapes are the book's", () => {
  let x = rand([2, 784]);
  const shapes = lenet()
    .children()
    .map((layer) => (x = layer.forward(x)).shape.slice(1).join("x"));
  expect(shapes).toEqual([
    "1x28x28",
    "6x28x28",
    "6x28x28",
    "6x14x14",
    "16x10x10",
    "16x10x10",
    "16x5x5",
    "400",
    "120",
    "120",
    "84",
    "84",
    "10",
  ]);
});
test("state-dict keys are those of the PyTorch originals", () => {
  const keys = (net: nn.Module) =>
    net
      .namedParameters()
      .map(([name]) => name)
      .filter((name) => name.endsWith("weight"));
  expect(keys(lenet())).toEqual(["1.weight", "4.weight", "8.weight", "10.weight", "12.weight"]);
  expect(keys(lenetMaxPool())).toEqual(["conv.0.weight", "conv.3.weight", "fc.0.weight", "fc.2.weight", "fc.4.weight"]);
});
test("initWeights: Xavier's range for weights, the default one for biases", async () => {
  const net = new nn.Sequential(new nn.Linear(400, 100)).apply(initWeights);
  const [weight, bias] = net.parameters();
  const largest = async (p: nn.Parameter) => Math.max(...(await p.data()).map(Math.abs));
  const bound = Math.sqrt(6 / 500);
  expect(await largest(weight)).toBeGreaterThan(0.95 * bound);
  expect(await largest(weight)).toBeLessThanOrEqual(bound);
  expect(await largest(bias)).toBeLessThanOrEqual(1 / 20);
  const plain = lenet({ init: "default" }).parameters()[4]; // 400 → 120: Xavier's bound would be 0.107
  expect(await largest(plain)).toBeLessThanOrEqual(1 / 20);
});
