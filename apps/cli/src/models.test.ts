// The settings that each model of the table is trained with unless told otherwise: those behind the book's numbers.
import { expect, test } from "vitest";
import { modelList, models } from "./models.ts";

test("the book's networks by its second edition (SGD), the older ones by its first (Adam)", () => {
  const rows = Object.entries(models)
    .filter(([name]) => !name.startsWith("torchvision/"))
    .map(
      ([name, { recipe: r }]) =>
        `${name} ${r.optimizer} ${r.lr} ${r.batchSize} ${r.resize ?? "as they are"} ${r.epochs}`,
    );
  expect(rows).toEqual([
    "lenet sgd 0.9 256 as they are 10",
    "bn-lenet sgd 1 256 as they are 10",
    "alexnet sgd 0.01 128 224 10",
    ...["vgg11", "vgg13", "vgg16", "vgg19", "vgg11/4"].map((name) => `${name} sgd 0.05 128 224 10`),
    "nin sgd 0.1 128 224 10",
    "googlenet sgd 0.1 128 96 10",
    "resnet18 sgd 0.05 256 96 10",
    "densenet sgd 0.1 256 96 10",
    "d2lzh/lenet adam 0.001 256 as they are 5",
    "d2lzh/bn-lenet adam 0.001 256 as they are 5",
    "d2lzh/alexnet adam 0.001 128 224 5",
    "d2lzh/vgg11 adam 0.001 64 224 5",
    "d2lzh/nin adam 0.002 128 224 5",
    "d2lzh/googlenet adam 0.001 128 96 5",
    "d2lzh/resnet18 adam 0.001 256 96 5",
    "d2lzh/densenet adam 0.001 256 96 5",
  ]);
});
test("torchvision's by torchvision's rates, which are lower without batch normalisation", () => {
  const rate = (name: string) => models[`torchvision/${name}`].recipe.lr;
  expect(["alexnet", "vgg16", "squeezenet1_0", "vgg16_bn", "resnet50"].map(rate)).toEqual([0.01, 0.01, 0.01, 0.1, 0.1]);
});
test("the list has a line for each, with its settings where they matter", () => {
  const list = modelList({ recipes: true });
  expect(list).toMatch(/^ {2}resnet18 +1x96x96 +sgd 0.05 +batches of 256 +10 epochs +ResNet-18$/m);
  expect(modelList()).toMatch(/^ {2}resnet18 +1x96x96 +ResNet-18$/m);
  for (const name of Object.keys(models)) expect(list).toContain(name.replace("torchvision/", ""));
});
