// Datasets by index, as torch.utils.data: what one is, one over tensors, a part of one, and splitting at random.
// Batching and order are left to loader.ts.
import { defaultGenerator, Generator, type Tensor } from "@lamina/core";
import { gather, type Rows, rowsOf } from "./rows.ts";

/** What a loader gives in each step: pictures and labels. */
export type Batch = [x: Tensor, y: Tensor];

/** Where the chance that an item is left to comes from: the same for the same seed, epoch and index, whoever asks first. */
export type RandomOf = (index: number) => Generator;

/** Items by index, as PyTorch's map-style `Dataset`. */
export interface Dataset<T, B = Batch> {
  readonly length: number;
  /** Whatever is left to chance (augmentation) draws from `random`, which a loader gives anew for each item and epoch. */
  get(index: number, random?: Generator): T | Promise<T>;
  /** A whole batch at once, where that is faster than item by item and collating (PyTorch: `__getitems__`). */
  batch?(indices: Int32Array, randomOf?: RandomOf): B | Promise<B>;
}

/** Throws unless `index` is one of `length` items. */
export function checkIndex(op: string, index: number, length: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= length)
    throw new Error(
      `${op}: there is no item ${index}, the dataset has ${length}; pass a whole number from 0 to ${length - 1}`,
    );
}

/** Item i is row i of each tensor, as `torch.utils.data.TensorDataset`. All tensors have the same first size. */
export class TensorDataset<B extends Tensor[] = Batch> implements Dataset<B, B> {
  readonly length: number;
  readonly tensors: B;
  private rows: Promise<Rows[]> | undefined;
  constructor(...tensors: B) {
    this.length = tensors.length > 0 ? commonLength(tensors) : 0;
    this.tensors = tensors;
  }
  async get(index: number): Promise<B> {
    checkIndex("TensorDataset", index, this.length);
    const items = await this.pick(Int32Array.of(index));
    return items.map((rows) => rows.first()) as B;
  }
  async batch(indices: Int32Array): Promise<B> {
    return (await this.pick(indices)).map((rows) => rows.tensor()) as B;
  }
  private async pick(indices: Int32Array): Promise<Rows[]> {
    this.rows ??= Promise.all(this.tensors.map(rowsOf));
    return (await this.rows).map((rows) => gather(rows, indices));
  }
}

function commonLength(tensors: readonly Tensor[]): number {
  const shapes = tensors.map(({ shape }) => `[${shape}]`).join(", ");
  const [first, ...rest] = tensors.map(({ shape }) => shape[0]);
  if (first === undefined || rest.some((n) => n !== first))
    throw new Error(
      `TensorDataset: the tensors have shapes ${shapes}, but the first size of all must be the same; pass one row per item in each`,
    );
  return first;
}

/** The items of `dataset` at `indices`, as `torch.utils.data.Subset`. */
export class Subset<T, B = Batch> implements Dataset<T, B> {
  readonly dataset: Dataset<T, B>;
  readonly indices: Int32Array;
  readonly batch?: (indices: Int32Array, randomOf?: RandomOf) => B | Promise<B>;
  constructor(dataset: Dataset<T, B>, indices: ArrayLike<number>) {
    for (let i = 0; i < indices.length; i++) checkIndex("Subset", indices[i], dataset.length);
    this.dataset = dataset;
    this.indices = Int32Array.from(indices);
    if (dataset.batch)
      this.batch = (chosen, randomOf) =>
        dataset.batch!(
          chosen.map((i) => this.indices[i]),
          randomOf,
        );
  }
  get length(): number {
    return this.indices.length;
  }
  get(index: number, random?: Generator): T | Promise<T> {
    checkIndex("Subset", index, this.length);
    return this.dataset.get(this.indices[index], random);
  }
}

/**
 * Cuts a dataset into parts without common items, at random, as `torch.utils.data.random_split`.
 * @param lengths whole numbers that add up to the dataset's length, or fractions that add up to 1: then each part gets
 * the floor of its share, and what remains goes to the first parts, one item each.
 * @param options.seed the same seed gives the same parts on every machine; without one the default generator is drawn from.
 * @throws if the lengths do not add up.
 */
export function randomSplit<T, B>(
  dataset: Dataset<T, B>,
  lengths: readonly number[],
  { seed }: { seed?: number } = {},
): Subset<T, B>[] {
  const counts = countsOf(lengths, dataset.length);
  const order = (seed === undefined ? defaultGenerator : new Generator(seed)).permutation(dataset.length);
  let at = 0;
  return counts.map((count) => new Subset(dataset, order.subarray(at, (at += count))));
}

function countsOf(lengths: readonly number[], total: number): readonly number[] {
  const sum = lengths.reduce((a, b) => a + b, 0);
  const valid = lengths.every((n) => n >= 0);
  if (valid && sum === total && lengths.every(Number.isInteger)) return lengths;
  if (!valid || Math.abs(sum - 1) > 1e-9)
    throw new Error(
      `randomSplit: the lengths [${lengths}] add up to ${sum} but the dataset has ${total} items; pass lengths that add up to ${total}, or fractions that add up to 1`,
    );
  const counts = lengths.map((fraction) => Math.floor(fraction * total));
  const rest = total - counts.reduce((a, b) => a + b, 0);
  for (let i = 0; i < rest; i++) counts[i % counts.length]++;
  return counts;
}
