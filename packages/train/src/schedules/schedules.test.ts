// Every schedule against PyTorch over 100 epochs, on two parameter groups; how schedules are saved; their messages.
import { reference } from "@lamina/backend-reference";
import { Parameter, setBackend, tensor } from "@lamina/core";
import { beforeAll, describe, expect, test } from "vitest";
import { fixture } from "../fixture.child.ts";
import { Adagrad, Adam, SGD } from "../optim/index.ts";
import {
  CosineAnnealingLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  type LRScheduler,
  MultiStepLR,
  OneCycleLR,
  ReduceLROnPlateau,
  type Scheduled,
  SequentialLR,
  StepLR,
} from "./index.ts";

beforeAll(async () => setBackend(await reference()));

const formulas: Readonly<Record<string, (epoch: number) => number>> = {
  "1/(1+epoch)": (epoch) => 1 / (1 + epoch),
  "0.95**epoch": (epoch) => 0.95 ** epoch,
  "1+epoch": (epoch) => 1 + epoch,
};
const formula = (f: string | string[]) => (typeof f === "string" ? formulas[f] : f.map((one) => formulas[one]));
const classes = { CosineAnnealingLR, ExponentialLR, LinearLR, MultiStepLR, OneCycleLR, ReduceLROnPlateau, StepLR };

// biome-ignore lint/suspicious/noExplicitAny: options come out of a file.
function make(name: string, optimizer: Scheduled, options: any): LRScheduler | ReduceLROnPlateau {
  if (name === "LambdaLR") return new LambdaLR(optimizer, { lrLambda: formula(options.lrLambda) });
  if (name !== "SequentialLR") return new classes[name as keyof typeof classes](optimizer, options);
  const parts = (options.schedulers as [string, object][]).map(([n, o]) => make(n, optimizer, o) as LRScheduler);
  return new SequentialLR(optimizer, { milestones: options.milestones, schedulers: parts });
}
const parameter = () => new Parameter(tensor([0]), { name: "w" });
const twoGroups = () =>
  new SGD(
    [
      { params: [parameter()], lr: 0.4 },
      { params: [parameter()], lr: 0.02 },
    ],
    { lr: 1, momentum: 0.9 },
  );
const metric = (epoch: number) => Math.exp(-epoch / 15) + 0.3 * Math.sin(epoch);
const step = (schedule: LRScheduler | ReduceLROnPlateau, epoch: number) =>
  schedule instanceof ReduceLROnPlateau ? schedule.step(metric(epoch)) : schedule.step();

const { cases, tensors } = fixture<{ id: string; index: number; schedule: string; options: object }>("schedules");
const round = (x: number) => Number(x.toPrecision(12));

describe.each(cases)("$id", ({ schedule: name, options, index }) => {
  test("is PyTorch's", async () => {
    const optimizer = twoGroups();
    const schedule = make(name, optimizer, options);
    const found: number[] = [];
    for (let epoch = 0; epoch < 100; epoch++) {
      found.push(...optimizer.paramGroups.flatMap(({ lr, momentum }) => [round(lr), round(momentum)]));
      step(schedule, epoch);
    }
    const [rates, momenta] = await Promise.all(
      [`rates.${index}`, `momenta.${index}`].map((k) => tensors.get(k)!.data()),
    );
    const expected = Array.from(rates as Float64Array).flatMap((lr, i) => [round(lr), round(momenta[i])]);
    expect(found).toEqual(expected);
  });
  test("goes on from its state", async () => {
    const [a, b] = [twoGroups(), twoGroups()];
    const [straight, first] = [make(name, a, options), make(name, b, options)];
    for (let epoch = 0; epoch < 43; epoch++) {
      step(straight, epoch);
      step(first, epoch);
    }
    const c = twoGroups();
    const second = make(name, c, options);
    c.loadStateDict(await b.stateDict());
    second.loadStateDict(JSON.parse(JSON.stringify(first.stateDict())));
    for (let epoch = 43; epoch < 100; epoch++) {
      step(straight, epoch);
      step(second, epoch);
      expect(second.getLastLr()).toEqual(straight.getLastLr());
    }
  });
});

test("OneCycleLR changes β1 of an optimiser that has one", () => {
  const adam = new Adam([parameter()]);
  const schedule = new OneCycleLR(adam, { maxLr: 0.1, totalSteps: 10 });
  expect(adam.paramGroups[0].betas).toEqual([0.95, 0.999]);
  schedule.step();
  schedule.step();
  expect(adam.paramGroups[0].betas).toEqual([0.85, 0.999]);
});

test("messages", () => {
  const optimizer = twoGroups();
  expect(() => new StepLR(optimizer, { stepSize: 0 })).toThrow(
    "StepLR: stepSize is 0 but must be a whole number from 1; pass one",
  );
  expect(() => new LinearLR(optimizer, { startFactor: 0 })).toThrow(
    "LinearLR: startFactor is 0 but must be above 0 and at most 1; pass 1/3, say",
  );
  expect(() => new LambdaLR(optimizer, { lrLambda: [Math.sqrt] })).toThrow(
    "LambdaLR: there are 1 functions but 2 parameter groups; pass one function, or one a group",
  );
  expect(() => new ReduceLROnPlateau(optimizer, { factor: 1 })).toThrow(
    "ReduceLROnPlateau: factor is 1 but must be below 1; pass 0.1, say",
  );
  expect(() => new ReduceLROnPlateau(optimizer, { minLr: [0] })).toThrow(
    "ReduceLROnPlateau: minLr has 1 rates but the optimiser 2 parameter groups; pass one number, or one a group",
  );
  expect(() => new SequentialLR(optimizer, { schedulers: [], milestones: [1] })).toThrow(
    "SequentialLR: there are 0 schedulers but 1 milestones; pass one milestone fewer than schedulers",
  );
  expect(() => new OneCycleLR(optimizer, { maxLr: 1 })).toThrow(
    "OneCycleLR: totalSteps is undefined, epochs undefined and stepsPerEpoch undefined; pass totalSteps, or both others",
  );
  expect(() => new OneCycleLR(optimizer, { maxLr: [1], totalSteps: 3 })).toThrow(
    "OneCycleLR: maxLr has 1 rates but the optimiser 2 parameter groups; pass one number, or one a group",
  );
  expect(() => new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 3, pctStart: 2 })).toThrow(
    "OneCycleLR: pctStart is 2 but must be from 0 to 1; pass 0.3, say",
  );
  expect(() => new OneCycleLR(new Adagrad([parameter()]), { maxLr: 1, totalSteps: 3 })).toThrow(
    "OneCycleLR: the optimiser has neither momentum nor betas for cycleMomentum to change; pass cycleMomentum: false",
  );
  const short = new OneCycleLR(optimizer, { maxLr: 1, totalSteps: 2 });
  short.step();
  short.step();
  expect(() => short.step()).toThrow(
    "OneCycleLR: step 3 of a cycle of 2; pass the number of steps you will make as totalSteps",
  );
});
