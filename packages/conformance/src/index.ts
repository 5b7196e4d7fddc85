// The suite that judges a device: cases as data, results as an async iterator.
export {};
