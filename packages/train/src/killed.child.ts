// The process that checkpoint.test.ts kills: trains a tiny network for some epochs, saving after every step into the folder
// named, going on from what is there, and prints its final weights as JSON.
import { reference } from "@lamina/backend-reference";
import { manualSeed, nn, randn, setBackend, tensor } from "@lamina/core";
import { DataLoader, TensorDataset } from "@lamina/data";
import { checkpointFolder } from "./checkpoint.ts";
import { fit, SGD } from "./index.ts";

const [folder] = process.argv.slice(2);
setBackend(await reference());
manualSeed(5);
const x = randn([40, 3]);
const y = tensor(Int32Array.from({ length: 40 }, (_, i) => +(x.host![3 * i] > 0)));
const model = new nn.Sequential(
  new nn.Linear(3, 6),
  new nn.BatchNorm1d(6),
  new nn.ReLU(),
  new nn.Dropout(0.1),
  new nn.Linear(6, 2),
);
await fit(model, {
  train: new DataLoader(new TensorDataset(x, y), { batchSize: 8, shuffle: true }),
  epochs: 40,
  optimizer: new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 }),
  checkpoint: checkpointFolder(folder),
  checkpointEvery: 1,
  resume: true,
  onStep: () => void process.stdout.write("."),
});
const state = await model.stateDict();
const entries = Object.entries(state).map(async ([key, t]) => [key, Array.from(await t.data())]);
console.log(`\n${JSON.stringify(Object.fromEntries(await Promise.all(entries)))}`);
