// MNIST (LeCun, Cortes and Burges, 1998) and Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017): the same files with other pictures.
import { type Fetch, inOrder, readFile, readFromFolder, type Source, type Wanted } from "./files.ts";
import { IDXImages, type NamedBytes, parseImages } from "./images.ts";
import type { Transform } from "./transforms/transform.ts";

export interface LoadOptions {
  /** The training part (60,000 pictures; the default) or the test part (10,000). */
  readonly train?: boolean;
  /** A folder with the original file names, plain or .gz, by path or URL; or the two files. */
  readonly from?: Source;
  readonly transform?: Transform;
  /** In place of the global fetch. */
  readonly fetch?: Fetch;
}

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const clothes = [
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
];

/** Handwritten digits, 28 x 28. */
export class MNIST extends IDXImages {
  /**
   * Reads one part, as `torchvision.datasets.MNIST`.
   * @throws LaminaFormatError if a file is damaged, Error if one is missing.
   */
  static async load(options: LoadOptions & { from: Source }): Promise<MNIST> {
    const hint = "put the original files there, plain or .gz, or name others by from";
    const pair = await readPair("MNIST", options.from, options, hint);
    return new MNIST(...(await parseImages(...pair, digits.length)), { classes: digits, transform: options.transform });
  }
}

/** Pictures of clothes, 28 x 28. */
export class FashionMNIST extends IDXImages {
  /**
   * Reads one part, as `torchvision.datasets.FashionMNIST`; from the package @lamina/fashion-mnist unless `from` is given.
   * @throws LaminaFormatError if a file is damaged, Error if one is missing or the package is.
   */
  static async load(options: LoadOptions = {}): Promise<FashionMNIST> {
    const from = options.from ?? (await packaged(options.train ?? true));
    const hint = "put the original files there, plain or .gz, or leave out from to use those of @lamina/fashion-mnist";
    const pair = await readPair("FashionMNIST", from, options, hint);
    return new FashionMNIST(...(await parseImages(...pair, clothes.length)), {
      classes: clothes,
      transform: options.transform,
    });
  }
}

async function readPair(
  op: string,
  from: Source,
  options: LoadOptions,
  hint: string,
): Promise<[NamedBytes, NamedBytes]> {
  const wanted: Wanted = { op, hint, fetch: options.fetch ?? ((url) => fetch(url)) };
  if (typeof from === "object" && "images" in from)
    return inOrder([readFile(from.images, "images", wanted), readFile(from.labels, "labels", wanted)]);
  const part = options.train === false ? "t10k" : "train";
  const names = (kind: string) => [`${part}-${kind}-ubyte.gz`, `${part}-${kind}-ubyte`];
  return inOrder([
    readFromFolder(from, names("images-idx3"), wanted),
    readFromFolder(from, names("labels-idx1"), wanted),
  ]);
}

async function packaged(train: boolean): Promise<Source> {
  try {
    const { files } = await import("@lamina/fashion-mnist");
    return train
      ? { images: files.trainImages, labels: files.trainLabels }
      : { images: files.testImages, labels: files.testLabels };
  } catch (cause) {
    throw new Error(
      "FashionMNIST: the package @lamina/fashion-mnist, which holds the files, cannot be loaded; install it (npm install @lamina/fashion-mnist), or pass from: a folder or URL",
      { cause },
    );
  }
}
