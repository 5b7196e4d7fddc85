// CIFAR-10 and CIFAR-100 (Krizhevsky, 2009): colour pictures, 32 x 32, from the binary version of their files.
import { type Generator, LaminaFormatError } from "@lamina/core";
import { type Fetch, inOrder, readFromFolder } from "./files.ts";
import type { Image } from "./image.ts";
import { ImageDataset, type LabelledImage } from "./imageDataset.ts";
import { whole } from "./pieces.ts";
import type { Transform } from "./transforms/transform.ts";

export interface CIFAROptions {
  /** The training part (50,000 pictures; the default) or the test part (10,000). */
  readonly train?: boolean;
  /** The folder with the files of the binary version, by path or URL. */
  readonly from: string | URL;
  readonly transform?: Transform;
  /** In place of the global fetch. */
  readonly fetch?: Fetch;
}

const SIZE = 32;
const PIXELS = 3 * SIZE * SIZE;

/** One file: records of some label bytes, of which the last counts, and a picture of three planes. */
interface Part {
  readonly bytes: Uint8Array;
  readonly records: number;
}

abstract class CIFAR extends ImageDataset {
  private readonly parts: readonly Part[];
  private readonly labelBytes: number;
  readonly length: number;

  protected constructor(parts: readonly Part[], labelBytes: number, classes: readonly string[], transform?: Transform) {
    super(classes, transform);
    this.parts = parts;
    this.labelBytes = labelBytes;
    this.length = parts.reduce((n, { records }) => n + records, 0);
  }
  /** At once: all pictures are in memory. */
  override get(index: number, random?: Generator): LabelledImage {
    return super.get(index, random) as LabelledImage;
  }
  protected picture(index: number): Image {
    const { bytes, at } = this.record(index);
    const data = bytes.subarray(at + this.labelBytes, at + this.labelBytes + PIXELS);
    return { data, channels: 3, height: SIZE, width: SIZE };
  }
  protected labelOf(index: number): number {
    const { bytes, at } = this.record(index);
    return bytes[at + this.labelBytes - 1];
  }
  private record(index: number): { bytes: Uint8Array; at: number } {
    let i = index;
    for (const { bytes, records } of this.parts) {
      if (i < records) return { bytes, at: i * (this.labelBytes + PIXELS) };
      i -= records;
    }
    throw new RangeError(`there is no record ${index}`);
  }
}

/** Ten classes, from data_batch_1.bin … data_batch_5.bin, or test_batch.bin. */
export class CIFAR10 extends CIFAR {
  /**
   * Reads one part, as `torchvision.datasets.CIFAR10`.
   * @throws LaminaFormatError if a file is damaged, Error if one is missing.
   */
  static async load(options: CIFAROptions): Promise<CIFAR10> {
    const train = Array.from({ length: 5 }, (_, i) => `data_batch_${i + 1}.bin`);
    const names = options.train === false ? ["test_batch.bin"] : train;
    const classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
    return new CIFAR10(await readParts("CIFAR10", names, 1, classes.length, options), 1, classes, options.transform);
  }
}
/** A hundred classes, from train.bin or test.bin; the names are in fine_label_names.txt beside them. */
export class CIFAR100 extends CIFAR {
  /**
   * Reads one part, as `torchvision.datasets.CIFAR100`.
   * @throws LaminaFormatError if a file is damaged, Error if one is missing.
   */
  static async load(options: CIFAROptions): Promise<CIFAR100> {
    const names = [options.train === false ? "test.bin" : "train.bin"];
    const classes = await classNames(options);
    return new CIFAR100(await readParts("CIFAR100", names, 2, classes.length, options), 2, classes, options.transform);
  }
}

const wanted = (op: string, fetcher: Fetch | undefined) => ({
  op,
  hint: "put the files of the binary version there, unpacked: https://www.cs.toronto.edu/~kriz/cifar.html",
  fetch: fetcher ?? ((url: URL) => fetch(url)),
});

async function classNames(options: CIFAROptions): Promise<string[]> {
  const file = await readFromFolder(options.from, ["fine_label_names.txt"], wanted("CIFAR100", options.fetch));
  const names = new TextDecoder()
    .decode(await whole(file.bytes))
    .trim()
    .split(/\s+/);
  if (names.length !== 100)
    throw new LaminaFormatError(file.name, 0, `there are ${names.length} names but must be 100, one a line`);
  return names;
}

async function readParts(
  op: string,
  names: readonly string[],
  labelBytes: number,
  classes: number,
  { from, fetch }: CIFAROptions,
): Promise<Part[]> {
  const files = await inOrder(names.map((name) => readFromFolder(from, [name], wanted(op, fetch))));
  const parts: Part[] = [];
  for (const { name, bytes } of files) parts.push(partOf(name, await whole(bytes), labelBytes, classes));
  return parts;
}
function partOf(name: string, bytes: Uint8Array, labelBytes: number, classes: number): Part {
  const size = labelBytes + PIXELS;
  const records = bytes.length / size;
  if (records === 0 || !Number.isInteger(records))
    throw new LaminaFormatError(
      name,
      bytes.length,
      `the file has ${bytes.length} bytes, which is no multiple of a record's ${size}; it is truncated or not of the binary version`,
    );
  for (let i = 0; i < records; i++) {
    const at = i * size + labelBytes - 1;
    if (bytes[at] >= classes)
      throw new LaminaFormatError(
        name,
        at,
        `label ${i} is ${bytes[at]} but there are ${classes} classes, 0 to ${classes - 1}; the file is damaged or of another data set`,
      );
  }
  return { bytes, records };
}
