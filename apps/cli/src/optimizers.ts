// Optimisers by name: the table behind --optimizer.
import type { nn } from "@lamina/core";
import { Adadelta, Adagrad, Adam, AdamW, LARS, NAdam, type Optimizer, RAdam, RMSprop, SGD } from "@lamina/train";
import type { RunConfig } from "./runFolder.ts";

// biome-ignore lint/suspicious/noExplicitAny: each optimiser has hyper-parameters of its own.
type MakeOptimizer = (model: nn.Module, config: Pick<RunConfig, "lr" | "momentum" | "weightDecay">) => Optimizer<any>;
export const optimizers: Readonly<Record<string, MakeOptimizer>> = {
  sgd: (model, { lr, momentum, weightDecay }) => new SGD(model.parameters(), { lr, momentum, weightDecay }),
  adam: (model, { lr, weightDecay }) => new Adam(model.parameters(), { lr, weightDecay }),
  adamw: (model, { lr, weightDecay }) => new AdamW(model.parameters(), { lr, weightDecay }),
  rmsprop: (model, { lr, momentum, weightDecay }) => new RMSprop(model.parameters(), { lr, momentum, weightDecay }),
  adagrad: (model, { lr, weightDecay }) => new Adagrad(model.parameters(), { lr, weightDecay }),
  adadelta: (model, { lr, weightDecay }) => new Adadelta(model.parameters(), { lr, weightDecay }),
  nadam: (model, { lr, weightDecay }) => new NAdam(model.parameters(), { lr, weightDecay }),
  radam: (model, { lr, weightDecay }) => new RAdam(model.parameters(), { lr, weightDecay }),
  lars: (model, { lr, momentum, weightDecay }) => new LARS(model.parameters(), { lr, momentum, weightDecay }),
};
