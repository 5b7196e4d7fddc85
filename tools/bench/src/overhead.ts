// What core costs: a LeNet training step on a device that computes nothing. Recording, gradients, look-up, handing out.
import { type Backend, crossEntropy, ops, type Program, setBackend, stats, sync, tensor } from "@lamina/core";
import { lenet } from "@lamina/models";
import { SGD } from "@lamina/train";
import { median } from "./statistics.ts";

export interface Overhead {
  /** Ops recorded in a step. */
  readonly nodes: number;
  readonly microsecondsPerNode: number;
}

/** Has a row for every op and no numbers. */
function idleBackend(): Backend<object> {
  const buffer = () => ({});
  return {
    name: "idle",
    dtypes: ["float32", "int32", "uint8", "bool"],
    kernels: Object.fromEntries(Object.keys(ops).map((name) => [name, buffer])),
    upload: buffer,
    read: () => new Float32Array(1),
    free: () => {},
    compile: (program: Program) => () => program.outputs.map(buffer),
    memory: () => ({ bytes: 0, buffers: 0, peakBytes: 0 }),
    close: async () => {},
  };
}

/** The median of `steps` steps, after as many to warm up. */
export async function measureOverhead(steps: number): Promise<Overhead> {
  setBackend(idleBackend());
  const model = lenet();
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  const [x, y] = [tensor(new Float32Array(784), { shape: [1, 1, 28, 28] }), tensor(Int32Array.of(3))];
  const times: number[] = [];
  let nodes = 0;
  for (let i = 0; i < 2 * steps; i++) {
    const before = stats().recorded;
    const start = performance.now();
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    await sync();
    if (i >= steps) times.push(performance.now() - start);
    nodes = stats().recorded - before;
  }
  return { nodes, microsecondsPerNode: (1000 * median(times)) / nodes };
}
