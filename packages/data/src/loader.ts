// DataLoader: batches of a dataset in order or shuffled anew each epoch, a few loaded ahead. What an item is, the dataset says.
import { defaultGenerator, Generator, philox4x32 } from "@lamina/core";
import { type Collatable, defaultCollate } from "./collate.ts";
import type { Batch, Dataset, RandomOf } from "./dataset.ts";
import type { Request, WorkerLike } from "./workers/messages.ts";
import { type Pool, startPool } from "./workers/pool.ts";

export interface LoaderOptions<T, B> {
  /** Items in a batch; 1 by default. "auto" leaves it to fit(): what fits the device's memory, 256 at most; 256 where the device does not know it. */
  readonly batchSize?: number | "auto";
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
  /**
   * Threads that load, 0 by default: the one that asks. Order and bits are the same for any number. In Node this is enough for the
   * datasets of this package; others, and browsers, need `worker`.
   */
  readonly workers?: number;
  /** Starts a thread whose file calls `serve(dataset)` of `@lamina/data/worker`. */
  readonly worker?: () => WorkerLike;
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
/** What an item draws from in an epoch: a generator whose seed is a block of the loader's. */
export const randomOfEpoch =
  (seed: number, epoch: number): RandomOf =>
  (index) => {
    const [low, high] = philox4x32([index, epoch, 0, 0x6974656d], [seed % 2 ** 32, Math.floor(seed / 2 ** 32)]);
    return new Generator((high >>> 11) * 2 ** 32 + low);
  };

/**
 * Batches of a dataset, as `torch.utils.data.DataLoader`: `for await (const [x, y] of loader)`.
 *
 * Each `for await` is one epoch; epoch e is shuffled by (seed, e) alone. Several may run at once, each an epoch of its own.
 * @throws if batchSize is not a positive or prefetch not a natural number.
 */
export class DataLoader<T, B = Batch> implements AsyncIterable<B> {
  readonly dataset: Dataset<T, B>;
  /** Undefined while it is to be chosen, which `batchSize: "auto"` asks of fit(). May be set once. */
  chosenBatchSize: number | undefined;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly prefetch: number;
  readonly workers: number;
  private readonly collate: Collate<T, B> | undefined;
  private readonly worker: (() => WorkerLike) | undefined;
  private pool: Promise<Pool> | undefined;
  private seed: number;
  /** Where the next epoch begins, and where the one is that was begun last. */
  private next = { epoch: 0, batch: 0 };
  private current: { epoch: number; batch: number } | undefined;

  constructor(dataset: Dataset<T, B>, options: LoaderOptions<T, B> = {}) {
    const { batchSize = 1, shuffle = false, seed, dropLast = false, prefetch = 2, collate, workers = 0 } = options;
    if (batchSize !== "auto") checkCount("batchSize", batchSize, 1);
    checkCount("prefetch", prefetch, 0);
    checkCount("workers", workers, 0);
    if (workers > 0 && collate)
      throw new Error(
        `DataLoader: collate cannot be sent to ${workers} workers; pass it to serve() in the workers' file, or leave out workers`,
      );
    this.dataset = dataset;
    this.chosenBatchSize = batchSize === "auto" ? undefined : batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.prefetch = prefetch;
    this.collate = collate;
    this.workers = workers;
    this.worker = options.worker;
    this.seed = new Generator(seed ?? (shuffle ? defaultGenerator.words(1)[0] : 0)).state.seed;
  }

  /** Items in a batch. @throws while it is to be chosen. */
  get batchSize(): number {
    if (this.chosenBatchSize !== undefined) return this.chosenBatchSize;
    throw new Error(
      'DataLoader: batchSize is "auto", and nothing has chosen it yet; fit() does, or chooseBatchSize() of @lamina/train, or pass a number',
    );
  }
  /** A batch of the first item alone: what shapes batches have. No epoch begins by it. */
  example(): Promise<B> {
    return this.load(Int32Array.of(0), 0, 0, 1);
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
    this.chosenBatchSize ??= state.batchSize;
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
      while (ahead.length < this.ahead && loading < this.length) ahead.push(this.load(order, cursor.epoch, loading++));
    };
    for (fill(); ahead.length > 0; fill()) {
      const batch = await ahead.shift()!;
      cursor.batch++;
      if (this.prefetch > 0) fill();
      yield batch;
    }
  }

  /** How many batches are on their way at most. With workers each has `prefetch`. */
  private get ahead(): number {
    return Math.max(this.prefetch, 1) * Math.max(this.workers, 1);
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
  private load(order: Int32Array, epoch: number, batch: number, size = this.batchSize): Promise<B> {
    const indices = order.slice(batch * size, (batch + 1) * size);
    const loaded =
      this.workers > 0
        ? this.loadByWorker({ indices, seed: this.seed, epoch })
        : loadBatch(this.dataset, indices, randomOfEpoch(this.seed, epoch), this.collate);
    // A failure is told when its turn comes; until then it is not an unhandled one.
    loaded.catch(() => {});
    return loaded;
  }
  private async loadByWorker(request: Omit<Request, "id">): Promise<B> {
    this.pool ??= startPool(this.workers, this.dataset, this.worker);
    return (await this.pool).load(request) as Promise<B>;
  }
  /** Ends the workers, if there are any. Without it they end with the process: idle ones do not keep it alive. */
  async close(): Promise<void> {
    const pool = await this.pool?.catch(() => undefined); // one that did not start has nothing to end
    this.pool = undefined;
    await pool?.close();
  }
}

type Collate<T, B> = (items: T[]) => B | Promise<B>;
/** One batch, where this is called. */
export async function loadBatch<T, B>(
  dataset: Dataset<T, B>,
  indices: Int32Array,
  randomOf: RandomOf,
  collate?: Collate<T, B>,
): Promise<B> {
  if (dataset.batch && !collate) return dataset.batch(indices, randomOf);
  const items = await Promise.all(Array.from(indices, (index) => itemOf(dataset, index, randomOf(index))));
  return collate ? collate(items) : (defaultCollate(items as Collatable[]) as Promise<B>);
}
async function itemOf<T, B>(dataset: Dataset<T, B>, index: number, random: Generator): Promise<T> {
  try {
    return await dataset.get(index, random);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`DataLoader: get(${index}) of the dataset failed: ${reason}; see the error's cause`, { cause });
  }
}

function checkCount(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`DataLoader: ${name} is ${value} but must be a whole number of at least ${least}; pass one`);
}
