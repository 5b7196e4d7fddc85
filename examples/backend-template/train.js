// Trains LeNet on Fashion-MNIST on the device of my-backend.js: core makes convolutions and their gradients of its kernels.
// `node train.js [steps]`
import { crossEntropy, manualSeed, setBackend } from "@lamina/core";
import { DataLoader, FashionMNIST } from "@lamina/data";
import { lenet } from "@lamina/models";
import { SGD } from "@lamina/train";
import { myBackend } from "./my-backend.js";

const steps = Number(process.argv[2] ?? 100);
setBackend(await myBackend());
manualSeed(0);
const model = lenet();
const optimizer = new SGD(model.parameters(), { lr: 0.9 });
const loader = new DataLoader(await FashionMNIST.load(), { batchSize: 16, shuffle: true });

let step = 0;
for await (const [x, y] of loader) {
  if (step++ === steps) break;
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  optimizer.zeroGrad();
  console.log(`step ${step}  loss ${(await loss.item()).toFixed(4)}`);
}
