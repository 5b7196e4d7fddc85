// Hooks see each inner module's inputs and output, in the order they ran, and leave nothing behind. Needs no device.
import { expect, test } from "vitest";
import { leafOf, type Tensor } from "../tensor.ts";
import * as nn from "./index.ts";

const row = (length: number): Tensor => leafOf(new Float32Array(length), [length], "float32");
/** Gives a row one longer than it gets. */
class Longer extends nn.Module {
  override forward(x: Tensor): Tensor {
    return row(x.shape[0] + 1);
  }
}

test("a hook is told of every forward inside, inner ones first, until it is removed", () => {
  const shared = new nn.Identity();
  const model = new nn.Sequential(new nn.Sequential(new Longer(), shared), shared, new Longer());
  const seen: string[] = [];
  const hook = nn.registerForwardHook(model, (name, module, inputs, output) => {
    seen.push(`${name} ${module.constructor.name} ${inputs.map((x) => x.shape)} -> ${output.shape}`);
  });
  const other: string[] = [];
  const second = nn.registerForwardHook(model, (name) => void other.push(name));
  expect(model.forward(row(2)).shape).toEqual([4]);
  expect(seen).toEqual([
    "0.0 Longer 2 -> 3",
    "0.1 Identity 3 -> 3",
    "0 Sequential 2 -> 3",
    "0.1 Identity 3 -> 3",
    "2 Longer 3 -> 4",
  ]);
  expect(other).toHaveLength(5);
  second.remove();
  model.forward(row(1));
  expect([seen.length, other.length]).toEqual([10, 5]);
  hook.remove();
  model.forward(row(1));
  expect(seen).toHaveLength(10);
  expect(model.modules().some((m) => Object.hasOwn(m, "forward"))).toBe(false);
});
