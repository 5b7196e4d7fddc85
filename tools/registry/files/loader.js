// A loader whose worker thread is a file of the installed package: the first two batches of Fashion-MNIST.
import { reference } from "@lamina/backend-reference";
import { setBackend } from "@lamina/core";
import { DataLoader, FashionMNIST } from "@lamina/data";

setBackend(await reference());
const loader = new DataLoader(await FashionMNIST.load({ train: false }), { batchSize: 4, workers: 1 });
const batches = [];
for await (const [x, labels] of loader) {
  batches.push({ shape: x.shape, labels: await labels.toArray() });
  if (batches.length === 2) break;
}
console.log(JSON.stringify(batches));
