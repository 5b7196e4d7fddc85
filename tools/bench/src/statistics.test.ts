import { expect, test } from "vitest";
import { digits, geometricMean, median, ratio } from "./statistics.ts";

test("the median of an even number of values lies between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([5, 1, 3])).toBe(3);
});
test("a ratio goes round by round, so that a machine that slows down for a round changes nothing", () => {
  expect(ratio([20, 200, 22], [10, 100, 11])).toBe(2);
  expect(ratio([30, 40, 50], [10])).toBe(3);
  expect(ratio([30], [10, 20, 30])).toBe(3);
});
test("the geometric mean of a factor and its inverse is 1", () => expect(geometricMean([4, 0.25])).toBeCloseTo(1));
test("numbers have three digits, where that takes no more than four decimals", () => {
  expect([123.456, 12.3456, 1.23456, 0.123456, 0.00012].map(digits)).toEqual([
    "123",
    "12.3",
    "1.23",
    "0.123",
    "0.0001",
  ]);
  expect(digits(Number.NaN)).toBe("");
});
