// The page is made of summaries, and is called stale when it, or the suite that they were made by, is another.

import { reference } from "@lamina/backend-reference";
import { type Gap, runConformance } from "@lamina/conformance";
import { describe, expect, test } from "vitest";
import { problems } from "./check.ts";
import { pageOf } from "./page.ts";
import { nameOf, runs } from "./runs.ts";
import { summaryOf } from "./summary.ts";

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
  return summaryOf(await runConformance("reference", open, { ...options, declared }), "of this suite", "2026-11-24");
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
  const all = Object.fromEntries(runs.map(({ id }) => [id, one]));
  const page = pageOf(all);
  const gaps = Object.fromEntries(runs.map((run) => [nameOf(run), one.gaps]));
  const present = { suite: "of this suite", gaps };
  /** As it would be if wasm declared these. */
  const declaring = (wasm: readonly Gap[]) => problems(all, page, { ...present, gaps: { ...gaps, wasm } });
  const WASM = ["wasm", "wasm-chromium", "wasm-chromium-isolated", "wasm-firefox"];
  const command = `to judge again what changed: npm run support -- ${WASM.join(" ")}`;

  test("nothing is, while the suite and the gaps are what they were", () => {
    expect(problems(all, page, present)).toEqual([]);
    const other = { id: "ops/abs/other", reason: "elsewhere", when: () => false };
    expect(declaring([...one.gaps, other])).toEqual([]);
    expect(declaring([...one.gaps, { ...other, id: "edges/abs/a level that was not run", when: undefined }])).toEqual(
      [],
    );
  });
  test("a page that was edited, with the command", () => {
    expect(problems(all, `${page}!`, present)).toEqual([
      "the page is not what docs/support/*.json say; to write it again: npm run support -- --page",
    ]);
  });
  test("all of it, when the suite asks something else", () => {
    const found = problems(all, page, { ...present, suite: "another" });
    expect(found).toHaveLength(runs.length + 1);
    expect(found.at(-1)).toMatch(/^to judge again what changed: npm run support -- reference wasm /);
  });
  test("a run without a report", () => {
    const { webgpu: _, ...rest } = all;
    expect(problems(rest, pageOf(rest), present)).toEqual([
      "webgpu: there is no report of it",
      "to judge again what changed: npm run support -- webgpu",
    ]);
  });
  test("a gap that is no longer declared, has another reason, or is new", () => {
    const [first, ...others] = one.gaps;
    const gone = `its report has the gap ${first.id}, which is no longer declared so`;
    expect(declaring(others)).toEqual([...WASM.map((id) => `${id}: ${gone}`), command]);
    expect(declaring([{ ...first, reason: "another" }, ...others])[0]).toBe(`wasm: ${gone}`);
    const fresh = declaring([...one.gaps, { id: "ops/abs/new", reason: "new" }]);
    expect(fresh).toEqual([
      ...WASM.map((id) => `${id}: the gap ops/abs/new is declared and not in its report`),
      command,
    ]);
  });
});
