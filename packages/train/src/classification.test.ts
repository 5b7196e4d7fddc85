// Top-k and the confusion matrix, against scikit-learn's definitions worked out by hand.
import { reference } from "@lamina/backend-reference";
import { setBackend, tensor } from "@lamina/core";
import { beforeAll, expect, test } from "vitest";
import { ConfusionMatrix, countCorrect, countTopK } from "./index.ts";

beforeAll(async () => setBackend(await reference()));

const logits = () =>
  tensor([
    [0.1, 0.9, 0.5],
    [0.8, 0.1, 0.7],
    [0.2, 0.3, 0.1],
    [0.4, 0.4, 0.2],
  ]);
const labels = () => tensor([1, 2, 2, 1], { dtype: "int32" });

test("top-k counts labels that fewer than k classes beat", async () => {
  const counts = [1, 2, 3].map((k) => countTopK(logits(), labels(), k).item());
  expect(await Promise.all(counts)).toEqual([2, 3, 4]);
  expect(await countCorrect(logits(), labels()).item()).toBe(1); // of equal logits the first is the prediction
  expect(() => countTopK(logits(), labels(), 4)).toThrow(
    "countTopK: k is 4 but there are 3 classes; pass a whole number from 1 to 3",
  );
});

test("a confusion matrix over batches, from logits or predictions", async () => {
  const matrix = new ConfusionMatrix(["a", "b", "c"]);
  expect(matrix.accuracy).toBeNaN();
  await matrix.add(logits(), labels());
  await matrix.add(tensor([2, 0], { dtype: "int32" }), tensor([2, 0], { dtype: "int32" }));
  expect(matrix.counts).toEqual([
    [1, 0, 0],
    [1, 1, 0],
    [1, 1, 1],
  ]);
  expect([matrix.total, matrix.accuracy]).toEqual([6, 0.5]);
  expect(matrix.of(0)).toEqual({ precision: 1 / 3, recall: 1, f1: 0.5, support: 1 });
  expect(matrix.of(2)).toEqual({ precision: 1, recall: 1 / 3, f1: 0.5, support: 3 });
  expect(matrix.macro).toEqual({ precision: (1 / 3 + 0.5 + 1) / 3, recall: (1 + 0.5 + 1 / 3) / 3, f1: 0.5 });
});

test("a class that never occurs scores 0", () => {
  expect(new ConfusionMatrix(2).of(1)).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
});

test("messages", async () => {
  const matrix = new ConfusionMatrix(2);
  const add = (a: number[], b: number[]) => matrix.add(tensor(a, { dtype: "int32" }), tensor(b, { dtype: "int32" }));
  await expect(add([0, 1], [0])).rejects.toThrow(
    "ConfusionMatrix.add: there are 2 predictions but 1 labels; pass one label a row",
  );
  await expect(add([0], [5])).rejects.toThrow(
    "ConfusionMatrix.add: label 5 is none of 2 classes; pass whole numbers from 0",
  );
});
