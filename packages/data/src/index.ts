// Datasets and the loader that batches and shuffles them.
export {};
