// A timer of the user's fires while a loop works: what Ctrl-C needs.
import { expect, test } from "vitest";
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
