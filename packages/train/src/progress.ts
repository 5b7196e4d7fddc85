// Where a training run is, as tensors and plain values: what a checkpoint holds, and how a run goes on from it.
import { type nn, type RandomState, randomState, setRandomState, type Tensor } from "@lamina/core";
import { addTo, type BatchMetrics, type EpochResult, noSums, type Sums } from "./metrics.ts";
import type { EMA } from "./optim/ema.ts";
import type { Optimizer, OptimizerState } from "./optim/optimizer.ts";

/** What is saved: tensors by name, and the rest as JSON. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly meta: CheckpointMeta;
}
export interface CheckpointMeta {
  /** The epoch that runs, or comes next; the first is 1. */
  readonly epoch: number;
  /** Its batches that are done. */
  readonly step: number;
  /** All of them are; what is missing is the evaluation. */
  readonly trained: boolean;
  /** Over those batches. */
  readonly sums: Sums;
  readonly seconds: number;
  readonly history: readonly EpochResult[];
  readonly random: RandomState;
  /** The loader's own. */
  readonly loader: unknown;
  readonly optimizer: {
    /** Of each parameter by its number. */
    readonly numbers: Readonly<Record<string, OptimizerState["state"][string]["numbers"]>>;
    readonly paramGroups: OptimizerState["paramGroups"];
  };
  /** Of schedule, average and callbacks, by name. */
  readonly companions: Readonly<Record<string, unknown>>;
}
/** Where checkpoints go: a folder (`@lamina/train/checkpoint`), or something of your own. */
export interface CheckpointStore {
  save(checkpoint: Checkpoint): Promise<unknown>;
  /** The newest, or undefined if there is none. */
  load(): Promise<Checkpoint | undefined>;
}
/** A loader that can go on in the middle of an epoch, as DataLoader does. */
interface Restorable {
  /** Batches in an epoch. */
  readonly length: number;
  state(): unknown;
  restore(state: unknown): void;
}
export const isRestorable = (x: object): x is Restorable => "length" in x && "state" in x && "restore" in x;

export class Progress {
  epoch = 1;
  step = 0;
  trained = false;
  sums = noSums();
  /** Spent on the steps of this epoch. */
  seconds = 0;
  history: EpochResult[] = [];

  /** One more step is done, of `steps` in an epoch. */
  add(batch: BatchMetrics, seconds: number, steps: number | undefined): void {
    this.step++;
    this.trained = this.step === steps;
    this.seconds += seconds;
    addTo(this.sums, batch);
  }
  /** On to the next epoch. */
  finishEpoch(result: EpochResult): void {
    this.history.push(result);
    this.epoch++;
    this.step = 0;
    this.trained = false;
    this.sums = noSums();
    this.seconds = 0;
  }
}

/** What takes part in a run. */
export interface Participants {
  readonly model: nn.Module;
  // biome-ignore lint/suspicious/noExplicitAny: any optimiser's hyper-parameters.
  readonly optimizer: Optimizer<any>;
  /** The loader of the training data. */
  readonly train: object;
  readonly ema?: EMA | undefined;
  /** Whatever else has a state, as plain values: the schedule, callbacks. */
  readonly companions?: Readonly<Record<string, Companion>>;
}
export interface Companion {
  stateDict(): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: what its own stateDict() gave, through JSON.
  loadStateDict(state: any): void;
}

const split = (name: string): [string, string] => {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
};

/** Where random numbers and the data are. */
export const whereabouts = ({ train }: Participants): Pick<CheckpointMeta, "random" | "loader"> => ({
  random: randomState(),
  loader: isRestorable(train) ? train.state() : null,
});
/** Reads everything that the rest of the run depends on. */
export async function capture(run: Participants, progress: Progress, at = whereabouts(run)): Promise<Checkpoint> {
  const { model, optimizer, ema } = run;
  const { epoch, step, trained, sums, seconds, history } = progress;
  const companions = Object.fromEntries(Object.entries(run.companions ?? {}).map(([k, c]) => [k, c.stateDict()]));
  const [modelState, { state, paramGroups }, average] = await Promise.all([
    model.stateDict(),
    optimizer.stateDict(),
    ema?.stateDict(),
  ]);
  const tensors = new Map<string, Tensor>();
  for (const [key, value] of Object.entries(modelState)) tensors.set(`model.${key}`, value);
  const numbers: Record<string, (typeof state)[string]["numbers"]> = {};
  for (const [i, one] of Object.entries(state)) {
    numbers[i] = one.numbers;
    for (const [name, value] of Object.entries(one.tensors)) tensors.set(`optimizer.${i}.${name}`, value);
  }
  for (const [key, value] of Object.entries(average?.averages ?? {})) tensors.set(`ema.${key}`, value);
  const meta = {
    epoch,
    step,
    trained,
    sums: { ...sums },
    seconds,
    history: [...history],
    ...at,
    optimizer: { numbers, paramGroups },
    companions: { ...companions, ...(average && { ema: average.updates }) },
  };
  return { tensors, meta };
}

/** Gives a model the weights of a checkpoint, and nothing else of it. @throws if they are not this model's. */
export function loadWeights(model: nn.Module, { tensors }: Checkpoint): void {
  const weights = [...tensors].filter(([name]) => name.startsWith("model."));
  model.loadStateDict(new Map(weights.map(([name, value]) => [split(name)[1], value])));
}

/** Puts everybody where they were, and gives where that was. */
export function restore(run: Participants, { tensors, meta }: Checkpoint): Progress {
  const { model, optimizer, train, ema } = run;
  if (!isRestorable(train) && meta.step > 0 && !meta.trained)
    throw new Error(
      `resume: the checkpoint is of epoch ${meta.epoch} after ${meta.step} batches, but the training data has no restore() to go on from there; use a DataLoader`,
    );
  const modelState = new Map<string, Tensor>();
  const averages: Record<string, Tensor> = {};
  const state = Object.fromEntries(
    Object.entries(meta.optimizer.numbers).map(([i, numbers]) => [
      i,
      { numbers, tensors: {} as Record<string, Tensor> },
    ]),
  );
  for (const [name, value] of tensors) {
    const [owner, rest] = split(name);
    const [i, key] = split(rest);
    if (owner === "model") modelState.set(rest, value);
    else if (owner === "ema") averages[rest] = value;
    else if (owner === "optimizer" && Object.hasOwn(state, i)) state[i].tensors[key] = value;
    else
      throw new Error(
        `resume: the checkpoint has a tensor ${name} that belongs to nothing; it was not written by fit()`,
      );
  }
  model.loadStateDict(modelState);
  optimizer.loadStateDict({ state, paramGroups: meta.optimizer.paramGroups });
  if (ema && "ema" in meta.companions) ema.loadStateDict({ updates: Number(meta.companions.ema), averages });
  for (const [name, companion] of Object.entries(run.companions ?? {}))
    if (name in meta.companions) companion.loadStateDict(meta.companions[name]);
  if (isRestorable(train) && meta.loader !== null) train.restore(meta.loader);
  setRandomState(meta.random);
  const { epoch, step, trained, seconds, sums, history } = meta;
  return Object.assign(new Progress(), { epoch, step, trained, seconds, sums: { ...sums }, history: [...history] });
}
