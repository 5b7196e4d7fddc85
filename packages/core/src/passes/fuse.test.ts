// Fusion keeps to what a device can bind: random programs of pointwise nodes, cut into loops.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Spec } from "../dtype.ts";
import { fuse } from "./fuse.ts";
import type { Node } from "./node.ts";

const spec: Spec = { shape: [8], dtype: "float32" };
const INPUTS = 4;

/** Each node reads two of the inputs or of the nodes before it. */
const programs = fc.array(fc.tuple(fc.nat(1000), fc.nat(1000)), { minLength: 1, maxLength: 30 }).map((pairs) =>
  pairs.map(([a, b], i): Node => {
    const out = INPUTS + i;
    const inputs = [a % out, b % out];
    return { op: "add", attrs: {}, scalars: [], inputs, inputSpecs: [spec, spec], out, spec };
  }),
);
const isPointwise = (op: string) => op === "add";

test("no loop reads and writes more arrays than it may, and every node is computed once", () => {
  fc.assert(
    fc.property(programs, fc.integer({ min: 3, max: 9 }), fc.nat(1000), (nodes, mostArrays, seed) => {
      const outputs = [nodes[seed % nodes.length].out, nodes.at(-1)!.out];
      const { units } = fuse(nodes, outputs, { isPointwise, mostArrays });
      for (const { reads, writes } of units) expect(reads.length + writes.length).toBeLessThanOrEqual(mostArrays);
      const computed = units.flatMap((unit) => unit.nodes.map((node) => node.out));
      expect(computed.sort((a, b) => a - b)).toEqual(nodes.map((node) => node.out));
    }),
    { seed: 3, numRuns: 300 },
  );
});

test("without a limit, a chain is one loop", () => {
  const chain = Array.from(
    { length: 20 },
    (_, i): Node => ({
      op: "add",
      attrs: {},
      scalars: [],
      inputs: [i === 0 ? 0 : INPUTS + i - 1, 1],
      inputSpecs: [spec, spec],
      out: INPUTS + i,
      spec,
    }),
  );
  expect(fuse(chain, [INPUTS + 19], { isPointwise }).units).toHaveLength(1);
});
