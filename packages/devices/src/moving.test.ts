// LeNet with batch normalisation changes its device in mid-training: ten steps here and ten there against twenty in one place, between
// wasm and every device that this machine has.
import { type Backend, crossEntropy, manualSeed, rand, randint, setBackend, sync } from "@lamina/core";
import { bnLenet } from "@lamina/models";
import { SGD } from "@lamina/train";
import { beforeAll, describe, expect, test } from "vitest";
import { backendNames, openBackend } from "./index.ts";

/** What the losses of two devices differ by that both compute in float32, with room for another order of summation. */
const LOSS_ERROR = 1e-4;

/** Wasm, read as a GPU is. */
async function asynchronous(): Promise<Backend> {
  const inner = await openBackend("wasm");
  const read: Backend["read"] = async (buffer) => {
    const data = await inner.read(buffer);
    await new Promise((resolve) => setTimeout(resolve, 1));
    return data;
  };
  return { ...inner, name: "asynchronous", read };
}
const open = (name: string): Promise<Backend> => (name === "asynchronous" ? asynchronous() : openBackend(name));

/** Weights, running statistics, momentum, and a batch that the generator draws in each step. */
function trainee() {
  manualSeed(5);
  const model = bnLenet();
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
  const losses = async (steps: number): Promise<number[]> => {
    const all: number[] = [];
    for (let i = 0; i < steps; i++) {
      const loss = crossEntropy(model.forward(rand([8, 1, 28, 28])), randint(0, 10, [8]));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      all.push(await loss.item());
    }
    return all;
  };
  return { model, losses };
}
let expected: number[];
beforeAll(async () => {
  setBackend(await openBackend("wasm"));
  expected = await trainee().losses(20);
});
const agree = (losses: readonly number[]) =>
  expect(
    losses
      .map((loss, i) => Math.abs(loss - expected[i]) > LOSS_ERROR && `${i}: ${loss} and not ${expected[i]}`)
      .filter(Boolean),
  ).toEqual([]);

describe.each(["asynchronous", ...backendNames.filter((name) => name !== "wasm")])("wasm and %s", (name) => {
  const here = async (skip: (note: string) => never): Promise<Backend> =>
    open(name).catch((error: Error) => skip(`absent: ${error.message}`));

  test("setBackend: from wasm to it", async ({ skip }) => {
    const other = await here(skip);
    setBackend(await openBackend("wasm"));
    const { losses } = trainee();
    const first = await losses(10);
    setBackend(other);
    agree([...first, ...(await losses(10))]);
  });
  test("model.to: from it to wasm, and it is closed after that", async ({ skip }) => {
    const other = await here(skip);
    setBackend(await openBackend("wasm"));
    const { model, losses } = trainee();
    model.to(other);
    const first = await losses(10);
    model.to(await openBackend("wasm"));
    await sync();
    await other.close();
    agree([...first, ...(await losses(10))]);
  });
});
