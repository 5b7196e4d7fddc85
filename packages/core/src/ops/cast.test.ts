import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import { backward } from "../grad.ts";
import * as nn from "../nn/index.ts";
import * as f from "./functions.ts";

beforeAll(async () => setBackend(await reference()));

test("cast: what values become, and where gradients pass", async () => {
  expect(await f.cast(tensor([-1.7, 2.9]), "int32").toArray()).toEqual([-1, 2]);
  expect(await f.cast(tensor([0, Number.NaN, -2]), "bool").toArray()).toEqual([false, true, true]);
  expect(await f.cast(tensor([257, -1]), "uint8").toArray()).toEqual([1, 255]);
  const x = tensor([1.5], { requiresGrad: true });
  expect(f.cast(x, "int32").requiresGrad).toBe(false);
  backward(f.sum(f.cast(x, "float64")));
  expect(x.grad!.dtype).toBe("float32");
  expect(await x.grad!.toArray()).toEqual([1]);
});

test("what is no dtype is refused here, and a device's name told how devices are named", () => {
  const message =
    'there is no dtype "cuda", but float32, float64, int32, uint8, bool; to move to a device pass the open backend, as in to(await wasm())';
  expect(() => tensor([1]).to("cuda" as never)).toThrow(`cast: ${message}`);
  expect(() => new nn.Linear(1, 1).to("cuda" as never)).toThrow(`to: ${message}`);
});
