// The page is made of summaries, and is called stale when it, or the suite that they were made by, is another.

import { reference } from "@lamina/backend-reference";
import { type Fingerprints, type Gap, type Level, levels, runConformance } from "@lamina/conformance";
import { describe, expect, test } from "vitest";
import { problems } from "./check.ts";
import { pageOf } from "./page.ts";
import { levelsOf, nameOf, runs } from "./runs.ts";
import { summaryOf, updated } from "./summary.ts";

const suite = Object.fromEntries(levels.map((level) => [level, "of this suite"])) as Fingerprints;
/** A device without relu's kernel whose abs is wrong, and is declared so. */
async function summary() {
  const open = async () => {
    const backend = await reference();
    const { relu: _, ...kernels } = backend.kernels;
    return { ...backend, details: { driver: "plain" }, kernels: { ...kernels, abs: kernels.neg } };
  };
  const options = { levels: ["ops"] as const, filter: "/abs/" };
  const wrong = await runConformance("reference", open, options);
  const failed = wrong.results.filter((r) => r.status === "failed");
  const declared = failed.map(({ id }) => ({ id, reason: "its sign is lost" }));
  return summaryOf(await runConformance("reference", open, { ...options, declared }), suite, "2026-11-24");
}

test("the page tells counts, which ops are native, and gaps by their reason", async () => {
  const page = pageOf({ reference: await summary() });
  expect(page).toMatch(/\| reference \| Node \| \d+ \| 0 \| \d+ \| 0 \| 77 \+ 1 \| Node .*, driver plain \|/);
  expect(page).toContain("| relu | · |");
  expect(page).toContain("| abs | native |");
  expect(page).toMatch(/- its sign is lost: \d+ cases \(`ops\/abs\//);
  expect(page).toContain("| webgpu | Chromium | no report yet |");
});
describe("stale", async () => {
  const one = await summary();
  const whole = (of: readonly Level[]) => Object.fromEntries(of.map((level) => [level, one.levels.ops!]));
  const all = Object.fromEntries(runs.map((run) => [run.id, { ...one, levels: whole(levelsOf(run)) }]));
  const page = pageOf(all);
  const gaps = Object.fromEntries(runs.map((run) => [nameOf(run), one.gaps]));
  const present = { suite, gaps };
  /** As it would be if wasm declared these. */
  const declaring = (wasm: readonly Gap[]) => problems(all, page, { ...present, gaps: { ...gaps, wasm } });
  const WASM = ["wasm", "wasm-chromium", "wasm-chromium-isolated", "wasm-firefox"];
  const command = "to judge again what changed, and no more: npm run support";

  test("nothing is, while the suite and the gaps are what they were", () => {
    expect(problems(all, page, present)).toEqual([]);
    expect(declaring([...one.gaps, { id: "ops/abs/other", reason: "elsewhere", when: () => false }])).toEqual([]);
  });
  test("a page that was edited, with the command", () => {
    expect(problems(all, `${page}!`, present)).toEqual([
      "the page is not what docs/support/*.json say; to write it again: npm run support -- --page",
    ]);
  });
  test("a level that asks something else, and no other", () => {
    const found = problems(all, page, { ...present, suite: { ...suite, models: "another" } });
    const asked = runs.filter((run) => levelsOf(run).includes("models"));
    const reason = "the suite asks other things than when it was judged (models)";
    expect(found).toEqual([...asked.map(({ id }) => `${id}: ${reason}`), command]);
  });
  test("a run without a report, and one that failed", () => {
    const { webgpu: _, ...rest } = all;
    const failed = { ...all.wasm, levels: { ...all.wasm.levels, edges: { ...one.levels.ops!, failed: 3 } } };
    expect(problems({ ...rest, wasm: failed }, page, present)).toEqual([
      "wasm: 3 cases failed (edges)",
      `webgpu: there is no report of it (${levels.join(", ")})`,
      command,
    ]);
  });
  test("a gap that is no longer declared, has another reason, or is new", () => {
    const [first, ...others] = one.gaps;
    const gone = `its report has the gap ${first.id}, which is no longer declared so (ops)`;
    expect(declaring(others)).toEqual([...WASM.map((id) => `${id}: ${gone}`), command]);
    expect(declaring([{ ...first, reason: "another" }, ...others])[0]).toBe(`wasm: ${gone}`);
    const fresh = declaring([...one.gaps, { id: "ops/abs/new", reason: "new" }])[0];
    expect(fresh).toBe("wasm: the gap ops/abs/new is declared and not in its report (ops)");
  });
});
test("what is judged again replaces its levels, and leaves the others", async () => {
  const ops = await summary();
  const level = { ...ops.levels.ops!, passed: 5 };
  const gap = { id: "edges/abs/NaN", reason: "lost" };
  const before = { ...ops, levels: { ops: level, edges: level }, gaps: [gap, { id: "ops/abs/old", reason: "old" }] };
  const after = updated(before, ops);
  expect(after.levels).toEqual({ ops: ops.levels.ops, edges: level });
  expect(after.gaps).toEqual([gap, ...ops.gaps]);
  expect(updated(undefined, ops)).toBe(ops);
});
