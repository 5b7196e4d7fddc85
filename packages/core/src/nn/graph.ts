// One forward pass of a model as a graph: every op that was recorded, and which module recorded it. Nothing is computed, and
// no device is needed. What is read from the graph is in summary.ts and receptiveField.ts.
import type { Backend } from "../backend.ts";
import { dtypes, type Shape } from "../dtype.ts";
import { attachMethods } from "../methods.ts";
import { noGrad } from "../mode.ts";
import { trace, tracer } from "../pending.ts";
import { Tensor } from "../tensor.ts";
import { wrapForward } from "./hooks.ts";
import type { Module } from "./module.ts";

/** One use of a module. */
export interface Visit {
  /** Path in the model, `features.0`; the model's own is "". */
  readonly name: string;
  readonly module: Module;
  /** Of modules inside, in the order they ran. */
  readonly children: Visit[];
  /** What was recorded from its start to its end, the children's included. */
  readonly nodes: Tensor[];
  /** The input's, until it has run. */
  output: Tensor;
}
export interface Graph {
  readonly input: Tensor;
  readonly root: Visit;
}

/** Knows shapes and dtypes, and computes nothing. */
export const shapesOnly = { name: "shapes", dtypes, kernels: {} } as unknown as Backend;

/** The graph of the model in use, on an input of that shape. */
export function graphOf(model: Module, inputShape: Shape): Graph {
  attachMethods();
  const input = new Tensor(inputShape, "float32");
  const open: Visit[] = [];
  let root: Visit | undefined;
  const undo = model.namedModules().map(([name, module]) =>
    wrapForward(module, (forward) => {
      const { nodes } = tracer()!;
      const start = nodes.length;
      const visit: Visit = { name, module, children: [], nodes: [], output: input };
      root ??= visit;
      open.at(-1)?.children.push(visit);
      open.push(visit);
      visit.output = forward();
      open.pop();
      visit.nodes.push(...nodes.slice(start));
      return visit.output;
    }),
  );
  try {
    inMode(model, false, () => trace(shapesOnly, () => noGrad(() => model.forward(input))));
  } finally {
    for (const takeAway of undo.reverse()) takeAway();
  }
  return { input, root: root! };
}
/** Runs `f` with the model in training or in use; then each module is as it was. */
export function inMode<T>(model: Module, training: boolean, f: () => T): T {
  const modes = model.modules().map((m) => [m, m.training] as const);
  model.train(training);
  try {
    return f();
  } finally {
    for (const [m, mode] of modes) m.training = mode;
  }
}
