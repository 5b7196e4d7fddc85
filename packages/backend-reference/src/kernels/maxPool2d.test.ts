// Max pooling: the vectors of "Dive into Deep Learning" (section 7.5), ties, NaN, padding, dilation and windows over the edge.
import { describe, expect, it } from "vitest";
import { array, range, run, type Values } from "../testing.ts";

const square = (k: number) => ({ kernel: [k, k], stride: [k, k], padding: [0, 0], dilation: [1, 1] });
const pool = (x: Values, attrs: object, [h, w]: number[], op = "maxPool2d") =>
  run(
    op,
    [x],
    { shape: [x.shape[0], x.shape[1], h, w], dtype: op === "maxPool2d" ? x.dtype : "int32" },
    { ...attrs, outputSize: [h, w] },
  ).data;
const indices = (x: Values, attrs: object, size: number[]) => pool(x, attrs, size, "maxPool2dIndices");
const image = (rows: number[][]) => array([[rows]]);

describe("vectors of d2l", () => {
  it("3x3 under 2x2, stride 1", () => {
    expect(pool(range([1, 1, 3, 3]), { ...square(2), stride: [1, 1] }, [2, 2])).toEqual([4, 5, 7, 8]);
  });
  const x = range([1, 1, 4, 4]);
  it("4x4 under 3x3", () => expect(pool(x, square(3), [1, 1])).toEqual([10]));
  it("with padding 1 and stride 2", () => {
    expect(pool(x, { ...square(3), padding: [1, 1], stride: [2, 2] }, [2, 2])).toEqual([5, 7, 13, 15]);
  });
  it("under 2x3 with padding [0,1] and stride [2,3]", () => {
    expect(pool(x, { kernel: [2, 3], stride: [2, 3], padding: [0, 1], dilation: [1, 1] }, [2, 2])).toEqual([
      5, 7, 13, 15,
    ]);
  });
  it("each channel on its own", () => {
    const both = array([
      [
        [
          [0, 1],
          [2, 3],
        ],
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]);
    expect(pool(both, square(2), [1, 1])).toEqual([3, 4]);
  });
});

describe("indices", () => {
  it("are h*W+w of the maximum in its own plane", () => {
    expect(indices(range([2, 2, 4, 4]), square(2), [2, 2])).toEqual(Array(4).fill([5, 7, 13, 15]).flat());
  });
  it("name the first of equals, and the first NaN", () => {
    expect(
      indices(
        image([
          [3, 3],
          [3, 3],
        ]),
        square(2),
        [1, 1],
      ),
    ).toEqual([0]);
    expect(
      indices(
        image([
          [9, Number.NaN],
          [Number.NaN, 1],
        ]),
        square(2),
        [1, 1],
      ),
    ).toEqual([1]);
    expect(indices(image([[-Infinity, -Infinity]]), { ...square(1), kernel: [1, 2] }, [1, 1])).toEqual([0]);
  });
});

it("NaN wins, and padding is -inf: it never beats an element", () => {
  expect(
    pool(
      image([
        [9, Number.NaN],
        [1, 1],
      ]),
      square(2),
      [1, 1],
    ),
  ).toEqual([Number.NaN]);
  expect(pool(image([[-5]]), { ...square(3), padding: [1, 1] }, [1, 1])).toEqual([-5]);
});
it("a window that lies in the padding is -inf at 0", () => {
  const attrs = { kernel: [1, 2], stride: [1, 1], padding: [0, 1], dilation: [1, 3] }; // columns -1 and 2 of 0..1
  expect(pool(image([[1, 2]]), attrs, [1, 1])).toEqual([-Infinity]);
  expect(indices(image([[1, 2]]), attrs, [1, 1])).toEqual([0]);
});
it("dilation spreads a window: elements 0 and 2 of each row", () => {
  const attrs = { kernel: [1, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 2] };
  expect(pool(image([[1, 9, 2, 0]]), attrs, [1, 2])).toEqual([2, 9]);
  expect(indices(image([[1, 9, 2, 0]]), attrs, [1, 2])).toEqual([2, 1]);
});
it("ceilMode: the last window runs over the edge", () => {
  expect(pool(range([1, 1, 3, 3]), square(2), [2, 2])).toEqual([4, 5, 7, 8]);
  expect(indices(range([1, 1, 3, 3]), square(2), [2, 2])).toEqual([4, 5, 7, 8]);
});
it("works on no images", () => expect(pool(range([0, 1, 4, 4]), square(2), [2, 2])).toEqual([]));

describe("maxPool2dGrad", () => {
  const grad = (dy: Values, at: Values, shape: number[]) =>
    run("maxPool2dGrad", [dy, at], { shape, dtype: "float32" }, { inputSize: shape.slice(2) }).data;
  it("adds dy at the indices of its plane, overlaps adding up", () => {
    const dy = array([[[[1, 2]], [[3, 4]]]]);
    const at = array([[[[1, 1]], [[0, 3]]]], "int32");
    expect(grad(dy, at, [1, 2, 2, 2])).toEqual([0, 3, 0, 0, 3, 0, 0, 4]);
  });
  it("adds in float64 and rounds once", () => {
    const dy = array([[[[1e8, 1, -1e8]]]]);
    expect(grad(dy, array([[[[0, 0, 0]]]], "int32"), [1, 1, 1, 1])).toEqual([1]);
  });
});
