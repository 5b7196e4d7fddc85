// Datasets and the loader that batches and shuffles them.

export { CIFAR10, CIFAR100, type CIFAROptions } from "./cifar.ts";
export { type Collatable, defaultCollate } from "./collate.ts";
export { type Batch, type Dataset, type RandomOf, randomSplit, Subset, TensorDataset } from "./dataset.ts";
export { type Bitmap, type DecodeOptions, decodeImage, type ImageSource } from "./decode.ts";
export type { Fetch, FileSource, Source } from "./files.ts";
export { type IDX, type ParseOptions, parseIDX } from "./idx.ts";
export { fromPixels, type Image } from "./image.ts";
export { ImageDataset, type LabelledImage } from "./imageDataset.ts";
export { BadFileError, ImageFolder, type ImageFolderOptions, type Sample } from "./imageFolder.ts";
export { IDXImages, type ImagesOptions } from "./images.ts";
export { DataLoader, type LoaderOptions, type LoaderState } from "./loader.ts";
export { type LoadFashionMNISTOptions, loadFashionMNIST } from "./loadFashionMNIST.ts";
export { FashionMNIST, type LoadOptions, MNIST } from "./mnist.ts";
export * as transforms from "./transforms/index.ts";
export type { Transform } from "./transforms/transform.ts";
export type { WorkerLike } from "./workers/messages.ts";
