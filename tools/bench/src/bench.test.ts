// Rounds: ours really trains LeNet twice, failures are rows, and what need not be repeated is not.
import { expect, test } from "vitest";
import { playRound } from "./bench.ts";
import { entrants } from "./contenders/index.ts";
import type { Row } from "./results.ts";
import { Rows } from "./rows.ts";
import { foundIn } from "./run/spawn.ts";
import { chosenWorks } from "./work/choose.ts";

const { works: lenet } = chosenWorks(["lenet"]);
const options = { rounds: 2, seconds: 0.05, limit: 60, from: "src" } as const;

test("ours trains LeNet and predicts, two rounds, each in a process of its own", { timeout: 300_000 }, async () => {
  const rows = new Rows();
  const lines: string[] = [];
  const [ours] = entrants(["lamina-1t"]);
  const installed = new Map([["lamina", { bytes: 0 }]]);
  for (const round of [1, 2])
    await playRound(round, [ours], installed, lenet, rows, options, (line) => lines.push(line));
  const [step, forward] = rows.all();
  expect(step).toMatchObject({ work: "lenet step b256 SGD", contender: "lamina-1t" });
  expect(step.rounds).toHaveLength(2);
  expect(step.first).toHaveLength(2);
  expect(step.peakBytes).toBeGreaterThan(1e7);
  // the loss of ten classes that nothing has been learnt about, then less
  expect(step.digests[0][0]).toBeCloseTo(Math.log(10), 0);
  expect(step.digests[1][0]).toBeLessThan(step.digests[0][0]);
  expect(forward.rounds).toHaveLength(2);
  expect(lines[0]).toMatch(/^round 1\/2 {2}lamina-1t {2}lenet step b256 SGD: [\d.]+ ms$/);
});

test("a process that ends early leaves its reason to the work that it had not done", () => {
  const stdout = `noise\n${JSON.stringify({ id: lenet[0].id, version: "1", runs: [3], firstAt: 5, digests: [] })}\n`;
  const { timings } = foundIn(stdout, lenet, "no result within 60 s", 0);
  expect(timings.map((t) => ("error" in t ? t.error : t.runs))).toEqual([[3], "no result within 60 s"]);
});

const row = (contender: string, time: number): Row => {
  const work = lenet[0].id;
  return { work, contender, version: "1", rounds: [time], first: [], peakBytes: undefined, digests: [] };
};
test("a variant that is clearly slower than its sibling is not repeated", () => {
  const rows = new Rows([
    row("torch-1t", 30),
    row("torch-1t-malloc", 20),
    row("torch-1t-channelslast", 21),
    row("lamina-1t", 50),
  ]);
  rows.retire(entrants());
  const retired = rows.all().filter(({ once }) => once);
  expect(retired.map(({ contender, once }) => [contender, once])).toEqual([["torch-1t", "torch-1t-malloc is faster"]]);
});
test("errors stay rows, and what runs for long has one round", () => {
  const rows = new Rows();
  const found = (timing: object) => ({ timings: [timing as never], peakBytes: 7, startedAt: 0 });
  const [step] = lenet;
  rows.add("tfjs-wasm", found({ id: step.id, error: "no kernel" }));
  rows.add("jax-js-wasm", found({ id: step.id, version: "1", runs: [9000, 9500], firstAt: 4, digests: [] }));
  expect(rows.get(step.id, "tfjs-wasm")).toMatchObject({ error: "no kernel", rounds: [] });
  const slow = { rounds: [9250], first: [4], peakBytes: 7, once: "2 runs take 19 s" };
  expect(rows.get(step.id, "jax-js-wasm")).toMatchObject(slow);
  expect(["tfjs-wasm", "jax-js-wasm", "lamina-1t"].map((name) => rows.wants(step, name, 2))).toEqual([
    false,
    false,
    true,
  ]);
});
test("what was too slow with less to compute is not tried with more", () => {
  const rows = new Rows();
  const { works: steps } = chosenWorks(["steps"]);
  const [first, second] = steps;
  rows.refuse(first.id, "tfjs-cpu", "one run took 40.0 s");
  rows.refuse(first.id, "tfjs-wasm", "no kernel");
  expect(rows.tooSlow(second, "tfjs-cpu", steps)).toBe(first);
  expect(rows.tooSlow(second, "tfjs-wasm", steps)).toBeUndefined();
});
