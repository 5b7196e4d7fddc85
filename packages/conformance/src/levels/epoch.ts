// Level "epoch": LeNet trained on 6,000 real pictures, from the weights and in the order that PyTorch had, so that every device
// ends within the same bounds. The pictures are those of @lamina/fashion-mnist, which need not be installed.
import {
  add,
  argmax,
  crossEntropy,
  mul,
  type nn,
  noGrad,
  Parameter,
  setBackend,
  sub,
  tensor,
  zeros,
} from "@lamina/core";
import { lenet } from "@lamina/models";
import { Absent, type Check, Mismatch, type Outcome } from "../check.ts";
import { loadFixture } from "../fixtures.ts";
import { fillByFormula } from "../formula.ts";
import type { Subject } from "../subject.ts";

/** As tools/goldens/epoch.py writes it. */
interface EpochCase {
  readonly pictures: number;
  readonly batch: number;
  readonly lr: number;
  readonly momentum: number;
  readonly mean: number;
  readonly deviation: number;
  /** How many of the pictures that follow tell the accuracy. */
  readonly tested: number;
  readonly accuracy: number;
}
/** Of the mean of the last ten losses, in parts; PyTorch in float32 is 1e-6 away from itself in float64. */
const LOSS = 1e-3;
/** Of the accuracy: ten pictures. */
const ACCURACY = 0.01;
const LAST = 10;

async function pictures() {
  const { FashionMNIST } = await import("@lamina/data").catch(() => {
    throw new Absent("the pictures are not installed; npm install @lamina/data @lamina/fashion-mnist");
  });
  return FashionMNIST.load();
}

/** Normalised pictures and their labels, from one on. */
function batchOf({ images, labels }: Awaited<ReturnType<typeof pictures>>, from: number, n: number, c: EpochCase) {
  const x = Float32Array.from(images.subarray(from * 784, (from + n) * 784), (v) => (v / 255 - c.mean) / c.deviation);
  return [tensor(x, { shape: [n, 1, 28, 28] }), tensor(Int32Array.from(labels.subarray(from, from + n)))] as const;
}
/** Stochastic gradient descent with momentum. */
function optimizerOf(parameters: readonly Parameter[], { lr, momentum }: EpochCase): () => void {
  const velocities = parameters.map((p) => new Parameter(zeros(p.shape)));
  return () =>
    noGrad(() => {
      for (const [i, p] of parameters.entries()) {
        velocities[i].set(add(mul(velocities[i], momentum), p.grad!));
        p.set(sub(p, mul(velocities[i], lr)));
        p.grad = undefined;
      }
    });
}
async function accuracyOf(net: nn.Module, data: Awaited<ReturnType<typeof pictures>>, c: EpochCase): Promise<number> {
  const [x, labels] = batchOf(data, c.pictures, c.tested, c);
  const found = await noGrad(() => argmax(net.forward(x), 1)).data();
  const expected = await labels.data();
  return found.filter((label, i) => label === expected[i]).length / c.tested;
}

async function train({ backend }: Subject, c: EpochCase, expected: ArrayLike<number>): Promise<Outcome> {
  const data = await pictures();
  setBackend(backend);
  const net = fillByFormula(lenet());
  const step = optimizerOf([...net.parameters()], c);
  const losses: number[] = [];
  for (let at = 0; at < c.pictures; at += c.batch) {
    const [x, labels] = batchOf(data, at, c.batch, c);
    const loss = crossEntropy(net.forward(x), labels);
    loss.backward();
    step();
    losses.push(await loss.item());
  }
  const accuracy = await accuracyOf(net, data, c);
  const [found, wanted] = [mean(losses.slice(-LAST)), mean(Array.from(expected).slice(-LAST))];
  const error = Math.abs(found - wanted) / wanted;
  const outcome = { ulps: error * 2 ** 23, tolerance: LOSS * 2 ** 23 };
  const off = Math.abs(accuracy - c.accuracy);
  if (!(error <= LOSS) || !(off <= ACCURACY))
    throw new Mismatch(
      `the last ${LAST} losses have mean ${found}, PyTorch's ${wanted} (${LOSS} of it allowed); ${100 * accuracy} % of ${c.tested} pictures are right, PyTorch has ${100 * c.accuracy} (${100 * ACCURACY} points allowed)`,
      outcome,
    );
  return outcome;
}
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length;

export async function epochChecks(subject: Subject): Promise<Check[]> {
  const fixture = await loadFixture<EpochCase>("epoch");
  return fixture.cases.map((c) => ({
    level: "epoch",
    op: "lenet",
    name: `${c.pictures} pictures`,
    run: () => train(subject, c, fixture.data("losses")),
  }));
}
