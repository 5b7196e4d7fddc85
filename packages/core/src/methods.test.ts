import { beforeAll, expect, test } from "vitest";
import { reference } from "../../backend-reference/src/index.ts";
import { Parameter } from "./cell.ts";
import { tensor } from "./create.ts";
import { setBackend } from "./device.ts";
import { attachMethods } from "./methods.ts";
import { noGrad } from "./mode.ts";

beforeAll(async () => setBackend(await reference()));

test("methods chain, as in PyTorch", async () => {
  const x = tensor(
    [
      [1, -2],
      [-3, 4],
    ],
    { requiresGrad: true },
  );
  const y = x.mul(2).relu().sum(1, { keepDim: true });
  expect(await y.toArray()).toEqual([[2], [8]]);
  y.mean().backward();
  expect(await x.grad!.toArray()).toEqual([
    [1, 0],
    [0, 1],
  ]);
});

test("sizes one by one or as a list", () => {
  const x = tensor([1, 2, 3, 4, 5, 6]);
  expect(x.reshape(2, 3).shape).toEqual([2, 3]);
  expect(x.reshape([3, -1]).shape).toEqual([3, 2]);
  expect(x.view(1, -1).expand(4, -1).shape).toEqual([4, 6]);
  expect(x.reshape(1, 2, 3).permute(2, 0, 1).shape).toEqual([3, 1, 2]);
  expect(x.tile([2]).size(0)).toBe(12);
});

test("names that a PyTorch user looks for", async () => {
  const x = tensor([3, 1, 2]);
  expect(await x.where(x.gt(1), 0).toArray()).toEqual([3, 0, 2]);
  expect(await x.repeat(2, 1).toArray()).toEqual([
    [3, 1, 2],
    [3, 1, 2],
  ]);
  expect(await x.cumsum(0).toArray()).toEqual([3, 4, 6]);
  expect(await x.argsort().toArray()).toEqual([1, 2, 0]);
  expect(await x.topk(2).values.toArray()).toEqual([3, 2]);
  const p = new Parameter(tensor([1, 2]));
  const before = p.clone();
  noGrad(() => p.set(p.add(10)));
  expect([await before.toArray(), await p.toArray()]).toEqual([
    [1, 2],
    [11, 12],
  ]);
  p.clone().sum().backward();
  expect(await p.grad!.toArray()).toEqual([1, 1]);
});

test("what is no operand is said by the op that was called", () => {
  const x = tensor([1]);
  const forgotten = undefined as unknown as number;
  expect(() => x.add(forgotten)).toThrow(
    "add: input 1 is undefined, but must be a tensor or a number; make one with tensor(…)",
  );
  expect(() => x.maximum([1, 2] as unknown as number)).toThrow("maximum: input 1 is a list, but must be");
  expect(() => x.div("2" as unknown as number)).toThrow("div: input 1 is 2, but must be");
  expect(() => x.where(x.gt(0), {} as unknown as number)).toThrow("where: input 1 is a Object, but must be");
});

test("size, T, comparisons, types", async () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(x.size()).toEqual([2, 3]);
  expect(x.size(-1)).toBe(3);
  expect(() => x.size(2)).toThrow("size: axis 2 does not exist in [2,3]; use -2 to 1");
  expect(await x.T.toArray()).toEqual([
    [1, 4],
    [2, 5],
    [3, 6],
  ]);
  expect(await x.gt(3).int().sum().item()).toBe(3);
  expect(await x.matmul(x.T).at(0, 1).item()).toBe(32);
  expect(x.argmax(1).eq(2).float().dtype).toBe("float32");
  expect(await x.eq(2).any().toArray()).toBe(true);
});

test("attaching again changes nothing", async () => {
  attachMethods();
  expect(await tensor([1]).add(1).item()).toBe(2);
});
