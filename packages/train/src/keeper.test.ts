// fit on a device that gets lost: it goes on from its last snapshot on one opened anew, with the same curve and the same weights.
import { type ReferenceBuffer, reference } from "@lamina/backend-reference";
import {
  type Backend,
  DeviceLostError,
  Generator,
  manualSeed,
  nn,
  randn,
  setBackend,
  type Tensor,
  tensor,
} from "@lamina/core";
import { DataLoader, TensorDataset } from "@lamina/data";
import { beforeEach, describe, expect, test } from "vitest";
import { type Checkpoint, type FitOptions, fit, SGD } from "./index.ts";

beforeEach(async () => setBackend(await reference()));

/** Reads take a while, as a GPU's do. It is gone after `life` kernels, and says so; a lost one computes, holds and frees nothing. */
async function mortal(life: () => number, opened: { count: number; closed: number }): Promise<Backend> {
  opened.count++;
  const inner: Backend<ReferenceBuffer> = await reference();
  let left = life();
  const alive = <T>(f: () => T): T => {
    if (left <= 0) throw new DeviceLostError("mortal", "destroyed");
    return f();
  };
  const kernels = Object.fromEntries(
    Object.entries(inner.kernels).map(([name, kernel]) => [
      name,
      (...args: Parameters<typeof kernel>) => {
        left--;
        return alive(() => kernel(...args));
      },
    ]),
  );
  return {
    ...inner,
    name: "mortal",
    kernels,
    upload: (data, dtype) => alive(() => inner.upload(data, dtype)),
    async read(buffer) {
      const data = alive(() => inner.read(buffer));
      await new Promise((resolve) => setTimeout(resolve, 0));
      return alive(() => data); // a read that waits is rejected as well
    },
    free: (buffer) => void (left > 0 && inner.free(buffer)),
    reopen: () => mortal(life, opened),
    async close() {
      opened.closed++;
      await inner.close();
    },
  };
}

/** 60 points in batches of 8; dropout, batch norm, momentum. */
function setup() {
  manualSeed(1);
  const x = randn([60, 4]);
  const labels = Int32Array.from({ length: 60 }, (_, i) => (i * 7) % 3);
  manualSeed(3);
  const layers = [new nn.Linear(4, 8), new nn.BatchNorm1d(8), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(8, 3)];
  const model = new nn.Sequential(...layers);
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const data = new TensorDataset(x, tensor(labels));
  return { model, optimizer, data, train: new DataLoader(data, { batchSize: 8, shuffle: true }) };
}
interface Trace {
  losses: Map<string, number>;
  rows: object[];
  weights: Record<string, unknown>;
  steps: number;
}
async function run(
  { model, optimizer, data, train }: ReturnType<typeof setup>,
  options: Partial<FitOptions>,
): Promise<Trace> {
  const losses = new Map<string, number>();
  let steps = 0;
  const epochs = await fit(model, {
    train,
    test: new DataLoader(data, { batchSize: 30 }),
    optimizer,
    epochs: 3,
    onStep({ epoch, step, loss }) {
      steps++;
      losses.set(`${epoch}/${step}`, loss);
    },
    ...options,
  });
  const rows = epochs.map((row) => ({ ...row, seconds: 0, examplesPerSecond: 0 }));
  const state = Object.entries(await model.stateDict()).map(
    async ([key, t]): Promise<[string, unknown]> => [key, await t.toArray()],
  );
  return { losses, rows, weights: Object.fromEntries(await Promise.all(state)), steps };
}
const undisturbed = (): Promise<Trace> => run(setup(), {});

describe("a device that is lost at random moments", () => {
  test.each([1, 2, 3, 4, 5, 6])("seed %i: the run ends as if nothing had happened", async (seed) => {
    const expected = await undisturbed();
    const draw = new Generator(seed);
    const opened = { count: 0, closed: 0 };
    const device = await mortal(() => 400 + Math.floor(900 * draw.uniform()), opened);
    const trainee = setup();
    if (seed % 2) setBackend(device);
    else trainee.model.to(device); // placed, while another device is everybody's
    const { losses, rows, weights, steps } = await run(trainee, { snapshotEvery: 3 });
    expect(opened.count).toBeGreaterThan(2);
    expect(opened.closed).toBe(opened.count - 1);
    expect(steps).toBeGreaterThan(24);
    expect([...losses].sort()).toEqual([...expected.losses].sort());
    expect([...losses.values()].every((loss) => loss > 0)).toBe(true);
    expect(rows).toEqual(expected.rows);
    expect(weights).toEqual(expected.weights);
  });
});

test("a function of the user's opens the next device, and is told why", async () => {
  const expected = await undisturbed();
  const first = await mortal(() => 700, { count: 0, closed: 0 });
  setBackend({ ...first, reopen: undefined });
  const told: string[] = [];
  const reopen = async (error: DeviceLostError) => {
    told.push(error.message);
    return reference();
  };
  const { rows, weights } = await run(setup(), { reopen });
  expect(told).toEqual([expect.stringMatching(/^mortal: the device was lost \(destroyed\)/)]);
  expect([rows, weights]).toEqual([expected.rows, expected.weights]);
});
test("the newest checkpoint is a snapshot too, and data without restore() is begun anew with its epoch", async () => {
  const opened = { count: 0, closed: 0 };
  let life = 1000;
  setBackend(
    await mortal(() => {
      life *= 2;
      return life / 2;
    }, opened),
  );
  const { model, optimizer, data } = setup();
  const train: (readonly [Tensor, Tensor])[] = [];
  for await (const batch of new DataLoader(data, { batchSize: 10 })) train.push(batch);
  const saved: Checkpoint[] = [];
  const checkpoint = { save: async (c: Checkpoint) => void saved.push(c), load: async () => undefined };
  const seen: string[] = [];
  const rows = await fit(model, {
    train,
    epochs: 4,
    optimizer,
    checkpoint,
    onStep: ({ epoch, step }) => void seen.push(`${epoch}/${step}`),
  });
  expect(rows).toHaveLength(4);
  expect(saved).toHaveLength(4);
  expect(opened.count).toBeGreaterThan(1);
  expect(seen.length).toBeGreaterThan(24);
  expect(new Set(seen).size).toBe(24);
});
test("without a way to open it again the error is the run's; one that is lost again and again ends it too", async () => {
  const lost = /^mortal: the device was lost \(destroyed\)/;
  const first = await mortal(() => 700, { count: 0, closed: 0 });
  setBackend({ ...first, reopen: undefined });
  await expect(run(setup(), {})).rejects.toThrow(lost);
  const opened = { count: 0, closed: 0 };
  let life = 700;
  setBackend(
    await mortal(() => {
      const now = life;
      life = 10;
      return now;
    }, opened),
  );
  await expect(run(setup(), {})).rejects.toThrow(lost);
  expect(opened.count).toBe(6);
});
test("a device that cannot be lost costs no snapshot", async () => {
  const { model, ...rest } = setup();
  let reads = 0;
  const stateDict = model.stateDict.bind(model);
  model.stateDict = () => {
    reads++;
    return stateDict();
  };
  await fit(model, { ...rest, epochs: 2, snapshotEvery: 1 });
  expect(reads).toBe(0);
});
