// What all datasets of labelled pictures share: transforms, batches of floats, and whose chance a transform draws from.
// Where pictures come from is left to images.ts, cifar.ts and imageFolder.ts.
import { defaultGenerator, type Generator, tensor } from "@lamina/core";
import { type Batch, checkIndex, type Dataset, type RandomOf } from "./dataset.ts";
import { type Image, sizeText } from "./image.ts";
import { fillFloats } from "./transforms/float.ts";
import { applyTransform, type Transform } from "./transforms/transform.ts";

/** A picture, as the file has it or as the transform made it, and the index of its class. */
export interface LabelledImage {
  readonly image: Image;
  readonly label: number;
}

export abstract class ImageDataset implements Dataset<LabelledImage> {
  /** Names of the classes; label i means classes[i]. */
  readonly classes: readonly string[];
  readonly transform: Transform | undefined;
  constructor(classes: readonly string[], transform: Transform | undefined) {
    this.classes = classes;
    this.transform = transform;
  }
  abstract get length(): number;
  /** The picture before the transform: it may be a view, which nobody changes. */
  protected abstract picture(index: number): Image | Promise<Image>;
  protected abstract labelOf(index: number): number;

  /** The picture and its label. A transform draws from `random`, by default the default generator. */
  get(index: number, random: Generator = defaultGenerator): LabelledImage | Promise<LabelledImage> {
    checkIndex(this.constructor.name, index, this.length);
    const image = this.picture(index);
    const item = (picture: Image) => ({ image: this.transformed(picture, index, random), label: this.labelOf(index) });
    return image instanceof Promise ? image.then(item) : item(image);
  }
  /**
   * Pictures as float32 [B, C, H, W], bytes scaled to 0..1, and labels as int32 [B].
   * @throws if the transform leaves pictures of different sizes.
   */
  batch(indices: Int32Array, randomOf: RandomOf = () => defaultGenerator): Batch | Promise<Batch> {
    const items = Array.from(indices, (index) => this.get(index, randomOf(index)));
    const stack = (all: readonly LabelledImage[]) => stacked(this.constructor.name, all, indices);
    // Pictures that are in memory need not wait for anything.
    return items.every((item): item is LabelledImage => !(item instanceof Promise))
      ? stack(items)
      : Promise.all(items).then(stack);
  }
  private transformed(image: Image, index: number, random: Generator): Image {
    if (!this.transform) return image;
    try {
      return applyTransform(this.transform, image, random);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(
        `${this.constructor.name}: transform of picture ${index} failed: ${reason}; see the error's cause`,
        { cause },
      );
    }
  }
}

/** A batch of pictures of one size; `indices` are what errors call them. */
export function stacked(dataset: string, items: readonly LabelledImage[], indices: Int32Array): Batch {
  const [{ image: first }] = items;
  const size = first.data.length;
  const x = new Float32Array(items.length * size);
  items.forEach(({ image }, i) => {
    if (sizeText(image) !== sizeText(first))
      throw new Error(
        `${dataset}: picture ${indices[i]} is ${sizeText(image)} but picture ${indices[0]} of the same batch is ${sizeText(first)}; give all one size: transform: new transforms.Resize([height, width])`,
      );
    fillFloats(x, i * size, image);
  });
  const shape = [items.length, first.channels, first.height, first.width];
  return [tensor(x, { shape }), tensor(Int32Array.from(items, ({ label }) => label))];
}
