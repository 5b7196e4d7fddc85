// The page is made of summaries, and is called stale when it, or the suite that they were made by, is another.

import { reference } from "@lamina/backend-reference";
import { runConformance } from "@lamina/conformance";
import { expect, test } from "vitest";
import { problems } from "./check.ts";
import { pageOf } from "./page.ts";
import { runs } from "./runs.ts";
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
test("stale: a run without a report, another suite, an edited page", async () => {
  const all = Object.fromEntries(await Promise.all(runs.map(async ({ id }) => [id, await summary()] as const)));
  const page = pageOf(all);
  expect(problems(all, page, "of this suite")).toEqual([]);
  expect(problems(all, `${page}!`, "of this suite")).toEqual(["docs/support.md is not what docs/support/*.json say"]);
  expect(problems(all, page, "another")).toHaveLength(runs.length);
  const { webgpu: _, ...rest } = all;
  expect(problems(rest, pageOf(rest), "of this suite")).toEqual(["webgpu: there is no report of it"]);
});
