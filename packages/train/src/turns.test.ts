// A timer of the user's fires while a loop works: what Ctrl-C needs.
import { reference } from "@lamina/backend-reference";
import { nn, setBackend, tensor } from "@lamina/core";
import { expect, test } from "vitest";
import { fit } from "./fit.ts";
import { SGD } from "./optim/sgd.ts";
import { takeTurns } from "./turns.ts";

test("a loop that awaits only microtasks lets a timer fire", async () => {
  const turn = takeTurns();
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 0);
  const end = performance.now() + 10_000;
  while (!fired && performance.now() < end) await turn();
  expect(fired).toBe(true);
});

test("a signal that comes in the middle of an epoch stops fit there: this epoch has no end", async () => {
  setBackend(await reference());
  const model = new nn.Linear(2, 2);
  function* endless() {
    for (;;) yield [tensor([[1, 2]]), tensor([0], { dtype: "int32" })] as const;
  }
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("stopped by the user")), 0);
  const optimizer = new SGD(model.parameters(), { lr: 0.01 });
  const training = fit(model, { train: endless(), epochs: 1, optimizer, signal: controller.signal });
  await expect(training).rejects.toThrow("stopped by the user");
});
