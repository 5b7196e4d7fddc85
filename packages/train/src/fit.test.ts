// fit and evaluate: what they compute, what they cost, how they stop, and that a run that was broken off goes on bit for bit.
import { reference } from "@lamina/backend-reference";
import {
  argmax,
  crossEntropy,
  manualSeed,
  memory,
  nn,
  noGrad,
  randn,
  setBackend,
  stats,
  type Tensor,
  tensor,
} from "@lamina/core";
import { DataLoader, TensorDataset } from "@lamina/data";
import { beforeEach, describe, expect, test } from "vitest";
import { evaluate, type FitOptions, fit, type Optimizer, SGD, type StepResult } from "./index.ts";
import { Shelf } from "./testing.ts";

beforeEach(async () => setBackend(await reference()));

/** 50 points of two classes in batches of 16, the last of 2; dropout, batch norm, momentum. */
function setup(seed = 3) {
  manualSeed(1);
  const x = randn([50, 4]);
  const labels = Int32Array.from({ length: 50 }, (_, i) => (x.host![4 * i] + x.host![4 * i + 1] > 0 ? 1 : 0));
  const data = new TensorDataset(x, tensor(labels));
  manualSeed(seed); // of weights, dropout and order
  const model = new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.BatchNorm1d(8),
    new nn.ReLU(),
    new nn.Dropout(0.2),
    new nn.Linear(8, 2),
  );
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const train = new DataLoader(data, { batchSize: 16, shuffle: true });
  const test = new DataLoader(data, { batchSize: 25 });
  return { model, optimizer, train, test, data };
}
const weights = async (model: nn.Module) =>
  Object.fromEntries(
    await Promise.all(Object.entries(await model.stateDict()).map(async ([k, t]) => [k, Array.from(await t.data())])),
  );

describe("fit", () => {
  test("learns, and says what each epoch came to", async () => {
    const { model, optimizer, train, test } = setup();
    const steps: StepResult[] = [];
    const rows = await fit(model, { train, test, epochs: 8, optimizer, onStep: (s) => void steps.push(s) });
    expect(rows.map((r) => r.epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(rows[7].trainLoss).toBeLessThan(rows[0].trainLoss);
    expect(rows[7].testAccuracy).toBeGreaterThan(0.85);
    expect(steps).toHaveLength(32);
    expect(steps[5]).toMatchObject({ epoch: 2, step: 2, steps: 4, examples: 16 });
    const first = steps.slice(0, 4);
    const mean = first.reduce((sum, s) => sum + s.loss * s.examples, 0) / 50;
    expect(rows[0].trainLoss).toBeCloseTo(mean, 12);
    expect(rows[0].trainAccuracy).toBe(first.reduce((sum, s) => sum + s.correct, 0) / 50);
    expect(rows[0].seconds).toBeGreaterThan(0);
    expect(rows[0].examplesPerSecond).toBeGreaterThan(0);
  });
  test("a step is one program, of which there are two, full and partial batch; nothing is computed twice; memory is flat", async () => {
    const { model, optimizer, train } = setup();
    const seen: { programs: number; runs: number; bytes: number }[] = [];
    const note = () => void seen.push({ programs: stats().programs, runs: stats().runs, bytes: memory().bytes });
    const before = stats().programs;
    await fit(model, {
      train,
      epochs: 4,
      optimizer,
      onStep() {
        optimizer.paramGroups[0].lr *= 0.99;
      },
      onEpoch: note,
    });
    expect(stats().programs - before).toBe(2);
    expect(seen.map((s, i) => s.runs - (seen[i - 1]?.runs ?? seen[0].runs - 4))).toEqual([4, 4, 4, 4]);
    expect(new Set(seen.map((s) => s.bytes)).size).toBe(1);
    expect(stats().recomputed).toBe(0);
  });
  test("a loss that is no number stops it, naming the step", async () => {
    const { model, optimizer, train } = setup();
    optimizer.paramGroups[0].lr = 1e30;
    await expect(fit(model, { train, epochs: 3, optimizer })).rejects.toThrow(
      /^fit: the loss is (NaN|Infinity) in step \d of epoch 1.*; try a lower learning rate or clipGradNorm, or find the op that made it with debug\(\{ nan: true \}\)$/,
    );
  });
  test("no data", async () => {
    const { model, optimizer } = setup();
    await expect(fit(model, { train: [], epochs: 1, optimizer })).rejects.toThrow(
      "fit: the training data has no batches",
    );
    await expect(evaluate(model, [])).rejects.toThrow("evaluate: there were no batches");
  });
  test("labels that are no classes have a loss and no accuracy", async () => {
    const { model, optimizer } = setup();
    const train: [Tensor, Tensor][] = [[randn([6, 4]), randn([6, 2])]];
    const [row] = await fit(model, { train, epochs: 1, optimizer, loss: new nn.MSELoss() });
    expect(row.trainLoss).toBeGreaterThan(0);
    expect(row.trainAccuracy).toBeNaN();
  });
});

test("evaluate: the mean over examples, in evaluation mode, and the mode is as before", async () => {
  const { model, data, test } = setup();
  const found = await evaluate(model, test);
  expect(model.training).toBe(true);
  model.eval();
  const [x, y] = data.tensors;
  const logits = noGrad(() => model.forward(x));
  expect(found.loss).toBeCloseTo(await crossEntropy(logits, y).item(), 6);
  const said = await argmax(logits, 1).data();
  const labels = await y.data();
  expect(found.accuracy).toBe(said.filter((v, i) => v === labels[i]).length / 50);
});

describe("going on", () => {
  type Run = {
    model: nn.Module;
    optimizer: Optimizer<{ lr: number }>;
    train: DataLoader<unknown>;
    test: DataLoader<unknown>;
  };
  const run = ({ model, ...rest }: Run, options: Partial<FitOptions>) =>
    fit(model, { epochs: 4, ...(rest as object), ...options } as FitOptions);
  const straight = async () => {
    const whole = setup();
    const rows = await run(whole as never, {});
    return { rows, weights: await weights(whole.model) };
  };
  /** Without times. */
  const results = (rows: readonly object[]) => rows.map((row) => ({ ...row, seconds: 0, examplesPerSecond: 0 }));

  test("2 epochs, and 2 more by other objects, are 4 epochs, bit for bit", async () => {
    const expected = await straight();
    const shelf = new Shelf();
    await run(setup() as never, { epochs: 2, checkpoint: shelf });
    expect(shelf.saves).toBe(2);
    const again = setup(99);
    const rows = await run(again as never, { checkpoint: shelf, resume: true });
    expect(await weights(again.model)).toEqual(expected.weights);
    expect(results(rows)).toEqual(results(expected.rows));
  });
  test.each([1, 3, 4, 6, 8, 11])(
    "so does one that was stopped after step %i, in the middle of an epoch or between",
    async (stop) => {
      const expected = await straight();
      const shelf = new Shelf();
      const controller = new AbortController();
      let steps = 0;
      const stopped = run(setup() as never, {
        checkpoint: shelf,
        signal: controller.signal,
        onStep: () => void (++steps === stop && controller.abort()),
      });
      await expect(stopped).rejects.toThrow("aborted");
      expect(steps).toBe(stop);
      const again = setup(99);
      const rows = await run(again as never, { checkpoint: shelf, resume: true });
      expect(await weights(again.model)).toEqual(expected.weights);
      expect(results(rows)).toEqual(results(expected.rows));
    },
  );
  test("a checkpoint every so many steps", async () => {
    const shelf = new Shelf();
    await run(setup() as never, { epochs: 1, checkpoint: shelf, checkpointEvery: 2 });
    expect(shelf.saves).toBe(3); // after steps 2 and 4, and after the epoch
  });
  test("a checkpoint when the last is so many seconds old: each step takes longer than none, and less than an hour", async () => {
    const [often, seldom] = [new Shelf(), new Shelf()];
    await run(setup() as never, { epochs: 1, checkpoint: often, checkpointSeconds: 0 });
    await run(setup() as never, { epochs: 1, checkpoint: seldom, checkpointSeconds: 3600 });
    expect([often.saves, seldom.saves]).toEqual([5, 1]); // 4 steps, and the epoch
  });
  test("resuming without a checkpoint begins, and with all epochs done returns them", async () => {
    const shelf = new Shelf();
    expect(await run(setup() as never, { epochs: 1, checkpoint: shelf, resume: true })).toHaveLength(1);
    const { saves } = shelf;
    expect(await run(setup() as never, { epochs: 1, checkpoint: shelf, resume: true })).toHaveLength(1);
    expect(shelf.saves).toBe(saves);
  });
  test("what does not fit is said", async () => {
    const shelf = new Shelf();
    await run(setup() as never, { epochs: 1, checkpoint: shelf });
    const other = { ...setup(), model: new nn.Linear(4, 2) };
    await expect(run(other as never, { checkpoint: shelf, resume: true })).rejects.toThrow(
      "loadStateDict: the state does not fit Linear: missing keys: weight, bias",
    );
    const { data, ...rest } = setup();
    const batches = { ...rest, train: new DataLoader(data, { batchSize: 8 }) };
    await expect(run(batches as never, { checkpoint: shelf, resume: true })).rejects.toThrow(
      "DataLoader.restore: the state is of 50 items in batches of 16 but this loader has 50 in batches of 8",
    );
  });
});
