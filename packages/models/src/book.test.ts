// The book's networks: sizes as published, and what the options do.
import { reference } from "@lamina/backend-reference";
import { nn, setBackend } from "@lamina/core";
import { beforeAll, expect, test } from "vitest";
import * as models from "./index.ts";
import { d2lzh } from "./index.ts";

beforeAll(async () => setBackend(await reference()));

type Make = (options: {
  ratio?: number;
  numClasses?: number;
  inChannels?: number;
  imageSize?: number;
}) => nn.Sequential;
/** Parameters and multiply-adds of an image, counted by hand from the definitions (ACCEPTANCE, 4.2). */
const published: [string, Make, number, number, number][] = [
  ["alexnet", models.alexnet, 224, 46_764_746, 938_146_176],
  ["vgg11", models.vgg11, 224, 128_806_154, 7_547_232_256],
  ["vgg11, a quarter", (o) => models.vgg11({ ratio: 4, ...o }), 224, 43_093_322, 512_155_648],
  ["nin", models.nin, 224, 1_992_166, 762_297_352],
  ["googlenet", models.googlenet, 96, 5_977_530, 276_066_304],
  ["resnet18", models.resnet18, 96, 11_178_378, 318_657_536],
  ["densenet", models.densenet, 96, 758_226, 129_077_168],
  ["d2lzh.alexnet", d2lzh.alexnet, 224, 46_764_746, 938_146_176],
  ["d2lzh.vgg11", d2lzh.vgg11, 224, 2_018_346, 121_091_072],
  ["d2lzh.nin", d2lzh.nin, 224, 1_992_166, 762_297_352],
  ["d2lzh.googlenet", d2lzh.googlenet, 96, 5_977_530, 276_066_304],
  ["d2lzh.resnet18", d2lzh.resnet18, 96, 11_178_378, 318_657_536],
  ["d2lzh.densenet", d2lzh.densenet, 96, 758_226, 129_077_168],
];
test.each(published)(
  "%s has the published number of parameters and multiply-adds",
  (_, make, size, parameters, macs) => {
    const found = nn.summary(make({}), [1, 1, size, size]);
    expect([found.parameters, found.macs]).toEqual([parameters, macs]);
    expect(found.layers.at(-1)?.output).toEqual([1, 10]);
  },
);

test("ratio, hidden, imageSize, inChannels and numClasses", () => {
  const output = (net: nn.Sequential, input: number[]) => nn.summary(net, input).layers.at(-1)?.output;
  const small = { ratio: 8, numClasses: 3, inChannels: 3 };
  expect(output(models.alexnet({ ...small, imageSize: 65 }), [2, 3, 65, 65])).toEqual([2, 3]);
  expect(output(d2lzh.alexnet({ ...small, imageSize: 67 }), [2, 3, 67, 67])).toEqual([2, 3]);
  expect(output(models.vgg13({ ...small, imageSize: 32, hidden: 64 }), [2, 3, 32, 32])).toEqual([2, 3]);
  for (const make of [models.nin, models.googlenet, models.resnet18, models.densenet, d2lzh.googlenet])
    expect(output(make(small), [2, 3, 96, 96])).toEqual([2, 3]);
  expect(models.googlenet({ ratio: 64 }).numParameters()).toBeLessThan(10_000);
  expect(() => models.alexnet({ imageSize: 64 })).toThrow(
    "alexnet: imageSize is 64 but must be a whole number from 65; enlarge the images first",
  );
  expect(() => models.vgg11({ imageSize: 28 })).toThrow("vgg: imageSize is 28 but must be a whole number from 32");
  expect(() => models.nin({ ratio: 0 })).toThrow(
    "ratio: the channels cannot be divided by 0; pass a positive number, 4 for a quarter of them",
  );
});
test("the older edition's networks start as PyTorch's, the book's by Xavier", async () => {
  const bound = async (net: nn.Sequential) => {
    const last = net
      .modules()
      .filter((m) => m instanceof nn.Linear)
      .at(-1)!;
    return Math.max(...(await last.weight.data()).map(Math.abs)) * Math.sqrt(last.inFeatures!);
  };
  expect(await bound(d2lzh.resnet18({ ratio: 8 }))).toBeLessThanOrEqual(1.000001);
  expect(await bound(models.resnet18({ ratio: 8 }))).toBeGreaterThan(1.5);
  expect(await bound(d2lzh.googlenet({ ratio: 8 }))).toBeLessThanOrEqual(1.000001);
  expect(await bound(models.densenet({ init: "default" }))).toBeLessThanOrEqual(1.000001);
});

/** Of each block's result without the batch. */
const shapesOf = (net: nn.Module, size: number): string[] =>
  nn.summary(net, [1, 1, size, size], { depth: 1 }).layers.map(({ output }) => output.slice(1).join("x"));
test("the shapes are those that the book prints", () => {
  expect(shapesOf(models.alexnet(), 224)).toEqual([
    ...["96x54x54", "96x54x54", "96x26x26", "256x26x26", "256x26x26", "256x12x12", "384x12x12", "384x12x12"],
    ...["384x12x12", "384x12x12", "256x12x12", "256x12x12", "256x5x5", "6400"],
    ...["4096", "4096", "4096", "4096", "4096", "4096", "10"],
  ]);
  expect(shapesOf(models.vgg11(), 224).slice(0, 5)).toEqual([
    ...["64x112x112", "128x56x56", "256x28x28", "512x14x14", "512x7x7"],
  ]);
  expect(shapesOf(models.nin(), 224)).toEqual([
    ...["96x54x54", "96x26x26", "256x26x26", "256x12x12", "384x12x12", "384x5x5", "384x5x5", "10x5x5", "10x1x1", "10"],
  ]);
  const inception = ["64x24x24", "192x12x12", "480x6x6", "832x3x3"];
  expect(shapesOf(models.googlenet(), 96)).toEqual([...inception, "1024", "10"]);
  expect(shapesOf(d2lzh.googlenet(), 96)).toEqual([...inception, "1024x1x1", "1024", "10"]);
  expect(shapesOf(models.resnet18(), 96)).toEqual([
    ...["64x24x24", "64x24x24", "128x12x12", "256x6x6", "512x3x3", "512x1x1", "512", "10"],
  ]);
  expect(shapesOf(models.densenet(), 96)).toEqual([
    ...["64x24x24", "192x24x24", "96x12x12", "224x12x12", "112x6x6", "240x6x6", "120x3x3", "248x3x3"],
    ...["248x3x3", "248x3x3", "248x1x1", "248", "10"],
  ]);
});
test("receptive fields that are known: 212 of VGG-16, 435 of ResNet-18, 427 of ResNet-50", () => {
  const last = (net: nn.Module, name: string) => {
    const fields = nn.receptiveField(net, [1, 3, 224, 224]).filter((f) => f.name.startsWith(name));
    return fields.at(-1)?.size;
  };
  expect(last(models.torchvision.vgg16(), "features")).toEqual([212, 212]);
  expect(last(models.torchvision.resnet18(), "layer4")).toEqual([435, 435]);
  expect(last(models.torchvision.resnet50(), "layer4")).toEqual([427, 427]);
});
