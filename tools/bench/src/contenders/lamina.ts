// One process: lamina on the WebAssembly backend does one job and prints its timing.
import { wasm } from "@lamina/backend-wasm";
import { crossEntropy, manualSeed, setBackend, tensor } from "@lamina/core";
import { Adam, SGD } from "@lamina/train";
import type { Job, Timing } from "../jobs.ts";
import { networks } from "./networks.ts";

const job = JSON.parse(process.argv[2]) as Job;
setBackend(await wasm());
manualSeed(0);
const model = networks[job.network]();
const optimizer = new { SGD, Adam }[job.optimizer](model.parameters(), { lr: job.lr });
const shape = [job.batch, ...job.input];
const count = shape.reduce((a, b) => a * b);
const pixels = Float32Array.from({ length: count }, (_, i) => (Math.imul(i, 2654435761) >>> 8) / 2 ** 24);
const labels = Int32Array.from({ length: job.batch }, (_, i) => i % 10);

async function step(): Promise<number> {
  const loss = crossEntropy(model.forward(tensor(pixels, { shape })), tensor(labels));
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  return loss.item();
}
const steps: number[] = [];
let loss = 0;
for (let i = 0; i < job.warmup + job.steps; i++) {
  const start = performance.now();
  loss = await step();
  if (i >= job.warmup) steps.push(performance.now() - start);
}
const timing: Timing = { steps, loss, version: `Node ${process.version}` };
console.log(JSON.stringify(timing));
