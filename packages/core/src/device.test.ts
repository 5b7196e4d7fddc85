import { expect, test } from "vitest";
import { reference } from "../../backend-reference/src/index.ts";
import { setBackend } from "./device.ts";
import { add, full, mul, sum } from "./ops/functions.ts";

test("values move to the next backend, also those that have to be computed again there", async () => {
  setBackend(await reference());
  const x = full([3], 2);
  for (const _ of [1, 2, 3]) {
    const y = sum(add(mul(x, x), x));
    expect(await y.item()).toBe(18);
    setBackend(await reference());
  }
});
