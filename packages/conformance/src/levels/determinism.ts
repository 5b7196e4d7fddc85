// Levels "determinism" and "concurrency": the same seed gives the same bits, and loops that run at once do not see each other.
import {
  type Backend,
  crossEntropy,
  dropout,
  Generator,
  manualSeed,
  rand,
  randn,
  setBackend,
  type TypedArray,
  tensor,
} from "@lamina/core";
import { type Check, expect } from "../check.ts";
import { sameBits } from "../compare.ts";
import { descend, droppingLenet, labelsOf, noise, smallNet } from "../nets.ts";
import type { Subject } from "../subject.ts";

const STEPS = 12;
function expectSame(actual: readonly TypedArray[], expected: readonly TypedArray[], what: string): undefined {
  expected.forEach((value, i) => {
    const change = sameBits(actual[i], value);
    expect(!change, () => `${what} ${i}: ${change}`);
  });
  return undefined;
}

/** Trains a small network and gives its losses, then its weights. */
async function train(name: string, between: () => Promise<unknown> = async () => undefined): Promise<TypedArray[]> {
  const net = smallNet(name);
  const losses: TypedArray[] = [];
  for (let step = 0; step < STEPS; step++) {
    const loss = net.loss(step);
    loss.backward();
    await between();
    descend(net.parameters, 0.3);
    losses.push(await loss.data());
  }
  return [...losses, ...(await Promise.all(net.parameters.map((p) => p.data())))];
}

async function trainsTheSame(backend: Backend): Promise<undefined> {
  setBackend(backend);
  const first = await train("twice");
  setBackend(backend);
  return expectSame(await train("twice"), first, "of two equal runs, value");
}
async function dropsTheSame(backend: Backend): Promise<undefined> {
  setBackend(backend);
  const draw = async () => {
    manualSeed(7);
    return Promise.all([dropout(noise("dropped", [9, 9])), rand([3, 5]), randn([4])].map((t) => t.data()));
  };
  return expectSame(await draw(), await draw(), "with one seed, draw");
}
/** Weights from an initialiser and masks from dropout: every kind of draw that a training run makes. */
async function seededRun(backend: Backend): Promise<TypedArray[]> {
  setBackend(backend);
  manualSeed(11);
  const net = droppingLenet();
  const losses: TypedArray[] = [];
  for (let step = 0; step < 10; step++) {
    const loss = crossEntropy(net.forward(noise(`drawn ${step}`, [3, 1, 28, 28])), labelsOf(`drawn ${step}`, 3, 10));
    loss.backward();
    descend(net.parameters(), 0.5);
    losses.push(await loss.data());
  }
  return [...losses, ...(await Promise.all([...net.parameters()].map((p) => p.data())))];
}
async function seededRunsTheSame(backend: Backend): Promise<undefined> {
  const first = await seededRun(backend);
  const changed = sameBits(first[9], first[8]);
  expect(changed !== undefined, () => "the loss does not change from step to step, so the run shows nothing");
  return expectSame(await seededRun(backend), first, "of two runs from one seed, value");
}
/** The device's numbers are the host's: both are Philox. */
async function drawsPhilox(backend: Backend): Promise<undefined> {
  setBackend(backend);
  for (const [seed, counter, n] of [
    [0, 0, 17],
    [2 ** 40 + 5, 3, 64],
    [123456789, 2 ** 33, 1003],
  ]) {
    const actual = await rand([n], { generator: new Generator(seed, counter) }).data();
    expectSame([actual], [new Generator(seed, counter).uniforms(n)], `seed ${seed}, counter ${counter}: draw`);
  }
  return undefined;
}
async function anotherDeviceTheSame({ backend, open }: Subject): Promise<undefined> {
  setBackend(backend);
  const here = await train("elsewhere");
  const other = await open();
  try {
    setBackend(other);
    return expectSame(await train("elsewhere"), here, "on a second device, value");
  } finally {
    setBackend(backend);
    await other.close();
  }
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
async function loopsAtOnce(backend: Backend): Promise<undefined> {
  setBackend(backend);
  const alone = [await train("left"), await train("right")];
  const [left, right] = await Promise.all([train("left", pause), train("right", () => pause().then(pause))]);
  expectSame(left, alone[0], "of the first of two loops at once, value");
  return expectSame(right, alone[1], "of the second of two loops at once, value");
}
async function readsAtOnce(backend: Backend): Promise<undefined> {
  setBackend(backend);
  const x = noise("read", [11, 3]);
  const y = x.mul(3);
  const z = y.sum(0);
  const [first, again, total, source] = await Promise.all([y.data(), y.data(), z.data(), x.data()]);
  expectSame([again], [first], "read twice at once, value");
  expectSame([await y.data(), await z.data()], [first, total], "read later, value");
  return expectSame([first], [source.map((v) => Math.fround(v * 3)) as TypedArray], "read at once, value");
}
async function readWhileRecording(backend: Backend): Promise<undefined> {
  setBackend(backend);
  const x = noise("early", [64]);
  const y = x.add(1);
  const reading = y.data();
  const z = y.mul(2); // recorded before the read has run
  const [early, later] = [await reading, await z.data()];
  return expectSame([later], [early.map((v) => v * 2) as TypedArray], "recorded beside a read, value");
}
/** What an upload copied is not changed by what happens to the array afterwards. */
async function hostArraysAreCopied(backend: Backend): Promise<undefined> {
  setBackend(backend);
  const host = new Float32Array([1, 2, 3, 4, 5]);
  const x = tensor(host);
  const y = x.add(1);
  host.fill(9);
  return expectSame([await y.data()], [new Float32Array([2, 3, 4, 5, 6])], "of an array that was overwritten, value");
}

export function determinismChecks(subject: Subject): Check[] {
  const { backend } = subject;
  const check = (level: "determinism" | "concurrency", name: string, run: Check["run"]): Check => ({
    level,
    op: "program",
    name,
    run,
  });
  return [
    check("determinism", "a training run twice", () => trainsTheSame(backend)),
    check("determinism", "dropout and random tensors from one seed", () => dropsTheSame(backend)),
    check("determinism", "ten steps of LeNet with dropout from one seed", () => seededRunsTheSame(backend)),
    check("determinism", "random bits are Philox's", () => drawsPhilox(backend)),
    check("determinism", "a training run on a second device", () => anotherDeviceTheSame(subject)),
    check("concurrency", "two loops at once", () => loopsAtOnce(backend)),
    check("concurrency", "reads at once", () => readsAtOnce(backend)),
    check("concurrency", "recording beside a read", () => readWhileRecording(backend)),
    check("concurrency", "host arrays are copied", () => hostArraysAreCopied(backend)),
  ];
}
