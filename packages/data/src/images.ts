// Labelled grey pictures from a pair of IDX files, kept as bytes.
// Where the files come from is left to files.ts, which data set it is to mnist.ts.
import { type Generator, LaminaFormatError } from "@lamina/core";
import { type IDX, parseIDX } from "./idx.ts";
import type { Image } from "./image.ts";
import { ImageDataset, type LabelledImage } from "./imageDataset.ts";
import type { Pieces } from "./pieces.ts";
import type { Transform } from "./transforms/transform.ts";

export interface ImagesOptions {
  /** Names of the classes; label i means classes[i]. */
  readonly classes: readonly string[];
  readonly transform?: Transform;
}

/** A file's bytes, whole or piece by piece, and what errors call it. */
export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array | Pieces;
}

/** A dataset over two IDX files: bytes [n, rows, columns] and labels [n]. */
export class IDXImages extends ImageDataset {
  /** All pictures, one after the other. */
  readonly images: Uint8Array;
  /** The index of each one's class. */
  readonly labels: Uint8Array;
  readonly rows: number;
  readonly columns: number;

  constructor(images: IDX, labels: IDX, { classes, transform }: ImagesOptions) {
    super(classes, transform);
    [, this.rows, this.columns] = images.shape;
    this.images = images.data as Uint8Array;
    this.labels = labels.data as Uint8Array;
  }
  get length(): number {
    return this.labels.length;
  }
  /** At once: all pictures are in memory. */
  override get(index: number, random?: Generator): LabelledImage {
    return super.get(index, random) as LabelledImage;
  }
  protected picture(index: number): Image {
    const size = this.rows * this.columns;
    const data = this.images.subarray(index * size, (index + 1) * size);
    return { data, channels: 1, height: this.rows, width: this.columns };
  }
  protected labelOf(index: number): number {
    return this.labels[index];
  }
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
