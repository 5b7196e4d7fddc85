// Optimisers by name: the table behind --optimizer.
import type { nn } from "@lamina/core";
import { Adadelta, Adagrad, Adam, AdamW, LARS, NAdam, type Optimizer, RAdam, RMSprop, SGD } from "@lamina/train";
import type { RunConfig } from "./runFolder.ts";

interface Entry {
  /** The learning rate if nobody names one: PyTorch's default, where it has a useful one. */
  readonly lr: number;
  // biome-ignore lint/suspicious/noExplicitAny: each optimiser has hyper-parameters of its own.
  make(model: nn.Module, config: Pick<RunConfig, "lr" | "momentum" | "weightDecay">): Optimizer<any>;
}
export const optimizers: Readonly<Record<string, Entry>> = {
  sgd: { lr: 0.1, make: (m, { lr, momentum, weightDecay }) => new SGD(m.parameters(), { lr, momentum, weightDecay }) },
  adam: { lr: 1e-3, make: (m, { lr, weightDecay }) => new Adam(m.parameters(), { lr, weightDecay }) },
  adamw: { lr: 1e-3, make: (m, { lr, weightDecay }) => new AdamW(m.parameters(), { lr, weightDecay }) },
  rmsprop: {
    lr: 1e-2,
    make: (m, { lr, momentum, weightDecay }) => new RMSprop(m.parameters(), { lr, momentum, weightDecay }),
  },
  adagrad: { lr: 1e-2, make: (m, { lr, weightDecay }) => new Adagrad(m.parameters(), { lr, weightDecay }) },
  adadelta: { lr: 1, make: (m, { lr, weightDecay }) => new Adadelta(m.parameters(), { lr, weightDecay }) },
  nadam: { lr: 2e-3, make: (m, { lr, weightDecay }) => new NAdam(m.parameters(), { lr, weightDecay }) },
  radam: { lr: 1e-3, make: (m, { lr, weightDecay }) => new RAdam(m.parameters(), { lr, weightDecay }) },
  lars: { lr: 1, make: (m, { lr, momentum, weightDecay }) => new LARS(m.parameters(), { lr, momentum, weightDecay }) },
};
