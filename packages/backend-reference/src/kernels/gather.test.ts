// gather and scatterAdd: the examples of PyTorch's pages, duplicates, and indices that do not exist.
import { describe, expect, it } from "vitest";
import { array, inner, noise, run, same, shaped } from "../testing.ts";

describe("gather", () => {
  const x = array([
    [1, 2],
    [3, 4],
  ]);
  const at = (index: number[][], axis: number) =>
    run("gather", [x, array(index, "int32")], { shape: [index.length, index[0].length], dtype: "float32" }, { axis })
      .data;
  it("is torch.gather's example", () =>
    expect(
      at(
        [
          [0, 0],
          [1, 0],
        ],
        1,
      ),
    ).toEqual([1, 1, 4, 3]));
  it("takes along the first axis", () => expect(at([[1, 0]], 0)).toEqual([3, 2]));
  it("throws for an index out of range, naming it", () => {
    expect(() => at([[0, 2]], 0)).toThrow(
      "gather: index 2 is out of range for axis 0 of size 2 (x [2,2], index [1,2]); indices must lie in 0..1",
    );
    expect(() => at([[0], [-1]], 1)).toThrow("gather: index -1 is out of range for axis 1 of size 2");
  });
});

describe("scatterAdd", () => {
  it("is torch.scatter_add's example", () => {
    const zeros = shaped(new Array(15).fill(0), [3, 5]);
    const y = same("scatterAdd", [zeros, array([[0, 1, 2, 0, 0]], "int32"), array([[1, 1, 1, 1, 1]])], { axis: 0 });
    expect(y).toEqual([1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0]);
  });
  it("adds duplicates up on x in float64", () => {
    const y = same("scatterAdd", [array([0, 0.5]), array([0, 0, 0, 0], "int32"), array([1e8, 1, -1e8, 1])], {
      axis: 0,
    });
    expect(y).toEqual([2, 0.5]);
  });
  it("wraps int32", () => {
    expect(
      same("scatterAdd", [array([2 ** 31 - 1], "int32"), array([0], "int32"), array([1], "int32")], { axis: 0 }),
    ).toEqual([-(2 ** 31)]);
  });
  it("throws for an index out of range", () => {
    expect(() => same("scatterAdd", [array([0]), array([1], "int32"), array([1])], { axis: 0 })).toThrow(
      "scatterAdd: index 1 is out of range for axis 0 of size 1",
    );
  });
  it("is the adjoint of gather: <gather(x), s> = <x, scatterAdd(0, s)>", () => {
    const x = noise([3, 4, 2], 1);
    const s = noise([3, 5, 2], 2);
    const index = shaped(
      noise([3, 5, 2], 3).data.map((v) => Math.floor((v + 0.5) * 4)),
      [3, 5, 2],
      "int32",
    );
    const zeros = shaped(
      x.data.map(() => 0),
      x.shape,
      "float64",
    );
    const gathered = run("gather", [x, index], s, { axis: 1 });
    const scattered = run("scatterAdd", [zeros, index, s], x, { axis: 1 });
    expect(inner(gathered, s)).toBeCloseTo(inner(x, scattered), 12);
  });
});
