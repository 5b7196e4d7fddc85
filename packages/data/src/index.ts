// Datasets and the loader that batches and shuffles them.
export { type Collatable, defaultCollate } from "./collate.ts";
export { type Batch, type Dataset, randomSplit, Subset, TensorDataset } from "./dataset.ts";
export type { Fetch, FileSource, Source } from "./files.ts";
export { type IDX, type ParseOptions, parseIDX } from "./idx.ts";
export { IDXImages, type ImagesOptions, type LabelledImage, type Transform } from "./images.ts";
export { DataLoader, type LoaderOptions, type LoaderState } from "./loader.ts";
export { FashionMNIST, type LoadOptions, MNIST } from "./mnist.ts";
