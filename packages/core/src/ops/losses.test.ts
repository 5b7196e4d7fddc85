import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import type { Tensor } from "../tensor.ts";
import * as f from "./functions.ts";
import { gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));
const ints = (...values: number[]) => tensor(values, { dtype: "int32" });
const logits = () =>
  tensor([
    [1, 2, 3],
    [0, -1, 1],
    [2, 2, 2],
  ]);
const labels = () => ints(2, -100, 0);
const weight = () => tensor([0.5, 1, 2]);

describe("crossEntropy, as PyTorch", () => {
  test("ignored labels, class weights, smoothing", async () => {
    expect(await f.crossEntropy(logits(), labels()).item()).toBeCloseTo(0.753109, 5);
    expect(await f.crossEntropy(logits(), labels(), { weight: weight() }).item()).toBeCloseTo(0.545807, 5);
    const both = { weight: weight(), labelSmoothing: 0.1 };
    expect(await f.crossEntropy(logits(), labels(), both).item()).toBeCloseTo(0.588183, 5);
    const none = f.crossEntropy(logits(), labels(), { labelSmoothing: 0.1, reduction: "none" });
    expect(await numbers(none)).toEqual(near([0.507606, 0, 1.098612]));
  });
  test("probabilities as labels", async () => {
    const p = f.softmax(f.flip(logits(), 0));
    expect(await f.crossEntropy(logits(), p, { weight: weight() }).item()).toBeCloseTo(1.284506, 5);
  });
  test("one example, images, and small integers as labels", async () => {
    expect(await f.crossEntropy(tensor([1, 2, 3]), f.cast(f.full([], 2), "int32")).item()).toBeCloseTo(0.407606, 5);
    const images = f.crossEntropy(f.zeros([2, 3, 2, 2]), f.zeros([2, 2, 2], { dtype: "uint8" }), { reduction: "none" });
    expect(images.shape).toEqual([2, 2, 2]);
    expect(await numbers(images)).toEqual(near(Array.from({ length: 8 }, () => Math.log(3))));
    const byte = tensor([156], { dtype: "uint8" }); // -100 as a byte, but a class here
    expect(await f.crossEntropy(f.zeros([1, 200]), byte).item()).toBeCloseTo(Math.log(200), 5);
  });
  test("the gradient is softmax less the label, and 0 where ignored", async () => {
    const x = tensor(
      [
        [1, 2, 3],
        [0, 0, 0],
      ],
      { requiresGrad: true },
    );
    backward(f.crossEntropy(x, ints(2, -100)));
    expect(await numbers(x.grad!)).toEqual(near([0.090031, 0.244728, -0.334759, 0, 0, 0]));
  });
  test("all ignored: NaN, as the mean of nothing", async () => {
    expect(await f.crossEntropy(f.zeros([1, 2]), ints(-100)).item()).toBe(Number.NaN);
  });
});

type Loss = (x: Tensor, y: Tensor) => Tensor;
test.each<[string, Loss]>([
  ["crossEntropy", (x, y) => f.crossEntropy(x, f.softmax(y), { labelSmoothing: 0.2, weight: weight() })],
  ["crossEntropy of labels", (x, y) => f.mul(f.crossEntropy(x, ints(2, 0), { labelSmoothing: 0.2 }), f.sum(y))],
  ["nllLoss", (x, y) => f.mul(f.nllLoss(x, ints(2, 0), { weight: weight() }), f.sum(y))],
  ["mseLoss", (x, y) => f.mseLoss(x, y)],
  ["l1Loss", (x, y) => f.l1Loss(x, y)],
  ["huberLoss", (x, y) => f.huberLoss(x, y, { delta: 0.7 })],
  ["smoothL1Loss", (x, y) => f.smoothL1Loss(x, y, { beta: 0.7 })],
  ["binaryCrossEntropyWithLogits", (x, y) => f.binaryCrossEntropyWithLogits(x, f.sigmoid(y), { posWeight: weight() })],
])("%s: gradients of both orders", async (_, loss) => {
  const errors = await gradientErrors(loss, [sample([2, 3]), sample([2, 3], -1.9, 1.7, 4)]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test("the others, as PyTorch", async () => {
  const [x, zero] = [tensor([0, 0.5, 3]), tensor([0, 0, 0])];
  const none = { reduction: "none" } as const;
  expect(await numbers(f.huberLoss(x, zero, none))).toEqual([0, 0.125, 2.5]);
  expect(await numbers(f.smoothL1Loss(tensor([0, 0.25, 3]), zero, { beta: 0.5, ...none }))).toEqual([0, 0.0625, 2.75]);
  expect(await numbers(f.smoothL1Loss(x, zero, { beta: 0, ...none }))).toEqual([0, 0.5, 3]);
  expect(await f.mseLoss(x, zero).item()).toBeCloseTo(9.25 / 3, 6);
  expect(await f.l1Loss(x, zero, { reduction: "sum" }).item()).toBe(3.5);
  const bce = f.binaryCrossEntropyWithLogits(tensor([0, 2, -300, 300]), tensor([1, 0, 1, 0.5]), {
    posWeight: tensor([3]),
    ...none,
  });
  expect(await numbers(bce)).toEqual(near([2.079442, 2.126928, 900, 150]));
});

describe("what does not fit is said", () => {
  const z = f.zeros;
  test.each<[string, () => unknown, string]>([
    [
      "labels",
      () => f.crossEntropy(z([2, 3]), ints(1)),
      "crossEntropy: x is [2,3] but the labels are [1]; x is [N,C,…], and labels are [N,…]: here [2]",
    ],
    [
      "probabilities",
      () => f.crossEntropy(z([2, 3]), z([2])),
      "crossEntropy: x is [2,3] but the probabilities are [2]; they must be equal, or the labels int32 class indices",
    ],
    [
      "weight",
      () => f.crossEntropy(z([2, 3]), ints(1, 0), { weight: z([2]) }),
      "crossEntropy: weight is [2] but x has 3 classes; weight must be one number a class",
    ],
    [
      "smoothing",
      () => f.crossEntropy(z([1, 3]), ints(1), { labelSmoothing: 2 }),
      "crossEntropy: labelSmoothing is 2 but must lie between 0 and 1",
    ],
    [
      "reduction",
      () => f.mseLoss(z([1]), z([1]), { reduction: "avg" as "mean" }),
      'mseLoss: reduction is "avg"; use "mean", "sum" or "none"',
    ],
    [
      "shapes",
      () => f.mseLoss(z([2, 1]), z([2])),
      "mseLoss: x is [2,1] but the target is [2]; bring them to one shape with reshape() or expand()",
    ],
    [
      "float labels",
      () => f.nllLoss(z([1, 3]), z([1])),
      "nllLoss: the labels are float32 [1] but must be whole numbers, class indices; cast them to int32",
    ],
    ["delta", () => f.huberLoss(z([1]), z([1]), { delta: 0 }), "huberLoss: delta is 0 but must be more than 0"],
    ["beta", () => f.smoothL1Loss(z([1]), z([1]), { beta: -1 }), "smoothL1Loss: beta is -1 but must be 0 or more"],
  ])("%s", (_, call, message) => expect(call).toThrow(message));

  test("a label that is no class: at once where it lies on the host, else when it has been computed", async () => {
    const message =
      "label 1 is 3 but x has 3 classes, 0 to 2; give x a class for each label, or pass ignoreIndex for labels that do not count";
    expect(() => f.crossEntropy(z([2, 3]), ints(0, 3))).toThrow(`crossEntropy: ${message}`);
    expect(() => f.nllLoss(z([2, 3]), ints(-100, 3))).toThrow(`nllLoss: ${message}`);
    expect(() => f.crossEntropy(z([2, 3]), ints(0, -1))).toThrow("crossEntropy: label 1 is -1 but");
    expect(await f.crossEntropy(z([2, 3]), ints(0, 7), { ignoreIndex: 7 }).item()).toBeCloseTo(Math.log(3), 6);
    await expect(f.crossEntropy(z([1, 3]), f.add(ints(2), ints(1))).item()).rejects.toThrow("gather");
  });
});
