// What has not been used for longest goes first.
import { expect, test } from "vitest";
import { Lru } from "./lru.ts";

test("the least recently used is forgotten", () => {
  const lru = new Lru<number>(2);
  expect(lru.set("a", 1)).toBe(1);
  lru.set("b", 2);
  expect(lru.get("a")).toBe(1);
  lru.set("c", 3);
  expect([lru.get("a"), lru.get("b"), lru.get("c")]).toEqual([1, undefined, 3]);
  lru.clear();
  expect(lru.get("a")).toBe(undefined);
});
