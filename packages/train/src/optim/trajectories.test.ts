// Every optimiser against PyTorch: 100 steps on a bowl, in float64, with a learning rate that changes all the time. The
// paths are of tools/goldens/optimizers.py.
import { reference } from "@lamina/backend-reference";
import { cast, mul, Parameter, setBackend, stats, sub, sum, tensor } from "@lamina/core";
import { beforeAll, describe, expect, test } from "vitest";
import { fixture } from "../fixture.child.ts";
import { Adadelta, Adagrad, Adam, AdamW, LARS, NAdam, RAdam, RMSprop, SGD } from "./index.ts";

const classes = { Adadelta, Adagrad, Adam, AdamW, LARS, NAdam, RAdam, RMSprop, SGD };

interface Case {
  readonly id: string;
  readonly index: number;
  readonly optimizer: keyof typeof classes;
  readonly options: object;
  readonly lr: number;
}
const { cases, tensors } = fixture<Case>("optimizers");
const values = (name: string): Promise<ArrayLike<number>> => tensors.get(name)!.data();

beforeAll(async () => setBackend(await reference()));

describe.each(cases)("$id", ({ optimizer: name, options, index, lr }) => {
  test("is PyTorch's path", async () => {
    const [start, scale, target] = ["start", "scale", "target"].map((key) => tensors.get(key)!);
    const p = new Parameter(tensor(await start.data(), { shape: [2, 4], dtype: "float64" }), { name: "p" });
    const [a, b] = [scale, target].map((t) => cast(t, "float64"));
    const optimizer = new classes[name]([p], options as { lr: number });
    const path = await values(`path.${index}`);
    let worst = 0;
    for (let step = 0; step < 100; step++) {
      optimizer.zeroGrad();
      const away = sub(p, b);
      sum(mul(a, mul(away, away))).backward();
      for (const group of optimizer.paramGroups) group.lr = lr * (1 + 0.5 * Math.sin(step / 7));
      optimizer.step();
      const found = await p.data();
      for (let i = 0; i < 8; i++)
        worst = Math.max(worst, Math.abs(found[i] - path[step * 8 + i]) / Math.max(1, Math.abs(path[step * 8 + i])));
    }
    expect(worst).toBeLessThan(1e-9);
  });
});

test("a step is one program, whatever the numbers and the phase", async () => {
  for (const name of Object.keys(classes) as Case["optimizer"][]) {
    const p = new Parameter(tensor([1, -2, 3]), { name: "p" });
    const optimizer = new classes[name]([p], { lr: 0.1 });
    const step = async (): Promise<void> => {
      p.grad = tensor([0.5, -1, 2]);
      optimizer.step();
      await p.data();
    };
    await step();
    const { programs } = stats();
    for (let i = 0; i < 10; i++) await step();
    expect([name, stats().programs]).toEqual([name, programs]);
  }
});
