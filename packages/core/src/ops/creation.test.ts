import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import * as f from "./functions.ts";

beforeAll(async () => setBackend(await reference()));

test("creation: values, types and what is refused", async () => {
  expect(await f.arange(1, 10, 3).toArray()).toEqual([1, 4, 7]);
  expect(f.arange(3).dtype).toBe("int32");
  expect(f.arange(0, 1, 0.25).dtype).toBe("float32");
  expect(await f.arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
  expect(f.arange(3, { dtype: "float32" }).dtype).toBe("float32");
  expect(() => f.arange(0, 3, -1)).toThrow(
    "arange: a step of -1 does not lead from 0 to 3; give the step the sign of end - start",
  );
  expect(await f.linspace(-1, 1, 5).toArray()).toEqual([-1, -0.5, 0, 0.5, 1]);
  expect(await f.eye(2, 3).toArray()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(await f.fullLike(f.arange(2), 7).toArray()).toEqual([7, 7]);
  expect(await f.zerosLike(tensor([[1, 2]])).toArray()).toEqual([[0, 0]]);
  expect(f.onesLike(tensor([true])).dtype).toBe("bool");
  for (const [name, make] of Object.entries({ zeros: f.zeros, ones: f.ones, rand: f.rand, randn: f.randn }))
    expect(() => make(2 as never, 3 as never)).toThrow(
      `${name}: the shape is 2 but must be a list of sizes, as in ${name}([2, 3]); put brackets around them`,
    );
  expect(() => f.zeros([2, -1])).toThrow(
    "zeros: the shape [2,-1] has a size -1; sizes must be whole numbers, 0 or more",
  );
});
