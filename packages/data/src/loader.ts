// DataLoader: batches of a dataset in order or shuffled anew each epoch, a few loaded ahead. What an item is, the dataset says.
import { defaultGenerator, Generator } from "@lamina/core";
import { type Collatable, defaultCollate } from "./collate.ts";
import type { Batch, Dataset } from "./dataset.ts";

export interface LoaderOptions<T, B> {
  /** Items in a batch; 1 by default. */
  readonly batchSize?: number;
  /** Whether each epoch has an order of its own; false by default. */
  readonly shuffle?: boolean;
  /** Decides the orders, the same on every device and engine. Drawn from the default generator if left out. */
  readonly seed?: number;
  /** Leaves out a last batch that is not full; false by default. */
  readonly dropLast?: boolean;
  /** How many batches are loaded ahead at most, 2 by default; 0 loads each when it is asked for. */
  readonly prefetch?: number;
  /** Makes a batch of items; by default the dataset's own way, else {@link defaultCollate}. */
  readonly collate?: (items: T[]) => B | Promise<B>;
}

/** Where a loader is, as plain numbers for a checkpoint. */
export interface LoaderState {
  readonly seed: number;
  readonly epoch: number;
  /** Batches of this epoch that were handed out. */
  readonly batch: number;
  readonly batchSize: number;
  /** Items of the dataset. */
  readonly items: number;
}

// Model and loader are often given one seed: counters from here on are the loader's, so that its orders share no bits with weights.
const COUNTERS = 2 ** 48;

/**
 * Batches of a dataset, as `torch.utils.data.DataLoader`: `for await (const [x, y] of loader)`.
 *
 * Each `for await` is one epoch; epoch e is shuffled by (seed, e) alone. Several may run at once, each an epoch of its own.
 * @throws if batchSize is not a positive or prefetch not a natural number.
 */
export class DataLoader<T, B = Batch> implements AsyncIterable<B> {
  readonly dataset: Dataset<T, B>;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly prefetch: number;
  private readonly collate: ((items: T[]) => B | Promise<B>) | undefined;
  private seed: number;
  /** Where the next epoch begins, and where the one is that was begun last. */
  private next = { epoch: 0, batch: 0 };
  private current: { epoch: number; batch: number } | undefined;

  constructor(dataset: Dataset<T, B>, options: LoaderOptions<T, B> = {}) {
    const { batchSize = 1, shuffle = false, seed, dropLast = false, prefetch = 2, collate } = options;
    checkCount("batchSize", batchSize, 1);
    checkCount("prefetch", prefetch, 0);
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.prefetch = prefetch;
    this.collate = collate;
    this.seed = new Generator(seed ?? (shuffle ? defaultGenerator.words(1)[0] : 0)).state.seed;
  }

  /** The number of batches in an epoch. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }
  /** The epoch of the batch to come: after an epoch's last batch it is the next one. The first is 0. */
  get epoch(): number {
    return this.position.epoch;
  }
  private get position(): { epoch: number; batch: number } {
    return this.current && this.current.batch < this.length ? this.current : this.next;
  }
  /** Where the epoch begun last is: after the batches handed out so far, or before the next epoch if it is over. */
  state(): LoaderState {
    return { seed: this.seed, ...this.position, batchSize: this.batchSize, items: this.dataset.length };
  }
  /**
   * Has the next `for await` go on where `state` was taken, with the same batches in the same order.
   * @throws if the state is of a loader with another batch size or number of items.
   */
  restore(state: LoaderState): void {
    const here = { batchSize: this.batchSize, items: this.dataset.length };
    if (state.batchSize !== here.batchSize || state.items !== here.items)
      throw new Error(
        `DataLoader.restore: the state is of ${state.items} items in batches of ${state.batchSize} but this loader has ${here.items} in batches of ${here.batchSize}; make the loader as it was`,
      );
    checkCount("restore: epoch", state.epoch, 0);
    checkCount("restore: batch", state.batch, 0);
    this.seed = new Generator(state.seed).state.seed;
    this.next = { epoch: state.epoch, batch: state.batch };
    this.current = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    const cursor = this.begin();
    const order = this.orderOf(cursor.epoch);
    const ahead: Promise<B>[] = [];
    let loading = cursor.batch;
    const fill = () => {
      while (ahead.length < Math.max(this.prefetch, 1) && loading < this.length)
        ahead.push(this.load(order, loading++));
    };
    for (fill(); ahead.length > 0; fill()) {
      const batch = await ahead.shift()!;
      cursor.batch++;
      if (this.prefetch > 0) fill();
      yield batch;
    }
  }

  private begin(): { epoch: number; batch: number } {
    this.current = this.next;
    this.next = { epoch: this.current.epoch + 1, batch: 0 };
    return this.current;
  }
  private orderOf(epoch: number): Int32Array {
    const n = this.dataset.length;
    return this.shuffle
      ? new Generator(this.seed, COUNTERS + epoch).permutation(n)
      : Int32Array.from({ length: n }, (_, i) => i);
  }
  private load(order: Int32Array, batch: number): Promise<B> {
    const loaded = this.gather(order.slice(batch * this.batchSize, (batch + 1) * this.batchSize));
    // A failure is told when its turn comes; until then it is not an unhandled one.
    loaded.catch(() => {});
    return loaded;
  }
  private async gather(indices: Int32Array): Promise<B> {
    if (this.dataset.batch && !this.collate) return this.dataset.batch(indices);
    const items = await Promise.all(Array.from(indices, (index) => this.item(index)));
    return this.collate ? this.collate(items) : (defaultCollate(items as Collatable[]) as Promise<B>);
  }
  private async item(index: number): Promise<T> {
    try {
      return await this.dataset.get(index);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`DataLoader: get(${index}) of the dataset failed: ${reason}; see the error's cause`, { cause });
    }
  }
}

function checkCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`DataLoader: ${name} is ${value} but must be a whole number of at least ${least}; pass one`);
}
