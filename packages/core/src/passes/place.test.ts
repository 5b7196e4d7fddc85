// Placement never lets two values share bytes while both are alive, and wastes little.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Block, place } from "./place.ts";

const block = fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), from: fc.nat(30), length: fc.nat(8) });
const blocks = fc
  .array(block, { maxLength: 40 })
  .map((list) => list.map(({ bytes, from, length }): Block => ({ bytes, from, to: from + length })));

/** The most bytes alive at one step: no arena can be smaller. */
function leastBytes(list: readonly Block[]): number {
  let most = 0;
  for (let step = 0; step < 40; step++)
    most = Math.max(
      most,
      list.filter((b) => b.from <= step && step <= b.to).reduce((sum, b) => sum + b.bytes, 0),
    );
  return most;
}

test("values that are alive together never overlap", () => {
  fc.assert(
    fc.property(blocks, (list) => {
      const { offsets, bytes } = place(list, 64);
      list.forEach((a, i) => {
        expect(offsets[i] % 64).toBe(0);
        expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
        list.slice(i + 1).forEach((b, k) => {
          const j = i + 1 + k;
          const together = a.from <= b.to && b.from <= a.to;
          if (together) expect(offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i]).toBe(true);
        });
      });
    }),
    { seed: 7, numRuns: 300 },
  );
});

test("bytes are used again: a chain of equal values needs two places", () => {
  const chain = Array.from({ length: 20 }, (_, i): Block => ({ bytes: 6400, from: i, to: i + 1 }));
  expect(place(chain, 64).bytes).toBe(12800);
});

test("the arena is within half again of the least that could do, on random lifetimes", () => {
  fc.assert(
    fc.property(blocks, (list) => {
      expect(place(list, 1).bytes).toBeLessThanOrEqual(1.5 * leastBytes(list));
    }),
    { seed: 11, numRuns: 300 },
  );
});
