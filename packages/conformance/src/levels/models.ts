// Level "models": every network of the book in @lamina/models, reduced in width and size, against PyTorch: what it gives in
// use, the gradients of one step, and twenty steps loss by loss.
import {
  crossEntropy,
  Generator,
  manualSeed,
  type nn,
  noGrad,
  setBackend,
  sizeOf,
  type Tensor,
  tensor,
} from "@lamina/core";
import * as models from "@lamina/models";
import { type Check, Mismatch, type Outcome } from "../check.ts";
import { type Fixture, loadFixture } from "../fixtures.ts";
import { fillByFormula, probe } from "../formula.ts";
import { descend } from "../nets.ts";
import type { Subject } from "../subject.ts";

/** As tools/goldens/models.py writes them. */
interface ModelCase {
  /** The function's name in @lamina/models, `alexnet` or `d2lzh.alexnet`. */
  readonly id: string;
  readonly options: object;
  readonly input: readonly number[];
  readonly lr: number;
  readonly steps: number;
  /** Of batches and dropout. */
  readonly seed: number;
  /** Their names, in the order of the probes. */
  readonly parameters: readonly string[];
  readonly state: readonly string[];
}
type Make = (options: object) => nn.Module;

/** Allowed errors, in parts of what is compared; those of PyTorch in float32 are a tenth of these or less. */
const LOGITS = 1e-4;
const LOSS = 1e-4;
const GRADIENTS = 1e-3;
const STATE = 1e-3;

function netOf({ id, options }: ModelCase): nn.Module {
  const found = id
    .split(".")
    .reduce((at, name) => at[name] as Record<string, unknown>, models as Record<string, unknown>);
  return fillByFormula((found as unknown as Make)(options));
}
/** The batch of a step: the formula is the same in tools/goldens. */
function batchOf({ seed, input }: ModelCase, step: number): [Tensor, Tensor] {
  const x = tensor(new Generator(seed, step).uniforms(sizeOf(input)), { shape: input });
  const labels = Int32Array.from({ length: input[0] }, (_, i) => (i * 7 + step) % 10);
  return [x, tensor(labels)];
}

/** Collects the largest error in parts of what is allowed; throws at once if it is more. */
class Errors {
  private worst = 0;
  private readonly allowed: number;
  constructor(allowed: number) {
    this.allowed = allowed;
  }
  add(error: number, what: () => string): void {
    this.worst = Math.max(this.worst, error);
    if (!(error <= this.allowed))
      throw new Mismatch(`${what()}: ${error.toExponential(1)} away, ${this.allowed} allowed`, this.outcome);
  }
  get outcome(): Outcome {
    return { ulps: this.worst * 2 ** 23, tolerance: this.allowed * 2 ** 23 };
  }
}
/** Holds probes of tensors against PyTorch's. Each is measured by the size that its numbers have. */
async function compareProbes(
  names: readonly string[],
  tensors: readonly Tensor[],
  expected: ArrayLike<number>,
  errors: Errors,
): Promise<void> {
  const found = await Promise.all(tensors.map(probe));
  const sizes = names.map((_, i) => expected[2 * i + 1]);
  const least = 1e-2 * Math.max(...sizes); // below it everything is rounding, as the gradient of a bias before a normalisation
  found.forEach(([product, size], i) => {
    const scale = Math.max(sizes[i], least);
    errors.add(Math.abs(size - sizes[i]) / scale, () => `${names[i]} has size ${size}, PyTorch's ${sizes[i]}`);
    errors.add(
      Math.abs(product - expected[2 * i]) / (scale * Math.sqrt(tensors[i].numel)),
      () => `${names[i]} times the pattern is ${product}, PyTorch's ${expected[2 * i]}`,
    );
  });
}

async function forward(c: ModelCase, fixture: Fixture<ModelCase>): Promise<Outcome> {
  const net = netOf(c).eval();
  const expected = fixture.data(`${c.id}/logits`);
  const found = await noGrad(() => net.forward(batchOf(c, 0)[0])).data();
  const largest = Math.max(...Array.from(expected, Math.abs));
  const errors = new Errors(LOGITS);
  expected.forEach((e, i) => {
    errors.add(Math.abs(found[i] - e) / largest, () => `logit ${i} is ${found[i]}, PyTorch's ${e}`);
  });
  return errors.outcome;
}
function lossOf(net: nn.Module, c: ModelCase, step: number): Tensor {
  const [x, y] = batchOf(c, step);
  return crossEntropy(net.forward(x), y);
}
async function oneStep(c: ModelCase, fixture: Fixture<ModelCase>): Promise<Outcome> {
  const net = netOf(c);
  manualSeed(c.seed);
  lossOf(net, c, 0).backward();
  const errors = new Errors(GRADIENTS);
  const gradients = net.parameters().map((p) => p.grad!);
  await compareProbes(c.parameters, gradients, fixture.data(`${c.id}/gradients`), errors);
  return errors.outcome;
}
async function manySteps(c: ModelCase, fixture: Fixture<ModelCase>): Promise<Outcome> {
  const net = netOf(c);
  const losses = fixture.data(`${c.id}/losses`);
  manualSeed(c.seed);
  const errors = new Errors(LOSS);
  for (let step = 0; step < c.steps; step++) {
    const loss = lossOf(net, c, step);
    loss.backward();
    descend(net.parameters(), c.lr);
    const found = await loss.item();
    const expected = losses[step];
    errors.add(Math.abs(found - expected), () => `the loss of step ${step} is ${found}, PyTorch's ${expected}`);
  }
  const state = await net.stateDict();
  const tensors = c.state.map((key) => state[key]);
  await compareProbes(c.state, tensors, fixture.data(`${c.id}/final`), new Errors(STATE));
  return errors.outcome;
}

const parts = { forward, "one step": oneStep, "twenty steps": manySteps };

export async function modelChecks({ backend }: Subject): Promise<Check[]> {
  const fixture = await loadFixture<ModelCase>("models");
  return fixture.cases.flatMap((c) =>
    Object.entries(parts).map(
      ([name, part]): Check => ({
        level: "models",
        op: c.id,
        name,
        run: () => {
          setBackend(backend);
          return part(c, fixture);
        },
      }),
    ),
  );
}
