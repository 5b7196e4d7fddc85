// Optimisers against PyTorch: the same parameter, gradients and options, four steps, the learning rate changed before the third.
import { reference } from "@lamina/backend-reference";
import { nn, Parameter, setBackend, stats, sync, tensor } from "@lamina/core";
import { beforeEach, describe, expect, test } from "vitest";
import { Adam, AdamW, type Optimizer, SGD } from "../index.ts";

beforeEach(async () => setBackend(await reference()));

const gradients = [
  [0.5, -1, 2],
  [-0.25, 3, 0],
  [4, 0.125, -1],
  [0.5, 0.5, 0.5],
];
const parameter = () => new Parameter(tensor([1, -2, 3]), { name: "w" });
type AnyOptimizer = Optimizer<{ lr: number }>;

async function descend(p: Parameter, optimizer: AnyOptimizer, from = 0, to = gradients.length): Promise<number[]> {
  for (let t = from; t < to; t++) {
    if (t === 2) optimizer.paramGroups[0].lr = 0.03;
    p.grad = tensor(gradients[t]);
    optimizer.step();
    await sync();
  }
  return Array.from(await p.data());
}

/** What torch.optim gives (PyTorch 2.15.0, CPU) for p = [1, -2, 3] and the gradients above. */
const cases: [string, (p: Parameter[]) => AnyOptimizer, number[]][] = [
  ["SGD", (p) => new SGD(p, { lr: 0.1 }), [0.8399999737739563, -2.218750238418579, 2.81499981880188]],
  [
    "SGD with momentum",
    (p) => new SGD(p, { lr: 0.1, momentum: 0.9 }),
    [0.6767399907112122, -2.2398550510406494, 2.569659948348999],
  ],
  [
    "SGD with dampening and weight decay",
    (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.05 }),
    [0.7188089489936829, -2.057318925857544, 2.499063491821289],
  ],
  [
    "SGD with Nesterov momentum",
    (p) => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
    [0.5490660071372986, -2.434619665145874, 2.4276938438415527],
  ],
  [
    "SGD upwards",
    (p) => new SGD(p, { lr: 0.1, maximize: true, weightDecay: 0.05 }),
    [1.1465528011322021, -1.7554709911346436, 3.144619941711426],
  ],
  ["Adam", (p) => new Adam(p, { lr: 0.1 }), [0.835265040397644, -1.974228858947754, 2.8196163177490234]],
  [
    "Adam with AMSGrad and weight decay",
    (p) => new Adam(p, { lr: 0.1, betas: [0.8, 0.9], eps: 1e-3, weightDecay: 0.05, amsgrad: true }),
    [0.829024612903595, -1.9715975522994995, 2.817643880844116],
  ],
  ["AdamW", (p) => new AdamW(p, { lr: 0.1 }), [0.8328492045402527, -1.9691601991653442, 2.8120250701904297]],
  [
    "AdamW upwards",
    (p) => new AdamW(p, { lr: 0.1, weightDecay: 0.3, maximize: true }),
    [1.083381175994873, -1.8701084852218628, 2.9465174674987793],
  ],
];
describe.each(cases)("%s", (_, make, expected) => {
  test("is PyTorch's", async () => {
    const p = parameter();
    const found = await descend(p, make([p]));
    found.forEach((x, i) => {
      expect(Math.abs(x - expected[i])).toBeLessThan(4e-7 * Math.max(1, Math.abs(expected[i])));
    });
  });
  test("goes on from its state bit for bit, and is one program whatever the numbers", async () => {
    const p = parameter();
    const straight = await descend(p, make([p]));
    const q = parameter();
    const first = make([q]);
    await descend(q, first, 0, 2);
    const before = stats().programs;
    const r = new Parameter(tensor(await q.data()), { name: "r" });
    const second = make([r]);
    second.loadStateDict(JSON.parse(JSON.stringify(await first.stateDict(), keepTensors), reviveTensors));
    expect(await descend(r, second, 2)).toEqual(straight);
    expect(stats().programs).toBe(before);
  });
});
// As a checkpoint does: numbers through JSON, tensors beside it.
const kept = new Map<string, unknown>();
const keepTensors = (key: string, value: unknown) => {
  if (key !== "tensors") return value;
  const id = String(kept.size);
  kept.set(id, value);
  return id;
};
const reviveTensors = (key: string, value: unknown) => (key === "tensors" ? kept.get(value as string) : value);

test("groups have hyper-parameters of their own", async () => {
  const [a, b] = [parameter(), parameter()];
  const optimizer = new SGD([{ params: [a] }, { params: [b], lr: 1 }], { lr: 0.1 });
  for (const p of [a, b]) p.grad = tensor([1, 1, 1]);
  optimizer.step();
  expect(await a.toArray()).toEqual([0.8999999761581421, -2.0999999046325684, 2.9000000953674316]);
  expect(await b.toArray()).toEqual([0, -3, 2]);
});
test("parameters without a gradient stay, and zeroGrad clears all", async () => {
  const [a, b] = [parameter(), parameter()];
  const optimizer = new SGD([a, b], { lr: 1, weightDecay: 1 });
  a.grad = tensor([0, 0, 0]);
  optimizer.step();
  expect(await a.toArray()).toEqual([0, 0, 0]);
  expect(await b.toArray()).toEqual([1, -2, 3]);
  optimizer.zeroGrad();
  expect(a.grad).toBeUndefined();
});
test("a model in the place of its parameters is said", () => {
  const model = new nn.Linear(2, 1);
  expect(() => new SGD(model as never, { lr: 0.1 })).toThrow(
    "SGD: the parameters are a Linear; pass model.parameters(), or groups [{ params, lr }]",
  );
  expect(() => new Adam(undefined as never)).toThrow("Adam: the parameters are undefined; pass model.parameters()");
});

describe("errors", () => {
  test("of the constructor", () => {
    const p = parameter();
    expect(() => new SGD([], { lr: 1 })).toThrow("SGD: there are no parameters to train; pass model.parameters()");
    expect(() => new SGD([p, p], { lr: 1 })).toThrow(
      "SGD: w was given twice, and would be updated twice; give it once",
    );
    expect(() => new SGD([{ params: [3 as never] }], { lr: 1 })).toThrow(
      "SGD: 3 is no parameter; pass model.parameters()",
    );
    expect(() => new SGD([p], { lr: -1 })).toThrow("SGD: lr is -1 but must be a number from 0; pass one");
    expect(() => new SGD([p], {} as never)).toThrow("SGD: lr is undefined but must be a number from 0");
    expect(() => new SGD([p], { lr: 1, nesterov: true })).toThrow(
      "SGD: nesterov needs momentum above 0 and no dampening, but they are 0 and 0",
    );
    expect(() => new AdamW([p], { betas: [0.9, 1] })).toThrow(
      "AdamW: betas are [0.9,1] but must be two numbers from 0 to below 1",
    );
  });
  test("of a state for other parameters", async () => {
    const state = await new SGD([parameter()], { lr: 1 }).stateDict();
    expect(() => new SGD([parameter(), parameter()], { lr: 1 }).loadStateDict(state)).toThrow(
      "SGD.loadStateDict: the state is of 1 parameters but the optimiser has 2; make it with the groups it was saved with",
    );
  });
});
