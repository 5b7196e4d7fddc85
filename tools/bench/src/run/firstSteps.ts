// A model and its first training steps as a user writes them, weights drawn as its layers draw them. hold.ts runs it in a page, its test
// in Node too.
import { crossEntropy, manualSeed, nn, type Tensor, tensor } from "@lamina/core";
import { googlenet, lenet } from "@lamina/models";
import { SGD } from "@lamina/train";

const twice = (inC: number, outC: number) => [
  ...[new nn.Conv2d(inC, outC, 3, { padding: 1 }), new nn.ReLU()],
  ...[new nn.Conv2d(outC, outC, 3, { padding: 1 }), new nn.ReLU(), new nn.MaxPool2d(2)],
];
const vgg6 = () =>
  new nn.Sequential(
    ...[...twice(3, 32), ...twice(32, 64), ...twice(64, 128), new nn.Flatten()],
    ...[new nn.Linear(2048, 256), new nn.ReLU(), new nn.Linear(256, 10)],
  );
const networks: Readonly<Record<string, readonly [make: () => nn.Sequential, input: readonly number[]]>> = {
  lenet: [() => lenet(), [64, 1, 28, 28]],
  vgg6: [vgg6, [32, 3, 32, 32]],
  googlenet: [() => googlenet(), [4, 1, 96, 96]],
};
export const heldNetworks = Object.keys(networks);
const STEPS = 3;

/** The losses. */
export async function firstSteps(network: string): Promise<number[]> {
  const [make, shape] = networks[network];
  manualSeed(0);
  const model = make();
  const updates = new SGD(model.parameters(), { lr: 0.01 });
  const pixels = new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5);
  const labels = Int32Array.from({ length: shape[0] }, (_, i) => i % 10);
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    await new Promise((go) => setTimeout(go, 1)); // as a loader's batch arrives: a task of its own
    const loss = crossEntropy(model.forward(tensor(pixels, { shape })) as Tensor, tensor(labels));
    updates.zeroGrad();
    loss.backward();
    updates.step();
    losses.push(await loss.item());
  }
  return losses;
}
