// What may accompany fit: schedules, accumulation, clipping, averages, early stopping, the best checkpoint; and that all of it
// resumes bit for bit. Which layer made a NaN.
import { reference } from "@lamina/backend-reference";
import { manualSeed, mul, nn, noGrad, randn, setBackend, type Tensor, tensor } from "@lamina/core";
import { DataLoader, TensorDataset } from "@lamina/data";
import { beforeEach, describe, expect, test } from "vitest";
import {
  bestCheckpoint,
  type Callback,
  EMA,
  type EpochResult,
  earlyStopping,
  type FitOptions,
  fit,
  OneCycleLR,
  ReduceLROnPlateau,
  SGD,
  StepLR,
} from "./index.ts";
import { Shelf } from "./testing.ts";

beforeEach(async () => setBackend(await reference()));

function data() {
  manualSeed(1);
  const x = randn([48, 4]);
  const labels = Int32Array.from({ length: 48 }, (_, i) => (x.host![4 * i] > 0 ? 1 : 0));
  return new TensorDataset(x, tensor(labels));
}
function setup({ lr = 0.1, batchSize = 16, shuffle = true } = {}) {
  const set = data();
  manualSeed(3);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9 });
  const train = new DataLoader(set, { batchSize, shuffle, seed: 5 });
  return { model, optimizer, train, test: new DataLoader(set, { batchSize: 24 }) };
}
const weights = async (model: nn.Module): Promise<Record<string, number[]>> =>
  Object.fromEntries(
    await Promise.all(Object.entries(await model.stateDict()).map(async ([k, t]) => [k, Array.from(await t.data())])),
  );

describe("schedules", () => {
  test("step after each epoch, or after each step", async () => {
    const rates = async (options: (o: SGD) => Partial<FitOptions>) => {
      const { model, optimizer, train } = setup();
      const seen: number[] = [];
      const onStep = () => void seen.push(Number(optimizer.paramGroups[0].lr.toPrecision(6)));
      await fit(model, { train, epochs: 2, optimizer, onStep, ...options(optimizer) });
      return seen;
    };
    const halve = (o: SGD) => ({ schedule: new StepLR(o, { stepSize: 1, gamma: 0.5 }) });
    expect(await rates(halve)).toEqual([0.1, 0.1, 0.1, 0.05, 0.05, 0.05]);
    expect(await rates((o) => ({ ...halve(o), scheduleEvery: "step" }))).toEqual([
      0.05, 0.025, 0.0125, 0.00625, 0.003125, 0.0015625,
    ]);
  });
  test("ReduceLROnPlateau looks at the test loss", async () => {
    const { model, optimizer, train, test } = setup({ lr: 0 });
    const schedule = new ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.5, eps: 0 });
    optimizer.paramGroups[0].lr = 1e-12;
    await fit(model, { train, test, epochs: 3, optimizer, schedule });
    expect(optimizer.paramGroups[0].lr).toBe(0.25e-12);
    await expect(fit(model, { train, epochs: 1, optimizer, schedule, scheduleEvery: "step" })).rejects.toThrow(
      'fit: ReduceLROnPlateau looks at an epoch\'s loss, but scheduleEvery is "step"; leave scheduleEvery out',
    );
  });
});

describe("accumulation", () => {
  test("batches of 8, two a step, are one batch of 16", async () => {
    const [a, b] = [setup({ shuffle: false }), setup({ shuffle: false, batchSize: 8 })];
    await fit(a.model, { ...a, epochs: 2 });
    await fit(b.model, { ...b, epochs: 2, accumulate: 2 });
    const [one, two] = [await weights(a.model), await weights(b.model)];
    for (const [key, values] of Object.entries(one))
      values.forEach((v, i) => {
        expect(two[key][i]).toBeCloseTo(v, 5);
      });
  });
  test("the last step of an epoch takes what there is, and a checkpoint waits for a whole step", async () => {
    const { model, optimizer, train } = setup();
    const shelf = new Shelf();
    let updates = 0;
    const step = optimizer.step.bind(optimizer);
    optimizer.step = () => {
      updates++;
      step();
    };
    await fit(model, { train, epochs: 1, optimizer, accumulate: 2, checkpoint: shelf, checkpointEvery: 1 });
    expect([updates, shelf.all.map(({ meta }) => meta.step)]).toEqual([2, [2, 3, 0]]);
    await expect(fit(model, { train, epochs: 1, optimizer, accumulate: 0 })).rejects.toThrow(
      "fit: accumulate is 0 but must be a whole number from 1; pass one",
    );
  });
});

test("clipGradNorm bounds each step", async () => {
  const { model, optimizer, train } = setup({ lr: 1 });
  optimizer.paramGroups[0].momentum = 0;
  const before = await weights(model);
  const { signal, abort } = ((c) => ({ signal: c.signal, abort: () => c.abort() }))(new AbortController());
  await fit(model, { train, epochs: 1, optimizer, clipGradNorm: 0.01, signal, onStep: abort }).catch(() => {});
  const after = await weights(model);
  const moved = Object.keys(before).flatMap((k) => before[k].map((v: number, i: number) => (after[k][i] - v) ** 2));
  expect(Math.sqrt(moved.reduce((a, b) => a + b, 0))).toBeCloseTo(0.01, 5);
});

describe("callbacks", () => {
  test("are told of the start, steps, epochs and the end", async () => {
    const { model, optimizer, train, test } = setup();
    const told: string[] = [];
    const callback: Callback = {
      onStart: (run) => void told.push(`start ${run.history.length}`),
      onStep: ({ step }) => void told.push(`step ${step}`),
      onEpoch: ({ epoch }, run) => void told.push(`epoch ${epoch} ${run.history.length}`),
      onEnd: (run) => void told.push(`end ${run.history.length}`),
    };
    await fit(model, { train, test, epochs: 1, optimizer, callbacks: [callback] });
    expect(told).toEqual(["start 0", "step 1", "step 2", "step 3", "epoch 1 1", "end 1"]);
  });
  test("earlyStopping ends a run that no longer gets better", async () => {
    const { model, optimizer, train, test } = setup({ lr: 0 });
    const rows = await fit(model, { train, test, epochs: 9, optimizer, callbacks: [earlyStopping({ patience: 2 })] });
    expect(rows).toHaveLength(3);
    await expect(fit(model, { train, epochs: 1, optimizer, callbacks: [earlyStopping()] })).rejects.toThrow(
      'earlyStopping: the run has no testLoss; pass test data, or watch metric: "trainLoss"',
    );
  });
  test("bestCheckpoint writes where the metric was the best", async () => {
    const { model, optimizer, train } = setup();
    const shelf = new Shelf();
    const losses = [3, 2, 4, 1];
    const fake: Callback = { onEpoch: (result) => void Object.assign(result, { trainLoss: losses[result.epoch - 1] }) };
    const best = bestCheckpoint(shelf, { metric: "trainLoss" });
    await fit(model, { train, epochs: 4, optimizer, callbacks: [fake, best] });
    expect(shelf.all.map(({ meta }) => meta.epoch)).toEqual([2, 3, 5]);
  });
});

test("schedule, average and callbacks go on from a checkpoint bit for bit", async () => {
  const make = () => {
    const parts = setup();
    const { model, optimizer } = parts;
    return {
      ...parts,
      ema: new EMA(model, { decay: 0.8 }),
      schedule: new OneCycleLR(optimizer, { maxLr: 0.2, totalSteps: 12 }),
      scheduleEvery: "step" as const,
      callbacks: [earlyStopping({ patience: 3 })],
    };
  };
  const straight = make();
  const expected = await fit(straight.model, { ...straight, epochs: 4 });
  const shelf = new Shelf();
  const first = make();
  const controller = new AbortController();
  let steps = 0;
  const onStep = () => void (++steps === 5 && controller.abort());
  await fit(first.model, { ...first, epochs: 4, checkpoint: shelf, signal: controller.signal, onStep }).catch(() => {});
  const second = make();
  const found = await fit(second.model, { ...second, epochs: 4, checkpoint: shelf, resume: true });
  const plain = (rows: EpochResult[]) => rows.map(({ seconds: _, examplesPerSecond: __, ...rest }) => rest);
  expect(plain(found)).toEqual(plain(expected));
  expect(await weights(second.model)).toEqual(await weights(straight.model));
  const averages = async ({ ema }: { ema: EMA }) => {
    const state = await ema.stateDict();
    return [state.updates, await Promise.all(Object.values(state.averages).map((t) => t.toArray()))];
  };
  expect(await averages(second)).toEqual(await averages(straight));
  expect(second.callbacks[0].stateDict!()).toEqual(straight.callbacks[0].stateDict!());
});

describe("a loss that is no number", () => {
  class Explodes extends nn.Module {
    override forward(x: Tensor): Tensor {
      return mul(x, 1e38);
    }
  }
  test("names the layer that made it", async () => {
    const { optimizer, train } = setup();
    const model = new nn.Sequential(
      new nn.Linear(4, 8),
      new nn.Sequential(new Explodes(), new Explodes()),
      new nn.Linear(8, 2),
    );
    await expect(fit(model, { train, epochs: 1, optimizer })).rejects.toThrow(
      /^fit: the loss is (NaN|Infinity) in step 1 of epoch 1: 1\.1 \(Explodes\) gave (NaN|an infinity), from inputs that are finite; try a lower/,
    );
    expect(Object.hasOwn(model, "forward") || model.modules().some((m) => Object.hasOwn(m, "forward"))).toBe(false);
  });
  test("says when the input held it already, or no layer made it", async () => {
    const { model, optimizer, train } = setup();
    noGrad(() => model.parameters()[0].set(mul(model.parameters()[0], Number.NaN)));
    await expect(fit(model, { train, epochs: 1, optimizer })).rejects.toThrow(
      "fit: the loss is NaN in step 1 of epoch 1: 0 (Linear) gave NaN, from inputs that are finite; try",
    );
    const other = setup();
    const loss = (x: Tensor) => mul(x, Number.NaN).sum();
    await expect(fit(other.model, { ...other, epochs: 1, loss })).rejects.toThrow(
      "fit: the loss is NaN in step 1 of epoch 1, though all layers gave finite numbers; try",
    );
  });
});
