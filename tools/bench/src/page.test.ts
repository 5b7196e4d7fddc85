// The page is made of results alone: ratios, shares of the limits, errors, and who computed other numbers.
import { expect, test } from "vitest";
import { chart } from "./chart.ts";
import { pageOf, tableOf } from "./page.ts";
import type { Results, Row } from "./results.ts";

const STEP = "lenet step b256 SGD";
const MATMUL = "matmul 512x512x512";
const row = (work: string, contender: string, rounds: number[], more: Partial<Row> = {}): Row => ({
  work,
  contender,
  version: `${contender} 1.0`,
  rounds,
  first: work === STEP ? [500] : [],
  peakBytes: work === STEP ? 150e6 : undefined,
  digests: [[2.3, 2.3]],
  ...more,
});
const results: Results = {
  commands: ["npm run bench -- --only lenet"],
  date: "2026-11-24",
  commit: "abc1234",
  machine: { cpu: "EPYC", cores: 2, gigabytes: 24, system: "Linux 6", node: "v24.0.0", load: 3.2 },
  limits: [
    { threads: 1, flops: 50e9, bytes: 10e9 },
    { threads: 2, flops: 100e9, bytes: 12e9 },
  ],
  peers: { lamina: 2.9e6, torch: 5.5e9, "ort-node": "npm: no network" },
  overhead: 0.8,
  holds: { lenet: 15.8, googlenet: 38.1 },
  rows: [
    row(STEP, "lamina-1t", [20, 40, 22]),
    row(STEP, "torch-1t", [60], { once: "torch-1t-malloc is faster" }),
    row(STEP, "torch-1t-malloc", [30, 60, 33]),
    row(STEP, "tfjs-wasm", [], { error: "no Conv2DBackpropFilter" }),
    row(STEP, "tfjs-cpu", [14_000], { digests: [[9, 9]] }),
    row(MATMUL, "lamina-1t", [10.737418]),
  ],
};
const page = pageOf(results);

test("ours stands in milliseconds, with its spread and its share of the limit; peers as a multiple", () => {
  expect(page).toContain("## One thread: training steps");
  expect(page).toMatch(
    /\| lenet step b256 SGD \| 22\.0 \| 20\.0 - 40\.0 \| \d+ % arithmetic \| 1\.50 \(33\.0\) \| 700 \(14000\) \|/,
  );
  expect(page).toContain("| matmul 512x512x512 | 10.7 |  | 50 % arithmetic |");
});
test("training steps stand beside PyTorch's fastest", () =>
  expect(page).toMatch(/beside PyTorch at its fastest[\s\S]*\| lenet step b256 SGD \| 1\.50 \| {2}\| {2}\| {2}\|/));
test("start, memory and size are told", () => {
  expect(page).toMatch(/## From the start of the process[\s\S]*\| lamina-1t \| 0\.50 \|/);
  expect(page).toMatch(/## Peak memory of training, MB[\s\S]*\| lamina-1t \| 150 \|/);
  expect(page).toContain("| lamina | lamina-1t 1.0 | 2.9 |");
});
test("how long a page is held is told", () =>
  expect(page).toMatch(/## Longest hold of a page's main thread, ms[\s\S]*\| lenet \| 16 \|\n\| googlenet \| 38 \|/));
test("single ops stand beside what was aimed at; what was not timed is left out", () => {
  expect(page).toContain("| matmul 512x512x512, of the peak with 128 bits |  | 95 % | 50 % | 95 % |");
  expect(page).not.toContain("Adam, parameters a second");
});
test("what a peer did not do is told with its reason, and so are other numbers", () => {
  expect(page).toContain("| tfjs-wasm | no Conv2DBackpropFilter | lenet step b256 SGD |");
  expect(page).toContain("| ort-node | could not be installed: npm: no network | all |");
  expect(page).toContain("| tfjs-cpu | computes other numbers than lamina | lenet step b256 SGD |");
});
test("every figure is there, and why some have fewer rounds", () =>
  expect(page).toContain("| lenet step b256 SGD | torch-1t | 60.0 |  | 1 | torch-1t-malloc is faster |"));
test("machine, limits, command and commit head the page", () => {
  expect(page).toContain(
    "2 cores of EPYC, 24 GB, Linux 6, Node v24.0.0; 2026-11-24, commit abc1234; 3 interleaved rounds.",
  );
  expect(page).toContain("one thread 50.0 GFLOP/s and 10.0 GB/s; 2 threads 100.0 GFLOP/s and 12.0 GB/s");
  expect(page).toContain("Made by `npm run bench -- --only lenet`");
});
test("the terminal shows the same sections", () => expect(tableOf(results)).toContain("One thread: training steps"));
test("the chart has a point for each peer", async () => {
  const svg = await chart(results);
  expect(svg).toMatch(/^<svg/);
  for (const name of ["lamina", "PyTorch", "tfjs-cpu"]) expect(svg).toContain(`>${name}<`);
});
