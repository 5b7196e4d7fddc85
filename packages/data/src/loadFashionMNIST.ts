// Fashion-MNIST as two loaders, in one call, as the book has it.
import type { Batch } from "./dataset.ts";
import type { LabelledImage } from "./imageDataset.ts";
import { DataLoader } from "./loader.ts";
import { FashionMNIST, type LoadOptions } from "./mnist.ts";
import { Resize } from "./transforms/resize.ts";
import { Compose, type Transform } from "./transforms/transform.ts";

export interface LoadFashionMNISTOptions extends Omit<LoadOptions, "train" | "transform"> {
  /** Pictures in a batch; "auto" leaves it to fit(), for training, and tests with 256. */
  readonly batchSize: number | "auto";
  /** To so many pixels a side, as they are used: never all at once (default: 28, as they are). */
  readonly resize?: number | readonly [number, number];
  /** After resizing, for the training pictures only: flips and crops, say. */
  readonly augment?: Transform;
  /** Decides order and augmentation (default: drawn from the default generator). */
  readonly seed?: number;
  /** Threads that load (default 0: the main one). */
  readonly workers?: number;
}
const TEST_BATCH = 256;
type Loader = DataLoader<LabelledImage, Batch>;

/**
 * The training pictures, shuffled anew each epoch, and the test pictures, in order: `d2l.load_data_fashion_mnist` of Dive into
 * Deep Learning.
 *
 *     const [trainIter, testIter] = await loadFashionMNIST({ batchSize: 128, resize: 96 });
 */
export async function loadFashionMNIST(options: LoadFashionMNISTOptions): Promise<[train: Loader, test: Loader]> {
  if (typeof options !== "object")
    throw new Error(
      `loadFashionMNIST: ${options} was given; name what it is, as in loadFashionMNIST({ batchSize: ${options} })`,
    );
  const { batchSize, resize, augment, seed, workers = 0, ...source } = options;
  const sized = resize === undefined ? [] : [new Resize(resize)];
  const part = (train: boolean, steps: readonly Transform[]) =>
    FashionMNIST.load({ ...source, train, transform: steps.length ? new Compose(steps) : undefined });
  const [train, test] = await Promise.all([part(true, augment ? [...sized, augment] : sized), part(false, sized)]);
  return [
    new DataLoader(train, { batchSize, shuffle: true, seed, workers }),
    new DataLoader(test, { batchSize: batchSize === "auto" ? TEST_BATCH : batchSize, workers }),
  ];
}
