// Loading by threads: the same batches in the same order for any number of them; what goes wrong is told.
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test } from "vitest";
import type { Batch } from "../dataset.ts";
import { DataLoader, type LoaderOptions } from "../loader.ts";
import { loadFashionMNIST } from "../loadFashionMNIST.ts";
import { FashionMNIST } from "../mnist.ts";
import * as transforms from "../transforms/index.ts";

const loaders: { close(): Promise<void> }[] = [];
afterEach(() => Promise.all(loaders.splice(0).map((loader) => loader.close())));

const augmented = new transforms.Compose([
  new transforms.RandomCrop(24),
  new transforms.Resize(12),
  new transforms.RandomHorizontalFlip(),
  new transforms.ToTensor(),
  new transforms.RandomErasing(),
]);
const small = async () => {
  const all = await FashionMNIST.load({ train: false, transform: augmented });
  return new FashionMNIST(
    { dtype: "uint8", shape: [100, 28, 28], data: all.images.slice(0, 78_400) },
    { dtype: "uint8", shape: [100], data: all.labels.slice(0, 100) },
    all,
  );
};
function loaderOf<T>(dataset: ConstructorParameters<typeof DataLoader<T, Batch>>[0], options: LoaderOptions<T, Batch>) {
  const loader = new DataLoader(dataset, { batchSize: 8, shuffle: true, seed: 7, ...options });
  loaders.push(loader);
  return loader;
}
async function digest(loader: AsyncIterable<Batch>): Promise<string[]> {
  const out: string[] = [];
  for await (const [x, y] of loader) {
    const bits = new Int32Array(Float32Array.from(await x.data()).buffer).reduce(
      (h, w) => (Math.imul(h, 31) + w) | 0,
      0,
    );
    out.push(`${x.shape} ${bits} ${await y.data()}`);
  }
  return out;
}
const workerFile = (name: string) => () => new Worker(new URL(name, import.meta.url));

describe("workers", () => {
  test("order and bits do not depend on their number, and epochs differ", async () => {
    const data = await small();
    const [none, one, three] = [0, 1, 3].map((workers) => loaderOf(data, { workers }));
    const first = await digest(none);
    expect(first).toHaveLength(13);
    expect(await digest(one)).toEqual(first);
    expect(await digest(three)).toEqual(first);
    const second = await digest(none);
    expect(second).not.toEqual(first);
    expect(await digest(three)).toEqual(second);
  });
  test("an epoch goes on at a batch, with the same augmentation", async () => {
    const data = await small();
    const whole = await digest(loaderOf(data, {}));
    const first = loaderOf(data, { workers: 2 });
    let seen = 0;
    for await (const _ of first) if (++seen === 5) break;
    const second = loaderOf(data, { workers: 2 });
    second.restore(first.state());
    expect(await digest(second)).toEqual(whole.slice(5));
  });
  test("a worker file serves any dataset", async () => {
    const options = { batchSize: 4, workers: 2, worker: workerFile("squares.child.ts") };
    const loader = loaderOf({ length: 10, get: () => [] as never }, { ...options, shuffle: false });
    const labels: number[] = [];
    for await (const [, y] of loader) labels.push(...(await y.data()));
    expect(labels).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
  });
  test("what fails in a worker is told in its turn; a worker that ends is told too", async () => {
    const worker = workerFile("squares.child.ts");
    const failing = loaderOf(
      { length: 101, get: () => [] as never },
      { batchSize: 1, workers: 1, worker, shuffle: false },
    );
    const seen: number[] = [];
    await expect(
      (async () => {
        for await (const [, y] of failing) seen.push((await y.data())[0]);
      })(),
    ).rejects.toThrow("DataLoader: get(100) of the dataset failed: there is no square of 100");
    expect(seen).toHaveLength(100);
    const dying = loaderOf(
      { length: 200, get: () => [] as never },
      { batchSize: 150, workers: 1, worker, shuffle: false },
    );
    await expect(digest(dying)).rejects.toThrow(
      "DataLoader: a worker stopped (it ended with code 3); the batches it had are lost, start the epoch again",
    );
  });
  test("messages", async () => {
    const data = await FashionMNIST.load({ train: false, transform: (image) => image });
    await expect(digest(loaderOf(data, { workers: 1 }))).rejects.toThrow(
      "DataLoader: a FashionMNIST with functions of its own cannot be sent to a worker; pass worker: () => new Worker(...)",
    );
    expect(() => loaderOf(data, { workers: 1, collate: (items) => items as never })).toThrow(
      "DataLoader: collate cannot be sent to 1 workers; pass it to serve() in the workers' file, or leave out workers",
    );
  });
});

test("loadFashionMNIST: two loaders, resized as they are used", async () => {
  const [train, test] = await loadFashionMNIST({ batchSize: 128, resize: 96, seed: 0, workers: 1 });
  loaders.push(train, test);
  expect([train.length, test.length]).toEqual([469, 79]);
  for await (const [x, y] of train) {
    expect([x.shape, y.shape]).toEqual([[128, 1, 96, 96], [128]]);
    break;
  }
});
