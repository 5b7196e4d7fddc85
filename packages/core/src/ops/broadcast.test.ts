import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as f from "./functions.ts";
import { counting } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

describe("expand", () => {
  test("repeats and adds axes; its gradient adds up", async () => {
    const x = tensor([[1], [2]], { requiresGrad: true });
    const y = f.expand(x, [3, -1, 2]);
    expect(y.shape).toEqual([3, 2, 2]);
    backward(f.sum(f.mul(y, 2)));
    expect(await x.grad!.toArray()).toEqual([[12], [12]]);
  });
  test("refuses other sizes", () => {
    expect(() => f.expand(counting([2]), [3])).toThrow("expand: [2] does not expand to [3]");
    expect(() => f.expand(counting([2, 2]), [2])).toThrow("expand: [2,2] does not expand to [2]");
  });
});
