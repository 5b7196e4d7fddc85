import { describe, expect, test } from "vitest";
import { Generator, philox4x32 } from "./random.ts";

const hex = (words: ArrayLike<number>) => Array.from(words, (w) => w.toString(16).padStart(8, "0")).join(" ");

test("Philox 4x32-10 gives the vectors that Random123 publishes (kat_vectors)", () => {
  expect(hex(philox4x32([0, 0, 0, 0], [0, 0]))).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
  const f = 0xffffffff;
  expect(hex(philox4x32([f, f, f, f], [f, f]))).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
  expect(hex(philox4x32([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]))).toBe(
    "d16cfe09 94fdcceb 5001e420 24126ea1",
  );
});

describe("Generator", () => {
  test("the same seed and counter give the same numbers; the state can be set back", () => {
    const g = new Generator(7);
    const state = g.state;
    const first = g.normals(5);
    expect(g.normals(5)).not.toEqual(first);
    g.state = state;
    expect(g.normals(5)).toEqual(first);
    expect(new Generator(8).normals(5)).not.toEqual(first);
  });
  test("seeds beyond 32 bits count", () => {
    expect(new Generator(2 ** 40).uniforms(4)).not.toEqual(new Generator(0).uniforms(4));
    expect(() => new Generator(-1)).toThrow(
      "manualSeed: the seed is -1 but must be a whole number from 0 to 2^53 - 1; pass one",
    );
    expect(() => new Generator(0.5)).toThrow("the seed is 0.5");
  });
  test("uniforms lie in [0, 1) with mean 1/2 and variance 1/12", () => {
    const u = new Generator(1).uniforms(100_000);
    expect(u.every((v) => v >= 0 && v < 1)).toBe(true);
    const mean = u.reduce((a, b) => a + b, 0) / u.length;
    expect(mean).toBeCloseTo(0.5, 2);
    expect(u.reduce((a, b) => a + (b - mean) ** 2, 0) / u.length).toBeCloseTo(1 / 12, 2);
  });
  test("normals have the moments 0, 1, 0, 3", () => {
    const z = new Generator(1).normals(200_000);
    const moment = (k: number) => z.reduce((a, b) => a + b ** k, 0) / z.length;
    expect(moment(1)).toBeCloseTo(0, 1.7);
    expect(moment(2)).toBeCloseTo(1, 1.7);
    expect(moment(3)).toBeCloseTo(0, 1);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.1);
  });
  test("normals are Box-Muller's, to the last place but one of a float", () => {
    const [a, b] = new Generator(3).words(2);
    const radius = Math.sqrt(-2 * Math.log((a + 0.5) / 2 ** 32));
    const [x, y] = new Generator(3).normals(2);
    expect(x).toBeCloseTo(radius * Math.cos((2 * Math.PI * b) / 2 ** 32), 6);
    expect(y).toBeCloseTo(radius * Math.sin((2 * Math.PI * b) / 2 ** 32), 6);
  });
  test("a permutation has every number once, and every number can come first", () => {
    expect([...new Generator(5).permutation(1000)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
    const g = new Generator(5);
    expect(new Set(Array.from({ length: 200 }, () => g.permutation(5)[0])).size).toBe(5);
    expect(g.permutation(0)).toHaveLength(0);
  });
  test("integers cover the range and stay in it", () => {
    const n = new Generator(2).integers(1000, -2, 3);
    expect(new Set(n)).toEqual(new Set([-2, -1, 0, 1, 2]));
  });
});
