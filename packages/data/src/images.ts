// Labelled grey pictures from a pair of IDX files, kept as bytes and made into floats a batch at a time.
// Where the files come from is left to files.ts, which data set it is to mnist.ts.
import { LaminaFormatError, tensor } from "@lamina/core";
import { type Batch, checkIndex, type Dataset } from "./dataset.ts";
import { type IDX, parseIDX } from "./idx.ts";

/** A picture's bytes, row by row, or what a transform made of them; and the index of its class. */
export interface LabelledImage {
  readonly image: Uint8Array | Float32Array;
  readonly label: number;
}

/**
 * Called with a picture's bytes (a view: copy before changing) and its index, each time it is used. Bytes that it returns
 * are scaled to 0..1 like the originals, floats are taken as they are.
 */
export type Transform = (image: Uint8Array, index: number) => Uint8Array | Float32Array;

export interface ImagesOptions {
  /** Names of the classes; label i means classes[i]. */
  readonly classes: readonly string[];
  readonly transform?: Transform;
}

/** A file's bytes and what errors call it. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** v / 255 in float32, as torchvision's ToTensor divides. */
const unit = Float32Array.from({ length: 256 }, (_, v) => v / 255);

/** A dataset over two IDX files: bytes [n, rows, columns] and labels [n]. */
export class IDXImages implements Dataset<LabelledImage> {
  /** All pictures, one after the other. */
  readonly images: Uint8Array;
  /** The index of each one's class. */
  readonly labels: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly classes: readonly string[];
  readonly transform: Transform | undefined;

  constructor(images: IDX, labels: IDX, { classes, transform }: ImagesOptions) {
    [, this.rows, this.columns] = images.shape;
    this.images = images.data as Uint8Array;
    this.labels = labels.data as Uint8Array;
    this.classes = classes;
    this.transform = transform;
  }
  get length(): number {
    return this.labels.length;
  }
  /** The picture as a view, not a copy. */
  get(index: number): LabelledImage {
    checkIndex(this.constructor.name, index, this.length);
    return { image: this.picture(index), label: this.labels[index] };
  }
  /** Pictures as float32 [B, 1, rows, columns] in 0..1 and labels as int32 [B]. */
  batch(indices: Int32Array): Batch {
    const size = this.rows * this.columns;
    const x = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++) fill(x, i * size, this.picture(indices[i]));
    const y = Int32Array.from(indices, (index) => this.labels[index]);
    return [tensor(x, { shape: [indices.length, 1, this.rows, this.columns] }), tensor(y)];
  }
  private picture(index: number): Uint8Array | Float32Array {
    const size = this.rows * this.columns;
    const bytes = this.images.subarray(index * size, (index + 1) * size);
    return this.transform ? this.transformed(this.transform, bytes, index) : bytes;
  }
  private transformed(transform: Transform, bytes: Uint8Array, index: number): Uint8Array | Float32Array {
    const image = attempt(
      () => transform(bytes, index),
      `${this.constructor.name}: transform of picture ${index} failed`,
    );
    if (image.length !== bytes.length)
      throw new Error(
        `${this.constructor.name}: transform of picture ${index} gave ${image.length} values but a picture has ${bytes.length} (${this.rows} x ${this.columns}); return as many`,
      );
    return image;
  }
}

function attempt<T>(work: () => T, what: string): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(`${what}: ${cause instanceof Error ? cause.message : String(cause)}; see the error's cause`, {
      cause,
    });
  }
}

function fill(out: Float32Array, at: number, image: Uint8Array | Float32Array): void {
  if (image instanceof Float32Array) out.set(image, at);
  else for (let i = 0; i < image.length; i++) out[at + i] = unit[image[i]];
}

/**
 * Reads and checks both files.
 * @throws LaminaFormatError if one is malformed, is not of bytes with the right number of dimensions, the counts differ,
 * or a label has no class.
 */
export async function parseImages(images: NamedBytes, labels: NamedBytes, classes: number): Promise<[IDX, IDX]> {
  const pair = await Promise.all([parseIDX(images.bytes, images), parseIDX(labels.bytes, labels)]);
  checkKind(pair[0], images.name, 3, "images");
  checkKind(pair[1], labels.name, 1, "labels");
  checkCounts(pair[0], images.name, pair[1], labels.name);
  checkLabels(pair[1].data, labels.name, classes);
  return pair;
}

function checkKind({ dtype, shape }: IDX, name: string, ndim: number, what: string): void {
  if (dtype !== "uint8" || shape.length !== ndim)
    throw new LaminaFormatError(
      name,
      2,
      `the magic number says ${dtype} with ${shape.length} dimensions [${shape}] but ${what} are uint8 with ${ndim} (00 00 08 0${ndim}); check that images and labels are not swapped`,
    );
}

function checkCounts(images: IDX, imagesName: string, labels: IDX, labelsName: string): void {
  if (images.shape[0] !== labels.shape[0])
    throw new LaminaFormatError(
      labelsName,
      4,
      `there are ${labels.shape[0]} labels but ${imagesName} has ${images.shape[0]} images; take both files from the same part of the data set`,
    );
}

function checkLabels(labels: ArrayLike<number>, name: string, classes: number): void {
  for (let i = 0; i < labels.length; i++)
    if (labels[i] >= classes)
      throw new LaminaFormatError(
        name,
        8 + i,
        `label ${i} is ${labels[i]} but there are ${classes} classes, 0 to ${classes - 1}; the file is damaged or of another data set`,
      );
}
