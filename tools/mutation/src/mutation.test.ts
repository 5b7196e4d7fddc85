// A few mutations, so that a suite that has stopped biting is noticed on every run; `main.ts` tries them all. And that every
// mutation still fits the source it breaks.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { verdictOn } from "./check.ts";
import { mutate } from "./mutation.ts";
import { mutations } from "./mutations.ts";

test("every mutation fits its source", () => {
  expect(mutations.length).toBeGreaterThanOrEqual(30);
  expect(new Set(mutations.map((m) => m.name)).size).toBe(mutations.length);
  for (const m of mutations) {
    const source = readFileSync(new URL(`../../../${m.file}`, import.meta.url), "utf8");
    expect(mutate(source, m)).not.toBe(source);
  }
});
test("a text that is not there, or twice, is an error", () => {
  const mutation = { name: "stale", file: "x.ts", find: "b", replace: "c" };
  expect(mutate("abd", mutation)).toBe("acd");
  expect(() => mutate("ad", mutation)).toThrow('x.ts: "b" stands there 0 times, not once; update the mutation');
  expect(() => mutate("abdb", mutation)).toThrow('x.ts: "b" stands there 2 times, not once; update the mutation');
});
test.each([
  "reference conv2d: padding of the wrong side",
  "wasm where: the other one",
  "wasm less: or equal",
  "core div: the sign of the second gradient",
])("%s is caught", async (name) => {
  const { caughtBy } = await verdictOn(mutations.find((m) => m.name === name)!);
  expect(caughtBy).toBeDefined();
});
