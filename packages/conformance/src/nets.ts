// Small networks and the steps that train them: what the levels about whole programs run.
import {
  conv2d,
  crossEntropy,
  Generator,
  matmul,
  maxPool2d,
  mul,
  nn,
  noGrad,
  Parameter,
  relu,
  type Shape,
  sizeOf,
  sub,
  type Tensor,
  tensor,
} from "@lamina/core";
import { seedOf, uniform } from "./inputs.ts";

/** Uniform from -1 to 1, the same for a name. */
export const noise = (name: string, shape: Shape): Tensor =>
  tensor(uniform(new Generator(seedOf(name)), sizeOf(shape), -1, 1), { shape });
export const labelsOf = (name: string, n: number, classes: number): Tensor =>
  tensor(new Generator(seedOf(name)).integers(n, 0, classes), { shape: [n] });

/** p -= lr·gradient for all of them, and gradients cleared: one program with the step that it ends. */
export function descend(parameters: Iterable<Parameter>, lr: number): void {
  noGrad(() => {
    for (const p of parameters) {
      p.set(sub(p, mul(p.grad!, lr)));
      p.grad = undefined;
    }
  });
}

/** A convolution, a pooling and a layer on images of 6 by 6: small enough for a thousand steps. */
export function smallNet(name: string): { parameters: Parameter[]; loss: (step: number) => Tensor } {
  const made = (part: string, shape: Shape) => new Parameter(mul(noise(`${name} ${part}`, shape), 0.4));
  const w = made("w", [3, 1, 3, 3]);
  const b = made("b", [3]);
  const v = made("v", [12, 4]);
  return {
    parameters: [w, b, v],
    loss(step) {
      const x = noise(`${name} x ${step % 7}`, [5, 1, 6, 6]);
      const features = maxPool2d(relu(conv2d(x, w, b)), 2);
      return crossEntropy(matmul(features.reshape(5, 12), v), labelsOf(`${name} y ${step % 7}`, 5, 4));
    },
  };
}

/** LeNet as the book has it, with the state-dict keys of tools/goldens. */
export const lenet = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Identity(),
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    ...head(400, false),
  );
/** LeNet's convolutions under a head that drops half of its features. */
export const droppingLenet = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.5),
    new nn.Linear(400, 84),
    new nn.Sigmoid(),
    new nn.Dropout(0.2),
    new nn.Linear(84, 10),
  );
export const bnLenet = (): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 5),
    new nn.BatchNorm2d(6),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.BatchNorm2d(16),
    new nn.Sigmoid(),
    new nn.AvgPool2d(2),
    new nn.Flatten(),
    ...head(256, true),
  );
function head(features: number, normalised: boolean): nn.Module[] {
  const layer = (n: number, m: number) => [
    new nn.Linear(n, m),
    ...(normalised ? [new nn.BatchNorm1d(m)] : []),
    new nn.Sigmoid(),
  ];
  return [...layer(features, 120), ...layer(120, 84), new nn.Linear(84, 10)];
}
