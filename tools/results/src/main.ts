// Trains runs by name, keeps their checkpoints in runs/results, and writes docs/results.json and docs/results.md after each epoch.
// `--page` only writes the page anew.
import { parseArgs } from "node:util";
import { wasm } from "@lamina/backend-wasm";
import { manualSeed, setBackend } from "@lamina/core";
import { loadFashionMNIST } from "@lamina/data";
import { fit } from "@lamina/train";
import { checkpointFolder } from "@lamina/train/checkpoint";
import { writePage } from "./page.ts";
import { writeRecord } from "./record.ts";
import { type Run, runs } from "./runs.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string", default: "0" }, epochs: { type: "string" }, page: { type: "boolean" } },
});
const seed = Number(values.seed);

async function train(run: Run): Promise<void> {
  const backend = await wasm();
  setBackend(backend);
  manualSeed(seed);
  const model = run.make();
  const [trainIter, testIter] = await loadFashionMNIST({ batchSize: run.batchSize, resize: run.resize, seed });
  const result = await fit(model, {
    train: trainIter,
    test: testIter,
    epochs: Number(values.epochs ?? run.epochs),
    optimizer: run.optimizer(model.parameters()),
    checkpoint: checkpointFolder(new URL(`../../../runs/results/${run.name}/seed-${seed}`, import.meta.url).pathname),
    checkpointEvery: 50,
    resume: true,
    onStep({ epoch, step, steps, loss }) {
      if (step % 20 === 0)
        console.log(`${run.name}: epoch ${epoch}, step ${step} of ${steps}, loss ${loss.toFixed(4)}`);
    },
    onEpoch(epoch) {
      console.log(`${run.name}: ${JSON.stringify(epoch)}`);
    },
  });
  writeRecord({ run: run.name, backend: backend.name, seed, date: new Date().toISOString(), epochs: result });
  await backend.close();
}

const unknown = positionals.find((name) => !runs.some((run) => run.name === name));
if (unknown !== undefined || (positionals.length === 0 && !values.page)) {
  console.error(
    `${unknown === undefined ? "name a run" : `there is no run ${unknown}`}: ${runs.map(({ name }) => name).join(" ")}`,
  );
  process.exit(2);
}
for (const name of positionals) {
  await train(runs.find((run) => run.name === name)!);
  writePage();
}
if (values.page) writePage();
