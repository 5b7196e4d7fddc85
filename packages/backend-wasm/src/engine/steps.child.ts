// What both Node and a page do in page.test.ts: some training steps whose kernels are worth sharing.
import { type Backend, crossEntropy, manualSeed, nn, noGrad, randint, randn, setBackend } from "@lamina/core";

/** The losses. */
export async function trained(device: Backend, steps: number): Promise<number[]> {
  setBackend(device);
  manualSeed(2);
  const net = new nn.Sequential(
    ...[new nn.Conv2d(1, 16, 5, { padding: 2 }), new nn.BatchNorm2d(16), new nn.ReLU(), new nn.MaxPool2d(2)],
    ...[new nn.Conv2d(16, 32, 3, { padding: 1 }), new nn.ReLU(), new nn.Conv2d(32, 32, 3, { padding: 1 })],
    ...[new nn.ReLU(), new nn.MaxPool2d(2), new nn.Flatten(), new nn.Linear(32 * 12 * 12, 10)],
  );
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const loss = crossEntropy(net.forward(randn([32, 1, 48, 48])), randint(0, 10, [32]));
    net.zeroGrad();
    loss.backward();
    noGrad(() => {
      for (const p of net.parameters()) p.set(p.sub(p.grad!.mul(0.01)));
    });
    losses.push(await loss.item());
  }
  return losses;
}
