// Clipping and averaging against what PyTorch 2.15 gives for the same numbers.
import { reference } from "@lamina/backend-reference";
import { manualSeed, nn, Parameter, setBackend, tensor } from "@lamina/core";
import { beforeAll, expect, test } from "vitest";
import { clipGradNorm, clipGradValue, EMA } from "./index.ts";

beforeAll(async () => setBackend(await reference()));

const withGradients = () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => new Parameter(tensor([1, 2]), { name }));
  a.grad = tensor([3, -4]);
  b.grad = tensor([0, 12]);
  return [a, b, c];
};
/** To what float32 can tell. */
const round = (x: number) => Number(x.toFixed(5));
const gradients = (parameters: Parameter[]) =>
  Promise.all(parameters.map(async (p) => p.grad && Array.from(await p.grad.data(), round)));

test("clipGradNorm scales all gradients by one number, and gives the norm before", async () => {
  const parameters = withGradients();
  expect(await clipGradNorm(parameters, 6.5).item()).toBeCloseTo(13, 5);
  const [a, b, c] = await gradients(parameters);
  expect([a, b, c]).toEqual([[1.5, -2], [0, 6], undefined]);
});
test("gradients that are small enough stay", async () => {
  const parameters = withGradients();
  clipGradNorm(parameters, 100);
  expect(await gradients(parameters)).toEqual([[3, -4], [0, 12], undefined]);
});
test("other norms", async () => {
  expect(await clipGradNorm(withGradients(), 1, { normType: 1 }).item()).toBe(19);
  expect(await clipGradNorm(withGradients(), 1, { normType: Number.POSITIVE_INFINITY }).item()).toBe(12);
});
test("clipGradValue", async () => {
  const parameters = withGradients();
  clipGradValue(parameters, 3.5);
  expect(await gradients(parameters)).toEqual([[3, -3.5], [0, 3.5], undefined]);
});
test("messages", () => {
  expect(() => clipGradNorm(withGradients(), -1)).toThrow(
    "clipGradNorm: maxNorm is -1 but must be a number from 0; pass one",
  );
  expect(() => clipGradNorm([], 1)).toThrow(
    "clipGradNorm: no parameter has a gradient; call it between backward() and step()",
  );
  expect(() => clipGradValue([], Number.NaN)).toThrow(
    "clipGradValue: clipValue is NaN but must be a number from 0; pass one",
  );
});

test("EMA copies first, then goes a share of the way", async () => {
  manualSeed(0);
  const model = new nn.Sequential(new nn.Linear(2, 1), new nn.BatchNorm1d(1));
  const [weight] = model.parameters();
  const ema = new EMA(model, { decay: 0.75 });
  weight.set(tensor([[1, 2]]));
  ema.update();
  weight.set(tensor([[5, -2]]));
  ema.update();
  const state = await ema.stateDict();
  expect([state.updates, await state.averages["0.weight"].toArray()]).toEqual([2, [[2, 1]]]);
  const other = new EMA(model, { decay: 0.75 });
  other.loadStateDict(state);
  for (const one of [ema, other]) one.update();
  expect(await (await other.stateDict()).averages["0.weight"].toArray()).toEqual([[2.75, 0.25]]);
  expect(() => other.loadStateDict({ updates: 1, averages: {} })).toThrow(
    "EMA.loadStateDict: the state has no average of 0.weight, only of ; make the EMA of the model it was saved with",
  );
  model.buffers()[0].set(tensor([7]));
  const averaged = new nn.Sequential(new nn.Linear(2, 1), new nn.BatchNorm1d(1));
  ema.copyTo(averaged);
  expect(await averaged.parameters()[0].toArray()).toEqual([[2.75, 0.25]]);
  expect(await averaged.buffers()[0].toArray()).toEqual([7]);
  expect(() => ema.copyTo(new nn.Linear(1, 1))).toThrow(
    "EMA.copyTo: the model has 2 parameters and 0 buffers but the average 4 and 3; pass a model of the same kind",
  );
  expect(() => new EMA(model, { decay: 2 })).toThrow("EMA: decay is 2 but must be from 0 to 1; pass 0.999, say");
});
