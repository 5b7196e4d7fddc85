// Datasets and transforms of this package as plain data, so that a worker thread can have its own. What holds a function cannot
// be sent: a worker file of the user's makes it there (serve.ts).

import type { Image } from "../image.ts";
import { IDXImages } from "../images.ts";
import * as transforms from "../transforms/index.ts";
import type { Transform } from "../transforms/transform.ts";

type PlainTransform =
  | { readonly name: "Compose"; readonly transforms: readonly PlainTransform[] }
  | { readonly name: string; readonly fields: object };
/** An IDXImages, its bytes in memory that threads share. */
export interface PlainDataset {
  readonly dataset: string;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly rows: number;
  readonly columns: number;
  readonly classes: readonly string[];
  readonly transform: PlainTransform | undefined;
}

type Made = { apply: unknown };
const classes = transforms as unknown as Readonly<Record<string, { readonly prototype: Made } | undefined>>;

/** Undefined for what cannot be sent. */
function plainTransform(transform: Transform): PlainTransform | undefined {
  const name = Object.keys(classes).find((key) => classes[key]?.prototype === Object.getPrototypeOf(transform));
  if (transform instanceof transforms.Compose) {
    const parts = transform.transforms.map(plainTransform);
    return parts.some((part) => !part) ? undefined : { name: "Compose", transforms: parts as PlainTransform[] };
  }
  return name === undefined || transform instanceof transforms.Lambda ? undefined : { name, fields: { ...transform } };
}
function madeTransform(plain: PlainTransform): Transform {
  if ("transforms" in plain) return new transforms.Compose(plain.transforms.map(madeTransform));
  return Object.assign(Object.create(classes[plain.name]!.prototype), plain.fields) as { apply(image: Image): Image };
}

/** Undefined for what cannot be sent. */
export function plainDataset(dataset: object): PlainDataset | undefined {
  if (!(dataset instanceof IDXImages)) return undefined;
  const { images, labels, rows, columns, classes: names } = dataset;
  const transform = dataset.transform && plainTransform(dataset.transform);
  if (dataset.transform && !transform) return undefined;
  return {
    dataset: dataset.constructor.name,
    images: shared(images),
    labels: shared(labels),
    rows,
    columns,
    classes: names,
    transform,
  };
}
export function madeDataset({ images, labels, rows, columns, classes: names, transform }: PlainDataset): IDXImages {
  const count = labels.length;
  return new IDXImages(
    { dtype: "uint8", shape: [count, rows, columns], data: images },
    { dtype: "uint8", shape: [count], data: labels },
    { classes: names, transform: transform && madeTransform(transform) },
  );
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
