// Average pooling: the vectors of "Dive into Deep Learning" (section 7.5), the three divisors, and the adjoint.
import { describe, expect, it } from "vitest";
import { array, inner, noise, range, run, same, type Values } from "../testing.ts";

const plain = { kernel: [2, 2], stride: [2, 2], padding: [0, 0], countIncludePad: true, divisor: 0 };
const pool = (x: Values, attrs: object, [h, w]: number[]) =>
  run(
    "avgPool2d",
    [x],
    { shape: [x.shape[0], x.shape[1], h, w], dtype: x.dtype },
    { ...plain, ...attrs, outputSize: [h, w] },
  );
const ones = (h: number, w: number) => array([[Array.from({ length: h }, () => Array<number>(w).fill(1))]]);

it("is d2l's: 3x3 under 2x2, stride 1", () => {
  expect(pool(range([1, 1, 3, 3]), { stride: [1, 1] }, [2, 2]).data).toEqual([2, 3, 5, 6]);
});
describe("divides by", () => {
  const padded = { padding: [1, 1] };
  it("the window's size, padding included", () => {
    expect(pool(ones(3, 3), padded, [2, 2]).data).toEqual([0.25, 0.5, 0.5, 1]);
  });
  it("the real elements if countIncludePad is false", () => {
    expect(pool(ones(3, 3), { ...padded, countIncludePad: false }, [2, 2]).data).toEqual([1, 1, 1, 1]);
  });
  it("divisor, whatever the window holds", () => {
    expect(pool(ones(3, 3), { ...padded, divisor: 2 }, [2, 2]).data).toEqual([0.5, 1, 1, 2]);
  });
  it("the window clipped to the padded image where it runs over the edge (ceilMode)", () => {
    // columns -1..0 (2 wide), 1..2, 3..4 of -1..3: the last is clipped to 1, which is padding
    const row = { kernel: [1, 2], stride: [1, 2], padding: [0, 1] };
    expect(pool(ones(1, 3), row, [1, 3]).data).toEqual([0.5, 1, 0]);
    expect(pool(ones(1, 3), { ...row, padding: [0, 0] }, [1, 2]).data).toEqual([1, 1]);
  });
});
it("lets NaN and infinity through", () => {
  expect(pool(array([[[[Infinity, 1, Number.NaN, 1]]]]), { kernel: [1, 2] }, [1, 2]).data).toEqual([
    Infinity,
    Number.NaN,
  ]);
});

describe.each([
  [{}, [3, 2]],
  [{ padding: [1, 1], kernel: [3, 2], stride: [2, 1] }, [3, 6]],
  [{ padding: [1, 1], kernel: [3, 2], stride: [2, 1], countIncludePad: false }, [3, 6]],
  [{ divisor: 7, stride: [1, 3] }, [5, 2]],
  [{ kernel: [4, 3], stride: [3, 2] }, [2, 2]],
])("avgPool2dGrad with %j", (attrs, size) => {
  it("is the adjoint: <avgPool2d(x),dy> = <x,grad(dy)>", () => {
    const x = noise([2, 3, 6, 5], 1);
    const y = pool(x, attrs, size);
    const dy = noise(y.shape, 2);
    const grad = run("avgPool2dGrad", [dy], x, { ...plain, ...attrs, outputSize: size, inputSize: [6, 5] });
    expect(Math.abs(inner(y, dy))).toBeGreaterThan(1e-3);
    expect(inner(x, grad)).toBeCloseTo(inner(y, dy), 12);
  });
});
it("its gradient spreads dy over each window", () => {
  const dy = array([[[[4, 8]]]]);
  const grad = run(
    "avgPool2dGrad",
    [dy],
    { shape: [1, 1, 2, 3], dtype: "float32" },
    { ...plain, stride: [2, 1], inputSize: [2, 3] },
  );
  expect(grad.data).toEqual([1, 3, 2, 1, 3, 2]);
  expect(same("neg", [grad])).toEqual([-1, -3, -2, -1, -3, -2]);
});
