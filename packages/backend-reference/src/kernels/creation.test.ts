// full, arange, cast and random: what numbers become in each dtype, and Philox's published blocks.

import { type DType, philox4x32 } from "@lamina/core";
import { describe, expect, it } from "vitest";
import { array, run } from "../testing.ts";

const full = (value: number, dtype: DType) => run("full", [], { shape: [2], dtype }, {}, [value]).data;
const cast = (x: number[], from: DType, dtype: DType) =>
  run("cast", [array(x, from)], { shape: [x.length], dtype }, { dtype }).data;

describe("full", () => {
  it("converts its value", () => {
    expect(full(0.1, "float64")).toEqual([0.1, 0.1]);
    expect(full(0.1, "float32")).toEqual([Math.fround(0.1), Math.fround(0.1)]);
    expect(full(-2.7, "int32")).toEqual([-2, -2]);
    expect(full(257, "uint8")).toEqual([1, 1]);
    expect(full(0.5, "bool")).toEqual([1, 1]);
  });
  it("fills a scalar and nothing", () => {
    expect(run("full", [], { shape: [], dtype: "int32" }, {}, [7]).data).toEqual([7]);
    expect(run("full", [], { shape: [0, 3], dtype: "int32" }, {}, [7]).data).toEqual([]);
  });
});

it("arange gives start + i*step without adding up errors", () => {
  const { data } = run("arange", [], { shape: [11], dtype: "float64" }, {}, [0, 0.1]);
  expect(data[10]).toBe(1);
  expect(run("arange", [], { shape: [3], dtype: "int32" }, {}, [5, -2]).data).toEqual([5, 3, 1]);
});

describe("cast", () => {
  it("truncates toward zero, wraps uint8, and has NaN true", () => {
    expect(cast([1.9, -1.9, -0.5], "float32", "int32")).toEqual([1, -1, 0]);
    expect(cast([256, -1, 3.9], "float32", "uint8")).toEqual([0, 255, 3]);
    expect(cast([300, -1], "int32", "uint8")).toEqual([44, 255]);
    expect(cast([0, -0, 0.1, Number.NaN], "float32", "bool")).toEqual([0, 0, 1, 1]);
  });
  it("rounds to float32 and keeps float64", () => {
    expect(cast([0.1], "float64", "float32")).toEqual([Math.fround(0.1)]);
    expect(cast([16777217], "int32", "float32")).toEqual([16777216]);
    expect(cast([16777217], "int32", "float64")).toEqual([16777217]);
  });
});

describe("random", () => {
  const uniform = (n: number, scalars: number[]) =>
    run("random", [], { shape: [n], dtype: "float32" }, {}, scalars).data;
  const fromWords = (words: number[]) => words.map((w) => (w >>> 8) / 2 ** 24);
  it("begins with Random123's known answer for a counter and key of zeros", () => {
    expect(uniform(4, [0, 0, 0, 0])).toEqual(fromWords([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]));
  });
  it("takes the seed as key, and i>>2, 0 and the stream as counter", () => {
    const words = [0, 1, 2].flatMap((block) => philox4x32([block, 0, 3, 4], [1, 2]));
    expect(uniform(10, [1, 2, 3, 4])).toEqual(fromWords(words.slice(0, 10)));
  });
  it("goes on with the next block where four words end, and cuts the last one", () => {
    const six = uniform(6, [1, 2, 3, 4]);
    expect(six).toEqual(uniform(9, [1, 2, 3, 4]).slice(0, 6));
    expect(new Set(six).size).toBe(6);
  });
  it("depends on each word of seed and counter", () => {
    const draws = [
      [0, 0, 0, 0],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
    ].map((s) => uniform(1, s)[0]);
    expect(new Set(draws).size).toBe(5);
  });
  it("is uniform: moments of 10,000 draws within five standard errors", () => {
    const x = uniform(10_000, [42, 0, 0, 0]);
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length;
    expect(Math.abs(mean - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / x.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / x.length));
    expect(Math.max(...x)).toBeLessThan(1);
    expect(Math.min(...x)).toBeGreaterThanOrEqual(0);
  });
});
