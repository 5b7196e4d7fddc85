// Where the four original Fashion-MNIST files are, what they must hash to, and what the classes are called.
// Reading them is left to @lamina/data.

export type FileName = "trainImages" | "trainLabels" | "testImages" | "testLabels";

/** The files, gzipped IDX, beside this module: a `file:` URL in Node, what the bundler or server makes of it in a browser. */
export const files: Readonly<Record<FileName, URL>> = {
  // Each path is written out because bundlers find assets by this very expression.
  trainImages: new URL("../data/train-images-idx3-ubyte.gz", import.meta.url),
  trainLabels: new URL("../data/train-labels-idx1-ubyte.gz", import.meta.url),
  testImages: new URL("../data/t10k-images-idx3-ubyte.gz", import.meta.url),
  testLabels: new URL("../data/t10k-labels-idx1-ubyte.gz", import.meta.url),
};

/** SHA-256 of each gzipped file, in hexadecimal. */
export const sha256: Readonly<Record<FileName, string>> = {
  trainImages: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
  trainLabels: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
  testImages: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
  testLabels: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
};

/** What label i means, in the words of Zalando's README. */
export const classes = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
] as const;
