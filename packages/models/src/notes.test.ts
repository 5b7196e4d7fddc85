// The code of the study notes and the numbers that the book prints for it ("Dive into Deep Learning", chapter 6 of the
// Chinese edition 2.0.0), carried over line for line.
import {
  avgPool2d,
  cat,
  conv2d,
  convOutputSize,
  crossEntropy,
  manualSeed,
  maxPool2d,
  nn,
  noGrad,
  ones,
  Parameter,
  rand,
  randn,
  relu,
  setBackend,
  stack,
  type Tensor,
  tensor,
  zeros,
} from "@lamina/core";
import { beforeAll, describe, expect, test } from "vitest";
// by its path: the device's own tests need the suite, and the suite these networks
import { wasm } from "../../backend-wasm/src/index.ts";

beforeAll(async () => setBackend(await wasm()));

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const matrix = (rows: number, columns: number) => tensor(range(rows * columns), { shape: [rows, columns] });

/** Two-dimensional cross-correlation, as the book writes it. */
function corr2d(X: Tensor, K: Tensor): Tensor {
  const [h, w] = K.shape;
  const rows = range(X.shape[0] - h + 1).map((i) =>
    stack(
      range(X.shape[1] - w + 1).map((j) =>
        X.at([i, i + h], [j, j + w])
          .mul(K)
          .sum(),
      ),
    ),
  );
  return stack(rows);
}

class Conv2D extends nn.Module {
  weight: Parameter;
  bias: Parameter;
  constructor(kernelSize: [number, number]) {
    super();
    this.weight = new Parameter(randn(kernelSize));
    this.bias = new Parameter(randn([1]));
  }
  forward(x: Tensor): Tensor {
    return corr2d(x, this.weight).add(this.bias);
  }
}

describe("convolution", () => {
  test("corr2d", async () => {
    expect(await corr2d(matrix(3, 3), matrix(2, 2)).toArray()).toEqual([
      [19, 25],
      [37, 43],
    ]);
  });
  test("an edge kernel finds the edges of an image, and none in its transpose", async () => {
    const X = cat([ones([6, 2]), zeros([6, 4]), ones([6, 2])], 1);
    const K = tensor([[1, -1]]);
    expect(await corr2d(X, K).toArray()).toEqual(range(6).map(() => [0, 1, 0, 0, 0, -1, 0]));
    expect(await corr2d(X.T, K).sum().item()).toBe(0);
  });
  test("the custom layer's parameters are registered", async () => {
    manualSeed(0);
    const layer = new Conv2D([2, 2]);
    expect([...layer.namedParameters()].map(([name]) => name)).toEqual(["weight", "bias"]);
    const y = layer.forward(matrix(3, 3));
    y.sum().backward();
    // Each weight sees the four corners of the image that it slides over; the bias sees every output.
    expect(await layer.weight.grad!.toArray()).toEqual([
      [8, 12],
      [20, 24],
    ]);
    expect(await layer.bias.grad!.toArray()).toEqual([4]);
  });
  test("learning a kernel by gradient descent", async () => {
    manualSeed(1);
    const X = cat([ones([6, 2]), zeros([6, 4]), ones([6, 2])], 1);
    const Y = corr2d(X, tensor([[1, -1]])).reshape([1, 1, 6, 7]);
    const net = new nn.Conv2d(1, 1, [1, 2], { bias: false });
    const input = X.reshape([1, 1, 6, 8]);
    let loss = 0;
    for (const _ of range(10)) {
      const l = net.forward(input).sub(Y).square().sum();
      net.zeroGrad();
      l.backward();
      noGrad(() => net.weight.set(net.weight.sub(net.weight.grad!.mul(3e-2))));
      loss = await l.item();
    }
    expect(loss).toBeLessThan(0.5);
    const [a, b] = await net.weight.data();
    expect(Math.abs(a - 1)).toBeLessThan(0.15);
    expect(Math.abs(b + 1)).toBeLessThan(0.15);
  });
});

describe("padding and stride", () => {
  const X = () => rand([1, 1, 8, 8]);
  const size = (layer: nn.Conv2d) => layer.forward(X()).shape.slice(2);
  test("the sizes that the book prints", () => {
    expect(size(new nn.Conv2d(1, 1, 3, { padding: 1 }))).toEqual([8, 8]);
    expect(size(new nn.Conv2d(1, 1, [5, 3], { padding: [2, 1] }))).toEqual([8, 8]);
    expect(size(new nn.Conv2d(1, 1, 3, { padding: 1, stride: 2 }))).toEqual([4, 4]);
    expect(size(new nn.Conv2d(1, 1, [3, 5], { padding: [0, 1], stride: [3, 4] }))).toEqual([2, 2]);
  });
  test("the formula floor((n - k + p + s) / s), p on both sides together", () => {
    for (const [n, k, p, s] of [
      [8, 3, 1, 2],
      [28, 5, 2, 1],
      [224, 11, 0, 4],
    ])
      expect(convOutputSize(n, { kernel: k, padding: 2 * p, stride: s })).toBe(Math.floor((n - k + 2 * p + s) / s));
  });
});

describe("channels", () => {
  const X = () => stack([matrix(3, 3), matrix(3, 3).add(1)]).unsqueeze(0);
  const K = () => stack([matrix(2, 2), matrix(2, 2).add(1)]);
  test("several input channels add up", async () => {
    expect(await conv2d(X(), K().unsqueeze(0)).toArray()).toEqual([
      [
        [
          [56, 72],
          [104, 120],
        ],
      ],
    ]);
  });
  test("several output channels stand beside each other", async () => {
    const kernels = stack([K(), K().add(1), K().add(2)]);
    expect(await conv2d(X(), kernels).toArray()).toEqual([
      [
        [
          [56, 72],
          [104, 120],
        ],
        [
          [76, 100],
          [148, 172],
        ],
        [
          [96, 128],
          [192, 224],
        ],
      ],
    ]);
  });
  test("a 1x1 convolution is a fully connected layer over the channels", async () => {
    const x = randn([1, 3, 3, 3]);
    const w = randn([2, 3, 1, 1]);
    const dense = w
      .reshape([2, 3])
      .matmul(x.reshape([3, 9]))
      .reshape([1, 2, 3, 3]);
    expect(await conv2d(x, w).sub(dense).abs().max().item()).toBeLessThan(1e-6);
  });
});

describe("pooling", () => {
  const image = (rows: number, columns: number) => matrix(rows, columns).reshape([1, 1, rows, columns]);
  const values = async (y: Tensor) => (await y.toArray<number[][][][]>())[0];
  test("maximum and average over 2x2", async () => {
    expect(await values(maxPool2d(image(3, 3), { kernelSize: 2, stride: 1 }))).toEqual([
      [
        [4, 5],
        [7, 8],
      ],
    ]);
    expect(await values(avgPool2d(image(3, 3), { kernelSize: 2, stride: 1 }))).toEqual([
      [
        [2, 3],
        [5, 6],
      ],
    ]);
  });
  test("the stride is the window unless given; padding; oblong windows", async () => {
    const X = image(4, 4);
    expect(await values(new nn.MaxPool2d(3).forward(X))).toEqual([[[10]]]);
    expect(await values(new nn.MaxPool2d(3, { padding: 1, stride: 2 }).forward(X))).toEqual([
      [
        [5, 7],
        [13, 15],
      ],
    ]);
    expect(await values(new nn.MaxPool2d([2, 3], { padding: [0, 1], stride: [2, 3] }).forward(X))).toEqual([
      [
        [5, 7],
        [13, 15],
      ],
    ]);
    const two = cat([X, X.add(1)], 1);
    expect(await values(new nn.MaxPool2d(3, { padding: 1, stride: 2 }).forward(two))).toEqual([
      [
        [5, 7],
        [13, 15],
      ],
      [
        [6, 8],
        [14, 16],
      ],
    ]);
  });
});

class Flatten extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.view(x.shape[0], -1);
  }
}
class Reshape extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.view(-1, 1, 28, 28); // (B x C x H x W)
  }
}
test("LeNet as the notes write it trains", async () => {
  manualSeed(0);
  const net = new nn.Sequential(
    new Reshape(),
    new nn.Conv2d({ inChannels: 1, outChannels: 6, kernelSize: 5, padding: 2 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    new nn.Conv2d({ inChannels: 6, outChannels: 16, kernelSize: 5 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    new Flatten(),
    new nn.Linear({ inFeatures: 16 * 5 * 5, outFeatures: 120 }),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new nn.Sigmoid(),
    new nn.Linear(84, 10),
  );
  expect([...net.parameters()].reduce((n, p) => n + p.numel, 0)).toBe(61_706);
  const x = rand([8, 784]);
  const y = tensor(range(8), { dtype: "int32" });
  const losses: number[] = [];
  for (const _ of range(60)) {
    const loss = crossEntropy(net.forward(x), y);
    net.zeroGrad();
    loss.backward();
    noGrad(() => {
      for (const p of net.parameters()) p.set(p.sub(p.grad!.mul(0.5)));
    });
    losses.push(await loss.item());
  }
  expect(losses.at(-1)!).toBeLessThan(losses[0]);
  expect(losses.at(-1)!).toBeLessThan(2.2);
});

class Inception extends nn.Module {
  p1_1: nn.Conv2d;
  p2_1: nn.Conv2d;
  p2_2: nn.Conv2d;
  p3_1: nn.Conv2d;
  p3_2: nn.Conv2d;
  p4_1: nn.MaxPool2d;
  p4_2: nn.Conv2d;
  /** c1 to c4 are the output channels of each path. */
  constructor(inC: number, c1: number, c2: [number, number], c3: [number, number], c4: number) {
    super();
    this.p1_1 = new nn.Conv2d(inC, c1, 1);
    this.p2_1 = new nn.Conv2d(inC, c2[0], 1);
    this.p2_2 = new nn.Conv2d(c2[0], c2[1], 3, { padding: 1 });
    this.p3_1 = new nn.Conv2d(inC, c3[0], 1);
    this.p3_2 = new nn.Conv2d(c3[0], c3[1], 5, { padding: 2 });
    this.p4_1 = new nn.MaxPool2d(3, { stride: 1, padding: 1 });
    this.p4_2 = new nn.Conv2d(inC, c4, 1);
  }
  forward(x: Tensor): Tensor {
    const p1 = relu(this.p1_1.forward(x));
    const p2 = relu(this.p2_2.forward(relu(this.p2_1.forward(x))));
    const p3 = relu(this.p3_2.forward(relu(this.p3_1.forward(x))));
    const p4 = relu(this.p4_2.forward(this.p4_1.forward(x)));
    return cat([p1, p2, p3, p4], 1); // join the outputs along the channels
  }
}
test("an Inception block as the notes write it joins its paths along the channels", async () => {
  const block = new Inception(3, 4, [2, 3], [2, 5], 6);
  const y = block.forward(rand([2, 3, 9, 9]));
  expect(y.shape).toEqual([2, 4 + 3 + 5 + 6, 9, 9]);
  y.sum().backward();
  expect([...block.parameters()].every((p) => p.grad !== undefined)).toBe(true);
  expect(await y.isFinite().all().item()).toBe(1);
});
