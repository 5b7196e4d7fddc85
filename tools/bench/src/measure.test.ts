import { expect, test } from "vitest";
import type { Contender } from "./contenders.ts";
import { jobs } from "./jobs.ts";
import { measure, median } from "./measure.ts";

const job = { ...jobs[0], batch: 1, steps: 1, warmup: 0 };
const script = (name: string, code: string): Contender => ({
  name,
  command: () => ({ file: process.execPath, args: ["-e", code] }),
});

test("the median of an even number of values lies between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([5, 1, 3])).toBe(3);
});

test("contenders take turns; one that fails is listed with its last words and the others go on", async () => {
  const good = script("good", `console.log(JSON.stringify({ steps: [1, 2, 3], loss: 0.5, version: "1" }))`);
  const bad = script("bad", `console.error("No module named 'torch'"); process.exit(1)`);
  const lines: string[] = [];
  const measured = await measure([good, bad], job, 2, (line) => lines.push(line));
  expect(measured[0]).toMatchObject({ name: "good", rounds: [2, 2], loss: 0.5 });
  expect(measured[1]).toMatchObject({ name: "bad", rounds: [], error: "No module named 'torch'" });
  expect(lines).toEqual(["round 1/2  good: 2.0 ms", "round 2/2  good: 2.0 ms"]);
});
