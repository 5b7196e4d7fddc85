// The curves as text: what is drawn, and when. How they look on a page is in tools/pages.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Running } from "../callbacks.ts";
import { livePlot } from "./index.ts";
import { lineChart } from "./lineChart.ts";

const epoch = (n: number) => ({
  epoch: n,
  trainLoss: 2 / n,
  trainAccuracy: 0.3 * n,
  seconds: 1,
  examplesPerSecond: 1,
});
const run = (n: number) => ({ history: Array.from({ length: n }, (_, i) => epoch(i + 1)) }) as unknown as Running;
const step = (n: number) => ({ epoch: 1, step: n, steps: 4000, loss: 2 - n / 4000, correct: 1, examples: 2 });
/** The lines of the chart, without its axes and legend. */
const linesOf = (svg: string) =>
  [...svg.matchAll(/<path d="(M[^"]*|)" fill="none" stroke="([^"]*)"/g)].filter(
    ([, d]) => !/^M[\d.]+,[\d.]+h22$/.test(d),
  );

test("on a page: at once, after steps now and then, after each epoch; what the run does not measure has no curve", async () => {
  const element = { innerHTML: "" };
  const plot = livePlot(element, { every: 1e9 });
  await plot.onStart!(run(0));
  const empty = element.innerHTML;
  expect(empty).toMatch(/^<svg /);
  for (let i = 1; i <= 4000; i++) await plot.onStep!(step(i), run(0));
  expect(element.innerHTML).toBe(empty);
  await plot.onEpoch!(epoch(1), run(2));
  expect(element.innerHTML).toMatch(/>loss of a step<[\s\S]*>train loss<[\s\S]*>train accuracy</);
  expect(element.innerHTML).not.toMatch(/test loss|test accuracy/);
  const [ofSteps] = linesOf(element.innerHTML);
  expect(ofSteps[1].split("L").length).toBeLessThanOrEqual(600); // thinned out
  const eager = livePlot(element, { every: 0 });
  await eager.onStep!(step(1), run(0));
  expect(element.innerHTML).not.toContain("train accuracy");
});
test("in a file, after each epoch", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lamina-plot-"));
  const plot = livePlot(join(folder, "curves.svg"), { title: "a <b> & c" });
  await plot.onEpoch!(epoch(3), run(3));
  const svg = await readFile(join(folder, "curves.svg"), "utf8");
  expect(svg).toContain("<title>a &lt;b&gt; &amp; c</title>");
  expect(linesOf(svg).map(([, d]) => d.split("L").length)).toEqual([3, 3]);
  await rm(folder, { recursive: true });
});
test("what is no number leaves a gap; an element that is not there is said at once", () => {
  const points = [
    [1, 2],
    [2, Number.NaN],
    [3, 1],
    [4, Number.POSITIVE_INFINITY],
  ] as const;
  const svg = lineChart({ title: "t", x: "x", series: [{ name: "s", color: "red", points }] });
  expect(svg).not.toMatch(/NaN|Infinity/);
  expect(linesOf(svg)[0][1]).toMatch(/^M[\d.,]+ZM[\d.,]+Z$/);
  expect(() => livePlot(null)).toThrow(
    "livePlot: the element is null; name one that is on the page when the plot is made",
  );
});
