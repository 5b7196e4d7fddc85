// Models by name: the table behind --model. The book's networks have their plain names, those of its first PyTorch edition
// begin with d2lzh/, torchvision's with torchvision/. A model itself is a function that anyone can import.
import { nn } from "@lamina/core";
import * as book from "@lamina/models";
import { d2lzh, torchvision } from "@lamina/models";
import { exitCodes, Failure, lookUp } from "./failure.ts";

interface ModelEntry {
  readonly description: string;
  /** Of one picture: channels, height, width. */
  readonly input: readonly [number, number, number];
  /** @param imageSize height and width, for networks that depend on them (default: the input's). */
  make(imageSize?: number): nn.Module;
}
const entry = (
  description: string,
  [channels, side]: readonly [number, number],
  make: ModelEntry["make"],
): ModelEntry => ({
  description,
  input: [channels, side, side],
  make,
});
const [grey28, grey96, grey224] = [
  [1, 28],
  [1, 96],
  [1, 224],
] as const;
const imageNet = [3, 224] as const;

const books: Readonly<Record<string, ModelEntry>> = {
  lenet: entry("LeNet: sigmoids, average pools", grey28, () => book.lenet()),
  "bn-lenet": entry("LeNet with batch normalisation", grey28, () => book.bnLenet()),
  alexnet: entry("AlexNet", grey224, (imageSize) => book.alexnet({ imageSize })),
  vgg11: entry("VGG-11", grey224, (imageSize) => book.vgg11({ imageSize })),
  vgg13: entry("VGG-13", grey224, (imageSize) => book.vgg13({ imageSize })),
  vgg16: entry("VGG-16", grey224, (imageSize) => book.vgg16({ imageSize })),
  vgg19: entry("VGG-19", grey224, (imageSize) => book.vgg19({ imageSize })),
  "vgg11/4": entry("VGG-11 with a quarter of the channels, as the book trains it", grey224, (imageSize) =>
    book.vgg11({ ratio: 4, imageSize }),
  ),
  nin: entry("network in network", grey224, () => book.nin()),
  googlenet: entry("GoogLeNet", grey96, () => book.googlenet()),
  resnet18: entry("ResNet-18", grey96, () => book.resnet18()),
  densenet: entry("DenseNet, four blocks of four", grey96, () => book.densenet()),
};
const older: Readonly<Record<string, ModelEntry>> = {
  lenet: entry("LeNet: max pools, no padding", grey28, () => d2lzh.lenet()),
  "bn-lenet": entry("LeNet with batch normalisation and max pools", grey28, () => d2lzh.bnLenet()),
  alexnet: entry("AlexNet: no padding at first", grey224, (imageSize) => d2lzh.alexnet({ imageSize })),
  vgg11: entry("VGG-11 with an eighth of the width, as it was trained", grey224, (imageSize) =>
    d2lzh.vgg11({ imageSize }),
  ),
  nin: entry("network in network", grey224, () => d2lzh.nin()),
  googlenet: entry("GoogLeNet as in the study notes", grey96, () => d2lzh.googlenet()),
  resnet18: entry("ResNet-18", grey96, () => d2lzh.resnet18()),
  densenet: entry("DenseNet", grey96, () => d2lzh.densenet()),
};
const { GoogLeNet: _, ...makers } = torchvision;

const prefixed = (prefix: string, table: Readonly<Record<string, ModelEntry>>) =>
  Object.fromEntries(Object.entries(table).map(([name, e]) => [`${prefix}/${name}`, e]));
export const models: Readonly<Record<string, ModelEntry>> = {
  ...books,
  ...prefixed("d2lzh", older),
  ...Object.fromEntries(
    Object.entries(makers).map(([name, make]) => [
      `torchvision/${name}`,
      entry("for ImageNet, with torchvision's state-dict keys", imageNet, () => make()),
    ]),
  ),
};

/** A line each; what only torchvision's names differ in is said once. */
export function modelList(): string {
  const line = ([name, { description, input }]: [string, ModelEntry]) =>
    `  ${name.padEnd(18)}${input.join("x").padEnd(12)}${description}`;
  const listed = Object.entries({ ...books, ...prefixed("d2lzh", older) }).map(line);
  const names = Object.keys(makers).join(" ");
  return [
    ...listed,
    `  ${"torchvision/…".padEnd(18)}3x224x224   for ImageNet, with torchvision's state-dict keys: ${names}`,
  ].join("\n");
}

/**
 * The model by its name, for pictures of that shape.
 * @throws Failure if there is none of that name, or if it does not take such pictures.
 */
export function modelFor(name: string, picture: readonly [channels: number, height: number, width: number]): nn.Module {
  const { make, input } = lookUp(models, "model", name);
  try {
    const model = make(picture[1]);
    nn.summary(model, [2, ...picture]);
    return model;
  } catch (error) {
    const advice =
      picture[0] === input[0] ? `use --resize ${input[1]}` : `it is for pictures with ${input[0]} channels`;
    throw new Failure(
      `${name} does not take pictures of ${picture.join(" x ")}, but of ${input.join(" x ")}; ${advice} (${(error as Error).message})`,
      exitCodes.usage,
    );
  }
}
