// Ops that move elements, on arrays small enough to see.
import { describe, expect, it } from "vitest";
import { array, range, run, type Values } from "../testing.ts";

const move = (op: string, inputs: Values[], shape: number[], attrs: object = {}, scalars: number[] = []) =>
  run(op, inputs, { shape, dtype: inputs[0].dtype }, attrs, scalars).data;
const x = range([2, 3]); // 0 1 2 / 3 4 5

describe("expand", () => {
  it("repeats axes of size 1 and adds leading axes", () => {
    expect(move("expand", [array([[1], [2]])], [2, 3])).toEqual([1, 1, 1, 2, 2, 2]);
    expect(move("expand", [array([1, 2])], [2, 2])).toEqual([1, 2, 1, 2]);
    expect(move("expand", [array(7)], [3])).toEqual([7, 7, 7]);
    expect(move("expand", [array([1])], [0])).toEqual([]);
  });
});
describe("permute", () => {
  it("transposes", () => expect(move("permute", [x], [3, 2], { axes: [1, 0] })).toEqual([0, 3, 1, 4, 2, 5]));
  it("has axis i of the result from axis axes[i]: [2,3,4] by (2,0,1) is [4,2,3]", () => {
    const y = move("permute", [range([2, 3, 4])], [4, 2, 3], { axes: [2, 0, 1] });
    expect(y[1 * 6 + 1 * 3 + 2]).toBe(1 * 12 + 2 * 4 + 1); // y[1,1,2] = x[1,2,1]
  });
  it("leaves a scalar alone", () => expect(move("permute", [array(5)], [], { axes: [] })).toEqual([5]));
});
describe("slice", () => {
  it("takes every steps-th element from starts", () => {
    expect(move("slice", [x], [2, 2], { starts: [0, 0], sizes: [2, 2], steps: [1, 2] })).toEqual([0, 2, 3, 5]);
    expect(move("slice", [x], [1, 2], { starts: [1, 1], sizes: [1, 2], steps: [1, 1] })).toEqual([4, 5]);
    expect(move("slice", [x], [0, 3], { starts: [2, 0], sizes: [0, 3], steps: [1, 1] })).toEqual([]);
  });
});
describe("pad", () => {
  it("puts the value before, after and between", () => {
    const attrs = { before: [1], after: [2], interior: [1] };
    expect(move("pad", [array([1, 2, 3])], [8], attrs, [9])).toEqual([9, 1, 9, 2, 9, 3, 9, 9]);
  });
  it("pads two axes, an empty axis, and with infinity", () => {
    const corner = { before: [0, 1], after: [1, 0], interior: [0, 0] };
    expect(move("pad", [array([[1]])], [2, 2], corner, [-Infinity])).toEqual([-Infinity, 1, -Infinity, -Infinity]);
    expect(move("pad", [array([])], [2], { before: [1], after: [1], interior: [3] }, [4])).toEqual([4, 4]);
  });
  it("converts the value as full does", () => {
    expect(move("pad", [array([0], "bool")], [2], { before: [1], after: [0], interior: [0] }, [0.5])).toEqual([1, 0]);
  });
});
describe("flip", () => {
  it("reverses the given axes", () => {
    expect(move("flip", [x], [2, 3], { axes: [1] })).toEqual([2, 1, 0, 5, 4, 3]);
    expect(move("flip", [x], [2, 3], { axes: [0, 1] })).toEqual([5, 4, 3, 2, 1, 0]);
    expect(move("flip", [array([])], [0], { axes: [0] })).toEqual([]);
  });
});
describe("cat", () => {
  it("joins along the axis, empty pieces too", () => {
    expect(move("cat", [x, array([[9, 9, 9]])], [3, 3], { axis: 0 })).toEqual([0, 1, 2, 3, 4, 5, 9, 9, 9]);
    expect(move("cat", [x, array([[8], [9]])], [2, 4], { axis: 1 })).toEqual([0, 1, 2, 8, 3, 4, 5, 9]);
    expect(move("cat", [array([]), array([1])], [1], { axis: 0 })).toEqual([1]);
  });
});
it("moves NaN and -0 as they are", () => {
  expect(move("flip", [array([Number.NaN, -0])], [2], { axes: [0] })).toEqual([-0, Number.NaN]);
});
