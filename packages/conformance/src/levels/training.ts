// Level "training": twenty steps of LeNet and of LeNet with batch normalisation, from the weights and on the batches that
// PyTorch trained with, loss by loss.
import { crossEntropy, Generator, type nn, setBackend, type Tensor, tensor } from "@lamina/core";
import { type Check, expect } from "../check.ts";
import { type Fixture, loadFixture } from "../fixtures.ts";
import { bnLenet, descend, lenet } from "../nets.ts";
import type { Subject } from "../subject.ts";

/** As tools/goldens/make.py writes them. */
interface TrainingCase {
  readonly id: string;
  readonly lr: number;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
}
const nets: Readonly<Record<string, () => nn.Sequential>> = { lenet, "bn-lenet": bnLenet };
/** What float32 and float64 runs of PyTorch differ by, with room for another order of summation. */
const LOSS_ERROR = 1e-4;
const WEIGHT_ERROR = 2e-3;

/** The batch of a step: the formula is the same in tools/goldens. */
function batchOf({ seed, batch }: TrainingCase, step: number): [Tensor, Tensor] {
  const x = tensor(new Generator(seed, step).uniforms(batch * 784), { shape: [batch, 1, 28, 28] });
  const labels = Int32Array.from({ length: batch }, (_, i) => (i * 7 + step) % 10);
  return [x, tensor(labels, { shape: [batch] })];
}

function netOf(c: TrainingCase, fixture: Fixture<TrainingCase>): nn.Sequential {
  const net = nets[c.id]();
  const initial = `${c.id}/initial.`;
  const state = fixture.namesAfter(initial).map((key): [string, Tensor] => [key, fixture.tensor(initial + key)]);
  net.loadStateDict(Object.fromEntries(state), { strict: false });
  return net;
}

async function train({ backend }: Subject, c: TrainingCase, fixture: Fixture<TrainingCase>): Promise<undefined> {
  setBackend(backend);
  const net = netOf(c, fixture);
  const expected = fixture.data(`${c.id}/losses.float64`);
  for (let step = 0; step < c.steps; step++) {
    const [x, y] = batchOf(c, step);
    const loss = crossEntropy(net.forward(x), y);
    loss.backward();
    descend(net.parameters(), c.lr);
    const error = Math.abs((await loss.item()) - expected[step]);
    expect(
      error < LOSS_ERROR,
      () => `the loss of step ${step} is ${error} away from PyTorch's ${expected[step]} (${LOSS_ERROR} allowed)`,
    );
  }
  await checkWeights(net, c, fixture);
}
/** Mean and root mean square of every parameter and running statistic. */
async function checkWeights(net: nn.Sequential, c: TrainingCase, fixture: Fixture<TrainingCase>): Promise<void> {
  const final = `${c.id}/final.`;
  const state = await net.stateDict();
  for (const key of fixture.namesAfter(final)) {
    const [mean, size] = fixture.data(final + key);
    const values = Array.from(await state[key].data());
    const found = values.reduce((a, b) => a + b, 0) / values.length;
    const foundSize = Math.sqrt(values.reduce((a, b) => a + b * b, 0) / values.length);
    const error = Math.max(Math.abs(found - mean), Math.abs(foundSize - size)) / Math.max(size, 1e-2);
    expect(
      error < WEIGHT_ERROR,
      () => `${key} ends with mean ${found} and size ${foundSize}, but PyTorch's has ${mean} and ${size}`,
    );
  }
}

export async function trainingChecks(subject: Subject): Promise<Check[]> {
  const fixture = await loadFixture<TrainingCase>("training");
  return fixture.cases.map((c) => ({
    level: "training",
    op: c.id,
    name: `${c.steps} steps`,
    run: () => train(subject, c, fixture),
  }));
}
