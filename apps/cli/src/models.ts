// Models by name: the table behind --model. The book's networks have their plain names, those of its first PyTorch edition
// begin with d2lzh/, torchvision's with torchvision/; each row says how it was trained. A model itself is a function that anyone can import.
import { nn } from "@lamina/core";
import {
  alexnet,
  bnLenet,
  d2lzh,
  densenet,
  googlenet,
  lenet,
  nin,
  resnet18,
  torchvision,
  vgg11,
  vgg13,
  vgg16,
  vgg19,
} from "@lamina/models";
import { exitCodes, Failure, lookUp } from "./failure.ts";

export interface MakeOptions {
  /** Height and width, for networks that depend on them (default: the input's). */
  readonly imageSize?: number;
  /** Default: 10, torchvision's 1000. */
  readonly numClasses?: number;
}
/** How a model is trained where nobody says otherwise. */
export interface Recipe {
  readonly optimizer: string;
  readonly lr: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly batchSize: number;
  /** Of the pictures: pixels a side (default: as they are). */
  readonly resize?: number;
  readonly epochs: number;
}
interface ModelEntry {
  readonly description: string;
  /** Of one picture: channels, height, width. */
  readonly input: readonly [number, number, number];
  readonly recipe: Recipe;
  make(options?: MakeOptions): nn.Module;
}
/** Of one picture: channels, and pixels a side. */
type Input = readonly [channels: number, side: number];
/** Rows of an edition of the book. `side` other than Fashion-MNIST's is what its pictures are made. */
const edition =
  (optimizer: string, epochs: number) =>
  (description: string, side: number, [lr, batchSize]: readonly [number, number], make: ModelEntry["make"]) =>
    entry(description, [1, side], { optimizer, lr, batchSize, epochs, ...resizedTo(side) }, make);
/** The second edition. */
const book = edition("sgd", 10);
/** The first in PyTorch. */
const older = edition("adam", 5);
const resizedTo = (side: number) => (side === 28 ? {} : { resize: side });
function entry(description: string, [channels, side]: Input, recipe: Recipe, make: ModelEntry["make"]): ModelEntry {
  return { description, input: [channels, side, side], recipe, make };
}

/** Rates and batches of the Chinese edition 2.0.0. It trains VGG-11 with a quarter of the channels; the other VGGs take its settings. */
const books: Readonly<Record<string, ModelEntry>> = {
  lenet: book("LeNet: sigmoids, average pools", 28, [0.9, 256], lenet),
  "bn-lenet": book("LeNet with batch normalisation", 28, [1, 256], bnLenet),
  alexnet: book("AlexNet", 224, [0.01, 128], alexnet),
  vgg11: book("VGG-11", 224, [0.05, 128], vgg11),
  vgg13: book("VGG-13", 224, [0.05, 128], vgg13),
  vgg16: book("VGG-16", 224, [0.05, 128], vgg16),
  vgg19: book("VGG-19", 224, [0.05, 128], vgg19),
  "vgg11/4": book("VGG-11 with a quarter of the channels, as the book trains it", 224, [0.05, 128], (options) =>
    vgg11({ ratio: 4, ...options }),
  ),
  nin: book("network in network", 224, [0.1, 128], nin),
  googlenet: book("GoogLeNet", 96, [0.1, 128], googlenet),
  resnet18: book("ResNet-18", 96, [0.05, 256], resnet18),
  densenet: book("DenseNet, four blocks of four", 96, [0.1, 256], densenet),
};
const olders: Readonly<Record<string, ModelEntry>> = {
  lenet: older("LeNet: max pools, no padding", 28, [0.001, 256], d2lzh.lenet),
  "bn-lenet": older("LeNet with batch normalisation and max pools", 28, [0.001, 256], d2lzh.bnLenet),
  alexnet: older("AlexNet: no padding at first", 224, [0.001, 128], d2lzh.alexnet),
  vgg11: older("VGG-11 with an eighth of the width, as it was trained", 224, [0.001, 64], d2lzh.vgg11),
  nin: older("network in network", 224, [0.002, 128], d2lzh.nin),
  googlenet: older("GoogLeNet as in the study notes", 96, [0.001, 128], d2lzh.googlenet),
  resnet18: older("ResNet-18", 96, [0.001, 256], d2lzh.resnet18),
  densenet: older("DenseNet", 96, [0.001, 256], d2lzh.densenet),
};
const { GoogLeNet: _, ...makers } = torchvision;
/** torchvision's own recipe for them, but for the epochs and the pictures: a tenth of the rate where no batch normalisation is. */
function imageNet(name: string, make: ModelEntry["make"]): ModelEntry {
  const plain = /^(alexnet|squeezenet.*|vgg\d+)$/.test(name);
  const descent = { optimizer: "sgd", lr: plain ? 0.01 : 0.1, momentum: 0.9, weightDecay: 1e-4 };
  return entry("for ImageNet", [3, 224], { ...descent, batchSize: 128, resize: 96, epochs: 10 }, make);
}
const imageNets = Object.fromEntries(Object.entries(makers).map(([name, make]) => [name, imageNet(name, make)]));

const prefixed = (prefix: string, table: Readonly<Record<string, ModelEntry>>) =>
  Object.fromEntries(Object.entries(table).map(([name, e]) => [`${prefix}/${name}`, e]));
export const models: Readonly<Record<string, ModelEntry>> = {
  ...books,
  ...prefixed("d2lzh", olders),
  ...prefixed("torchvision", imageNets),
};

/** A line each, with the recipe if it is asked for; torchvision's, which are alike, in one, or in one for each rate. */
export function modelList({ recipes = false }: { recipes?: boolean } = {}): string {
  const groups = Map.groupBy(Object.keys(imageNets), (name) => recipes && imageNets[name].recipe.lr);
  const alike = [...groups.values()].map((names): [string, ModelEntry] => [
    "torchvision/…",
    { ...imageNets[names[0]], description: names.join(" ") },
  ]);
  const all = [...Object.entries({ ...books, ...prefixed("d2lzh", olders) }), ...alike];
  const rows = all.map(([name, e]) => [name, ...(recipes ? trainedWith(e) : [e.input.join("x")]), e.description]);
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i])).join("  ")}`.trimEnd()).join("\n");
}
function trainedWith({ input: [channels, side], recipe }: ModelEntry): string[] {
  const { optimizer, lr, momentum, batchSize, resize = side, epochs } = recipe;
  const descent = `${optimizer} ${lr}${momentum ? `, momentum ${momentum}` : ""}`;
  return [`${channels}x${resize}x${resize}`, descent, `batches of ${batchSize}`, `${epochs} epochs`];
}

/**
 * The model by its name, for such pictures.
 * @throws Failure if there is none of that name, or if it does not take such pictures.
 */
export function modelFor(
  name: string,
  [channels, height, width]: readonly [channels: number, height: number, width: number],
  numClasses: number,
): nn.Module {
  const { make, input } = lookUp(models, "model", name);
  try {
    const model = make({ imageSize: height, numClasses });
    nn.summary(model, [2, channels, height, width]);
    return model;
  } catch (error) {
    throw new Failure(
      `${name} does not take pictures of ${channels} x ${height} x ${width}, but of ${input.join(" x ")}; use --resize ${input[1]} (${(error as Error).message})`,
      exitCodes.usage,
    );
  }
}
