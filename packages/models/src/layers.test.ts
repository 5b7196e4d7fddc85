// The layers of nn on a device: every one gives what PyTorch 2.15.0 gives for the same weights and input; state dicts go round.
// They are tested here because core, which no device may depend on in a circle, has no device to run on.
import { reference } from "@lamina/backend-reference";
import {
  cast,
  getBackend,
  less,
  manualSeed,
  nn,
  ones,
  randn,
  setBackend,
  sizeOf,
  stats,
  sync,
  type Tensor,
  tensor,
} from "@lamina/core";
import { beforeAll, describe, expect, test } from "vitest";

beforeAll(async () => setBackend(await reference()));

/** The numbers that the Python script used: (7·i mod 11 - 5)·scale. */
function ramp(shape: number[], scale = 1): Tensor {
  return tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => (((7 * i) % 11) - 5) * scale),
    { shape },
  );
}
function withRamps<M extends nn.Module>(module: M): M {
  for (const p of module.parameters()) p.set(ramp([...p.shape]));
  return module;
}
async function expectValues(y: Tensor, expected: readonly number[], tolerance = 2e-6) {
  const found = await y.data();
  expect(found).toHaveLength(expected.length);
  expected.forEach((e, i) => {
    expect(Math.abs(found[i] - e), `element ${i}: ${found[i]}, not ${e}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(e)),
    );
  });
}

const points = () => tensor([-2, -0.5, 0, 0.5, 8]);
/** Layer, input, and PyTorch's result, flattened. */
const layers: [string, () => nn.Module, () => Tensor, number[]][] = [
  [
    "Conv2d",
    () => new nn.Conv2d(4, 4, 3, { stride: 2, padding: 1, groups: 2 }),
    () => ramp([1, 4, 3, 3]),
    [-45, -2, -2, -45, 75, 2, -21, 84, 90, -27, 38, 11, -30, 45, -34, -34],
  ],
  [
    "ConvTranspose2d",
    () => new nn.ConvTranspose2d(2, 2, 2, { stride: 2, outputPadding: 1 }),
    () => ramp([1, 2, 2, 2]),
    [
      16, -12, -3, -10, -5, 4, -35, -6, 20, -5, -11, 3, -30, 5, -5, -5, -35, -15, 20, -5, -5, -5, -5, -5, -5, -1, 15,
      -2, 2, 2, -13, 3, -5, -1, 2, 8, 0, 7, -13, 2, 14, 6, 22, 2, 2, 2, 2, 2, 2, 2,
    ],
  ],
  ["Linear", () => new nn.Linear(3, 2), () => ramp([2, 3]), [28, -15, -22, 37]],
  [
    "LayerNorm",
    () => new nn.LayerNorm([2, 2]),
    () => ramp([2, 2, 2]),
    [1.5653198957, 3.0504512787, -0.9495488405, 11.56532001, -5.9999990463, -0.7999975681, -4.7999973297, 4.0000009537],
  ],
  [
    "GroupNorm",
    () => new nn.GroupNorm(2, 4),
    () => ramp([1, 4, 2, 1]),
    [1.5653198957, -7.6261281967, 0.9495488405, 4.6261277199, -2.3999996185, 0.7999976873, 11.999994278, 4.0000009537],
  ],
  [
    "LocalResponseNorm",
    () => new nn.LocalResponseNorm(3, { alpha: 0.5, beta: 0.75, k: 2 }),
    () => ramp([1, 4, 1, 2]),
    [-1.1830294132, 0.4732117653, -0.4647361934, 1.019426465, 0.278437674, -0.6511279345, 1.2270858288, 0],
  ],
  ["AdaptiveAvgPool2d", () => new nn.AdaptiveAvgPool2d([2, null]), () => ramp([1, 1, 3, 2]), [-3.5, 3.5, -0.5, 1]],
  ["GlobalAvgPool2d", () => new nn.GlobalAvgPool2d(), () => ramp([1, 2, 1, 2]), [-1.5, 1.5]],
  ["MaxPool2d", () => new nn.MaxPool2d(2), () => ramp([1, 1, 2, 4]), [2, 5]],
  ["AvgPool2d", () => new nn.AvgPool2d(2, { divisorOverride: 1 }), () => ramp([1, 1, 2, 4]), [-5, 7]],
  ["Flatten", () => new nn.Flatten(0, 1), () => ramp([1, 2, 1]), [-5, 2]],
  ["Identity", () => new nn.Identity(), () => ramp([2]), [-5, 2]],
  ["ReLU", () => new nn.ReLU(), points, [0, 0, 0, 0.5, 8]],
  ["ReLU6", () => new nn.ReLU6(), points, [0, 0, 0, 0.5, 6]],
  ["Sigmoid", () => new nn.Sigmoid(), points, [0.1192029193, 0.3775406778, 0.5, 0.622459352, 0.9996646643]],
  ["Tanh", () => new nn.Tanh(), points, [-0.9640275836, -0.4621171653, 0, 0.4621171653, 0.9999997616]],
  ["SiLU", () => new nn.SiLU(), points, [-0.2384058386, -0.1887703389, 0, 0.311229676, 7.9973173141]],
  ["LeakyReLU", () => new nn.LeakyReLU(0.2), points, [-0.4, -0.1, 0, 0.5, 8]],
  ["ELU", () => new nn.ELU(0.5), points, [-0.4323323667, -0.1967346668, 0, 0.5, 8]],
  ["GELU", () => new nn.GELU(), points, [-0.0455002785, -0.1542687714, 0, 0.3457312286, 8]],
  [
    "GELU by tanh",
    () => new nn.GELU({ approximate: "tanh" }),
    points,
    [-0.0454022884, -0.1542859972, 0, 0.3457140028, 8],
  ],
  ["Hardtanh", () => new nn.Hardtanh(-1, 0.25), points, [-1, -0.5, 0, 0.25, 0.25]],
  [
    "LogSigmoid",
    () => new nn.LogSigmoid(),
    points,
    [-2.126928011, -0.9740769842, -0.6931471806, -0.4740769842, -0.0003354064],
  ],
  ["Softsign", () => new nn.Softsign(), points, [-0.6666666667, -0.3333333333, 0, 0.3333333333, 0.8888888889]],
  ["Softplus", () => new nn.Softplus(2), points, [0.0090749646, 0.1566308439, 0.3465735912, 0.6566308141, 8]],
  ["Softmax", () => new nn.Softmax(0), points, [4.5348355e-5, 0.0002032372, 0.0003350815, 0.000552456, 0.9988639355]],
  [
    "LogSoftmax",
    () => new nn.LogSoftmax(0),
    points,
    [-10.0011367798, -8.5011367798, -8.0011367798, -7.5011367798, -0.0011367295],
  ],
];
test.each(layers)("%s is PyTorch's", (_, make, x, expected) => expectValues(withRamps(make()).forward(x()), expected));

test("losses are PyTorch's", async () => {
  const logits = ramp([3, 4], 0.5);
  const labels = tensor([0, 3, 1], { dtype: "int32" });
  const weight = tensor([1, 2, 0.5, 1.5]);
  await expectValues(new nn.CrossEntropyLoss().forward(logits, labels), [2.576092004776001]);
  const all = new nn.CrossEntropyLoss({ weight, labelSmoothing: 0.1, ignoreIndex: 3 });
  await expectValues(all.forward(logits, labels), [1.8560254573822021]);
  await expectValues(new nn.NLLLoss({ weight, reduction: "sum" }).forward(logits, labels), [-0.5]);
  const [x, y] = [ramp([2, 3], 0.5), ramp([2, 3], -0.25)];
  await expectValues(new nn.MSELoss().forward(x, y), [6.375]);
  await expectValues(new nn.L1Loss({ reduction: "sum" }).forward(x, y), [13.5]);
  await expectValues(new nn.HuberLoss({ delta: 0.7 }).forward(x, y), [1.3300000429153442]);
  const binary = new nn.BCEWithLogitsLoss({ weight: tensor([1, 0.5, 2]), posWeight: tensor([3, 1, 2]) });
  await expectValues(binary.forward(x, cast(less(0, ramp([2, 3])), "float32")), [0.28976306319236755]);
  expect(Object.keys(await binary.stateDict())).toEqual(["weight", "pos_weight"]);
});

describe("batch normalisation", () => {
  const x = () =>
    tensor([
      [1, 2, -1],
      [0.5, -2, 3],
      [4, 0, 1],
      [-1, 1, 2],
    ]);
  test("normalises by the batch in training, by the running statistics in use", async () => {
    const layer = new nn.BatchNorm1d(3, { momentum: 0.3 });
    await expectValues(
      layer.forward(x()),
      [
        -0.0688427091, 1.1832132339, -1.5212740898, -0.3442136347, -1.5212740898, 1.1832132339, 1.5833828449,
        -0.1690304577, -0.1690304279, -1.1703264713, 0.507091403, 0.507091403,
      ],
    );
    layer.forward(x().mul(2).add(1));
    const state = await layer.stateDict();
    expect(Object.keys(state)).toEqual(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]);
    await expectValues(state.running_mean, [1.2112500668, 0.5024999976, 1.3125]);
    await expectValues(state.running_var, [6.6881256104, 4.6024999619, 4.6024999619]);
    expect(await state.num_batches_tracked.item()).toBe(2);
    await expectValues(
      layer.eval().forward(x()),
      [
        -0.0816853642, 0.6980225444, -1.0779147148, -0.2750234604, -1.1664783955, 0.7865863442, 1.0783432722,
        -0.2342279404, -0.1456641555, -0.8550378084, 0.2318973094, 0.3204610944,
      ],
    );
    expect(await layer.numBatchesTracked!.item()).toBe(2);
  });
  test("momentum null is the mean over all batches; without statistics each batch has its own, in use too", async () => {
    const layer = new nn.BatchNorm1d(3, { momentum: null });
    for (const batch of [x(), x().mul(2).add(1), x().sub(3)]) layer.forward(batch);
    await expectValues(layer.runningMean!, [0.8333332539, -0.3333333731, 0.9999998808]);
    await expectValues(layer.runningVar!, [8.7916669846, 5.8333334923, 5.8333334923]);
    const untracked = new nn.BatchNorm1d(3, { affine: false, trackRunningStats: false });
    await expectValues(untracked.eval().forward(x()).narrow(0, 0, 1), [-0.0688427091, 1.1832132339, -1.5212740898]);
    expect(await untracked.stateDict()).toEqual({});
  });
  test("errors", () => {
    expect(() => new nn.BatchNorm2d(3).forward(x())).toThrow(
      "BatchNorm2d: x has 2 axes (x [4,3]) but must be [batch, channels, height, width]; reshape() it",
    );
    expect(() => new nn.BatchNorm1d(4).forward(x())).toThrow(
      "BatchNorm1d: x has 3 channels (x [4,3]) but the layer was made for 4; make it with numFeatures 3",
    );
    expect(() => new nn.BatchNorm1d(3).forward(ones([1, 3]))).toThrow(
      "batchNorm: x has one element a channel (x [1,3])",
    );
  });
});

test("dropout drops in training, scales the rest, and does nothing in use", async () => {
  const layer = new nn.Dropout(0.25);
  const y = await layer.forward(ones([1000])).data();
  const kept = y.filter((v) => v !== 0);
  expect(new Set(kept)).toEqual(new Set([Math.fround(4 / 3)]));
  expect(Math.abs(kept.length - 750)).toBeLessThan(60);
  const x = ones([3]);
  expect(layer.eval().forward(x)).toBe(x);
});

describe("lazy layers", () => {
  test("take their sizes from the first input, and are then the usual ones", async () => {
    const net = new nn.Sequential(
      new nn.LazyConv2d(6, 3, { padding: 1 }),
      new nn.LazyBatchNorm2d(),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.LazyLinear(4),
    );
    expect(net.forward(randn([2, 3, 5, 5])).shape).toEqual([2, 4]);
    expect(net.numParameters()).toBe(6 * 27 + 6 + 12 + 150 * 4 + 4);
    expect(String(net)).toBe(`Sequential(
  (0): Conv2d(3, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (1): BatchNorm2d(6, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
  (2): ReLU()
  (3): Flatten(start_dim=1, end_dim=-1)
  (4): Linear(in_features=150, out_features=4, bias=True)
)`);
    expect(() => new nn.LazyConv2d(6, 3).forward(randn([5, 5]))).toThrow(
      "LazyConv2d: x has 2 axes (x [5,5]) but images are",
    );
    await sync();
  });
});

describe("state dicts", () => {
  const make = () =>
    new nn.Sequential({ conv: new nn.Conv2d(1, 2, 2), norm: new nn.BatchNorm2d(2), fc: new nn.Linear(2, 3) });
  const values = async (m: nn.Module) => Promise.all(Object.values(await m.stateDict()).map((t) => t.data()));
  test("go round", async () => {
    manualSeed(1);
    const [a, b] = [make(), make()];
    const state = await a.stateDict();
    expect(await values(b)).not.toEqual(await values(a));
    expect(b.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(await values(b)).toEqual(await values(a));
    expect(b.loadStateDict(new Map(Object.entries(state)))).toEqual({ missingKeys: [], unexpectedKeys: [] });
  });
  test("all that is wrong is said at once, and nothing is loaded", async () => {
    const model = make();
    const before = await values(model);
    const { "fc.bias": _, ...state } = await make().stateDict();
    const wrong = { ...state, "fc.weight": ones([2, 3]), extra: ones([1]) };
    expect(() => model.loadStateDict(wrong)).toThrow(
      "loadStateDict: the state does not fit Sequential: missing keys: fc.bias; unexpected keys: extra; " +
        "fc.weight is [3,2] in the model but [2,3] in the state; build the model with the sizes it was saved with",
    );
    expect(() => model.loadStateDict(wrong, { strict: false })).toThrow("fc.weight is [3,2] in the model but [2,3]");
    expect(await values(model)).toEqual(before);
    const partly = model.loadStateDict({ extra: ones([1]), "conv.bias": ones([2]) }, { strict: false });
    expect(partly.unexpectedKeys).toEqual(["extra"]);
    expect(partly.missingKeys).toHaveLength(8);
    expect(await (model.at(0) as nn.Conv2d).bias!.toArray()).toEqual([1, 1]);
  });
  test("another dtype is converted", async () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    layer.loadStateDict({ weight: tensor([[0.5]], { dtype: "float64" }) });
    expect([layer.weight.dtype, await layer.weight.toArray()]).toEqual(["float32", [[0.5]]]);
  });
});

describe("to", () => {
  test("another dtype: parameters, buffers and results; sharing stays", async () => {
    const shared = new nn.Linear(2, 2);
    const net = new nn.Sequential(shared, new nn.BatchNorm1d(2), shared).to("float64");
    expect(net.forward(ones([3, 2], { dtype: "float64" })).dtype).toBe("float64");
    const [, batchNorm] = net;
    expect((batchNorm as nn.BatchNorm1d).numBatchesTracked!.dtype).toBe("int32");
    expect(new Set(net.parameters()).size).toBe(4);
  });
  test("another device: parameters, buffers and results; what comes from the host follows", async () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
    const other = await reference();
    expect(net.to(other)).toBe(net);
    expect([...net.parameters(), ...net.buffers()].every((cell) => cell.device === other)).toBe(true);
    expect(net.forward(ones([3, 2])).device).toBe(other);
    expect(getBackend()).not.toBe(other);
  });
});

test("a training step with batch norm and dropout is one program", async () => {
  const net = new nn.Sequential(new nn.Linear(2, 4), new nn.BatchNorm1d(4), new nn.Dropout(), new nn.Linear(4, 1));
  const step = async () => {
    net.zeroGrad();
    const loss = net.forward(ones([3, 2])).sum();
    loss.backward();
    await loss.item();
  };
  await step();
  const { programs, runs } = stats();
  await step();
  expect([stats().programs, stats().runs]).toEqual([programs, runs + 1]);
});
