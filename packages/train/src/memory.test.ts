// A step that has no room: by how much, what would fit, that it does fit, and that nothing is lost.
import { reference } from "@lamina/backend-reference";
import { wasm } from "@lamina/backend-wasm";
import {
  type Backend,
  bytesOf,
  manualSeed,
  memory,
  nn,
  OutOfMemoryError,
  randn,
  setBackend,
  sync,
  tensor,
  zeros,
} from "@lamina/core";
import { DataLoader, TensorDataset } from "@lamina/data";
import { describe, expect, test } from "vitest";
import { Adam, type BatchSpecs, chooseBatchSize, EMA, fit, StepLR, stepMemory } from "./index.ts";
import { Shelf } from "./testing.ts";

const LIMIT = 12 << 20;
const small = () => wasm({ maxBytes: LIMIT });

/** 200 pictures of 28 x 28; dropout, batch norm, Adam and an average: all that has a state. */
async function setup(open: () => Promise<Backend> = small, batchSize: number | "auto" = "auto", anySize = true) {
  setBackend(await open());
  manualSeed(1);
  const data = new TensorDataset(randn([200, 1, 28, 28]), tensor(Int32Array.from({ length: 200 }, (_, i) => i % 10)));
  const head = anySize
    ? [new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(8, 10)]
    : [new nn.Flatten(), new nn.Linear(8 * 196, 10)];
  const model = new nn.Sequential(
    ...[new nn.Conv2d(1, 8, 5, { padding: 2 }), new nn.BatchNorm2d(8), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Dropout(0.2), ...head],
  );
  const optimizer = new Adam(model.parameters());
  const train = new DataLoader(data, { batchSize, shuffle: true, seed: 4 });
  return { model, optimizer, train, data, ema: new EMA(model), schedule: new StepLR(optimizer, { stepSize: 1 }) };
}
const roomy = () => wasm();
const bits = async (model: nn.Module) => Promise.all(Object.values(await model.stateDict()).map((t) => t.data()));

const specs = (n: number, side: number): BatchSpecs => [
  { shape: [n, 1, side, side], dtype: "float32" },
  { shape: [n], dtype: "int32" },
];

test('batchSize "auto" takes the largest that fits: it trains, and one more does not', async () => {
  const auto = await setup();
  expect(() => auto.train.length).toThrow('DataLoader: batchSize is "auto", and nothing has chosen it yet; fit() does');
  await fit(auto.model, { ...auto, epochs: 1 });
  const { batchSize } = auto.train;
  expect(batchSize).toBeGreaterThan(20);
  expect(batchSize).toBeLessThan(200);
  expect(memory().peakBytes).toBeLessThanOrEqual(LIMIT);
  const over = await setup(small, batchSize + 1);
  await expect(fit(over.model, { ...over, epochs: 1 })).rejects.toThrow(OutOfMemoryError);
});

test("the error says by how much, and which batch or pictures fit; both do", async () => {
  const { batchSize } = await chosen();
  const parts = await setup(small, 150);
  const error = await fit(parts.model, { ...parts, epochs: 1 }).catch((e: Error) => e);
  const text = (error as Error).message;
  expect(text).toMatch(
    /^fit: a training step on a batch of \[150,1,28,28\] takes [\d.]+ MiB, [\d.]+ MiB more than the 12 MiB that the wasm device has for it; what fits: batches of \d+, or pictures of (\d+) x \1 \(resize\)$/,
  );
  expect(Number(/batches of (\d+)/.exec(text)![1])).toBe(batchSize);
  expect((error as Error).cause).toBeInstanceOf(OutOfMemoryError);
  const side = Number(/pictures of (\d+)/.exec(text)![1]);
  expect(stepMemory(parts.model, parts, specs(150, side)).fits).toBe(true);
  expect(stepMemory(parts.model, parts, specs(150, side + 1)).fits).toBe(false);
});
const chosen = async () => {
  const parts = await setup();
  await chooseBatchSize(parts.model, parts);
  return parts.train;
};

test("a network that takes one size of pictures gets no advice to resize; one that is too large is told so", async () => {
  const parts = await setup(small, 150, false);
  await expect(fit(parts.model, { ...parts, epochs: 1 })).rejects.toThrow(/; what fits: batches of \d+$/);
  const huge = await setup(() => wasm({ maxBytes: 1 << 16 }), "auto", false);
  await expect(fit(huge.model, { ...huge, epochs: 1 })).rejects.toThrow(/not even a single example fits: use a/);
});

test("what is tried leaves no trace: the run is the same, bit for bit", async () => {
  const plain = await setup(roomy, 50);
  await fit(plain.model, { ...plain, epochs: 2 });
  const tried = await setup(roomy, 50);
  await fit(tried.model, {
    ...tried,
    epochs: 2,
    onStep: ({ step }) => {
      if (step === 2) stepMemory(tried.model, tried, specs(7, 28));
    },
  });
  expect(await bits(tried.model)).toEqual(await bits(plain.model));
});

test("memory that runs out in mid-training leaves a checkpoint, from which a larger device goes on, bit for bit", async () => {
  const straight = await setup(roomy, 60);
  const expected = await fit(straight.model, { ...straight, epochs: 2 });
  const shelf = new Shelf();
  const limit = 40 << 20;
  const first = await setup(() => wasm({ maxBytes: limit }), 60);
  let steps = 0;
  const hog: unknown[] = [];
  const onStep = async () => {
    if (++steps < 6) return;
    // somebody else takes what is left
    while (memory().bytes < limit - (3 << 20)) {
      hog.push(new nn.Parameter(zeros([1 << 18]).add(1)));
      await sync();
    }
  };
  await expect(fit(first.model, { ...first, epochs: 2, checkpoint: shelf, onStep })).rejects.toThrow(OutOfMemoryError);
  expect(shelf.all.at(-1)!.meta).toMatchObject({ epoch: 2, step: 2, trained: false });
  const second = await setup(roomy, 60);
  const rows = await fit(second.model, { ...second, epochs: 2, checkpoint: shelf, resume: true });
  const plain = (list: typeof rows) => list.map(({ seconds: _, examplesPerSecond: __, ...rest }) => rest);
  expect(plain(rows)).toEqual(plain(expected));
  expect(await bits(second.model)).toEqual(await bits(straight.model));
});

test("a run with its own choice is resumed with it", async () => {
  const shelf = new Shelf();
  const first = await setup();
  await fit(first.model, { ...first, epochs: 1, checkpoint: shelf });
  const second = await setup(roomy);
  await fit(second.model, { ...second, epochs: 2, checkpoint: shelf, resume: true });
  expect(second.train.batchSize).toBe(first.train.batchSize);
});

describe("a device that has no plans of its own", () => {
  /** The definition with so many bytes, which it tells or not. */
  const limited = (maxBytes: number, tells: boolean) => async (): Promise<Backend> => {
    const backend = await reference();
    const kernels = Object.entries(backend.kernels).map(([op, kernel]) => [
      op,
      (...args: Parameters<typeof kernel>) => {
        const { bytes: inUse } = backend.memory();
        const requested = bytesOf(args[3]);
        const limit = tells ? maxBytes : undefined;
        if (inUse + requested > maxBytes) throw new OutOfMemoryError("reference", { requested, inUse, limit });
        return kernel(...args);
      },
    ]);
    const memory = () => ({ ...backend.memory(), ...(tells && { limit: maxBytes }) });
    return { ...backend, kernels: Object.fromEntries(kernels), memory };
  };
  const little = 3 << 19;

  test("what a step takes is counted kernel by kernel: to the byte what it takes there", async () => {
    const parts = await setup(reference, 6);
    const { bytes, available, fits, planned } = stepMemory(parts.model, parts, specs(6, 28));
    expect([available, fits, planned]).toEqual([Number.POSITIVE_INFINITY, true, false]);
    const before = memory().bytes;
    expect(memory().peakBytes).toBe(before);
    let steps = 0;
    const onStep = () => {
      if (++steps === 3) throw new Error("enough");
    };
    await expect(fit(parts.model, { ...parts, schedule: undefined, epochs: 1, onStep })).rejects.toThrow("enough");
    expect(memory().peakBytes).toBe(bytes);
  });
  test("with a limit that it tells, the largest batch that fits is taken, and one more does not fit", async () => {
    const auto = await setup(limited(little, true));
    await chooseBatchSize(auto.model, auto);
    const { batchSize } = auto.train;
    expect(batchSize).toBeGreaterThan(1);
    expect(batchSize).toBeLessThan(200);
    const fits = (n: number) => stepMemory(auto.model, auto, specs(n, 28)).fits;
    expect([fits(batchSize), fits(batchSize + 1)]).toEqual([true, false]);
    const over = await setup(limited(little, true), 2 * batchSize);
    await expect(fit(over.model, { ...over, epochs: 1 })).rejects.toThrow(
      new RegExp(
        `^fit: a training step on a batch of \\[${2 * batchSize},1,28,28\\] takes about [\\d.]+ MiB, [\\d.]+ \\w+ more than the 1.5 MiB that the reference device has for it; what fits: batches of ${batchSize}, or`,
      ),
    );
  });
  test("without one it takes 256, or what there is; and what it gave before it refused is what the advice goes by", async () => {
    const blind = await setup(reference);
    await chooseBatchSize(blind.model, blind);
    expect(blind.train.batchSize).toBe(200);
    const over = await setup(limited(little, false), 40);
    const error = await fit(over.model, { ...over, epochs: 1 }).catch((e: Error) => e);
    const [, batch] =
      /^fit: a training step on a batch of \[40,1,28,28\] takes about [\d.]+ MiB; the reference device, which does not say how much it has, refused [\d.]+ \w+ more when it had given out [\d.]+ \w+; what fits: batches of (\d+), or pictures of/.exec(
        (error as Error).message,
      )!;
    const again = await setup(limited(little, false), Number(batch));
    let steps = 0;
    const onStep = () => {
      if (++steps === 3) throw new Error("enough");
    };
    await expect(fit(again.model, { ...again, epochs: 1, onStep })).rejects.toThrow("enough");
  });
});
