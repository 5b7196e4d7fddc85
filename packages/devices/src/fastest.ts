// Which device is the fastest for a model: by training it for a few steps on each, and putting everything back.
import {
  type Backend,
  crossEntropy,
  mul,
  type nn,
  noGrad,
  randomState,
  setBackend,
  setRandomState,
  sub,
  type Tensor,
} from "@lamina/core";
import { backendNames, openBackend } from "./byName.ts";

export interface Trial {
  readonly name: string;
  /** Of the measured steps, the middle one; undefined where it could not train. */
  readonly milliseconds?: number;
  /** Until the first step that was measured: opening, compiling. */
  readonly warmup?: number;
  /** Why it could not. */
  readonly reason?: string;
}
export interface Fastest {
  readonly name: string;
  /** Open, and set by setBackend(). */
  readonly backend: Backend;
  readonly trials: readonly Trial[];
  /** A sentence for people. */
  readonly why: string;
}
export interface FastestOptions {
  /** Names, or devices of your own by name (default: all but reference, which defines the ops and is slow on purpose). */
  candidates?: readonly string[] | Readonly<Record<string, () => Promise<Backend>>>;
  /** Default crossEntropy. */
  loss?: (logits: Tensor, y: Tensor) => Tensor;
}
/** The first step of a program is interpreted, the second compiled. */
const WARMUP_STEPS = 2;
const STEPS = 3;
/** Small, so that the numbers of the last step are as ordinary as those of the first. */
const RATE = 1e-4;
/** Slower than the best by so much after one step, a device is not tried again. */
const HOPELESS = 4;

/**
 * Trains `model` for three steps on `batch`, after two to warm up, on each device that is here, sets the fastest by setBackend() and
 * closes the others. Parameters, running statistics and the generator are as before afterwards. For a model that nobody has placed.
 * @throws if no device can train it, with the reason of each.
 */
export async function fastestBackend(
  model: nn.Module,
  batch: readonly [Tensor, Tensor],
  { candidates = backendNames.filter((name) => name !== "reference"), loss = crossEntropy }: FastestOptions = {},
): Promise<Fastest> {
  const openers = Array.isArray(candidates)
    ? candidates.map((name: string): Candidate => ({ name, open: () => openBackend(name) }))
    : Object.entries(candidates).map(([name, open]): Candidate => ({ name, open }));
  const before = { state: await model.stateDict(), random: randomState(), training: model.training };
  const opened: { backend: Backend; trial: Trial }[] = [];
  const trials: Trial[] = [];
  for (const { name, open } of openers) {
    const { backend, trial } = await tryOn(name, open, () => stepsOf(model, batch, loss, quickest(opened)));
    trials.push(trial);
    if (backend) opened.push({ backend, trial });
    putBack(model, before.state);
    setRandomState(before.random);
  }
  model.train(before.training);
  const best = opened.find(({ trial }) => trial.milliseconds === quickest(opened));
  if (best) setBackend(best.backend);
  for (const other of opened) if (other !== best) await other.backend.close();
  if (!best) throw new Error(`fastestBackend: no device can train this model: ${trials.map(sayTrial).join("; ")}`);
  return { name: best.trial.name, backend: best.backend, trials, why: reasonFor(best.trial, trials) };
}
interface Candidate {
  readonly name: string;
  readonly open: () => Promise<Backend>;
}
const quickest = (opened: readonly { trial: Trial }[]): number =>
  Math.min(...opened.map(({ trial }) => trial.milliseconds ?? Number.POSITIVE_INFINITY));

/** Times of its steps on one device; a device that opens and cannot train is given back all the same, to be closed. */
async function tryOn(
  name: string,
  open: () => Promise<Backend>,
  steps: () => Promise<number[]>,
): Promise<{ backend?: Backend; trial: Trial }> {
  const start = performance.now();
  let backend: Backend | undefined;
  try {
    backend = await open();
    setBackend(backend);
    const times = await steps();
    const measured = times.slice(WARMUP_STEPS).sort((a, b) => a - b);
    const warmup = performance.now() - start - measured.reduce((a, b) => a + b);
    return { backend, trial: { name, milliseconds: measured[measured.length >> 1], warmup } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...(backend && { backend }), trial: { name, reason } };
  }
}
async function stepsOf(
  model: nn.Module,
  [x, y]: readonly [Tensor, Tensor],
  loss: (logits: Tensor, y: Tensor) => Tensor,
  best: number,
): Promise<number[]> {
  const times: number[] = [];
  model.train();
  for (let i = 0; i < WARMUP_STEPS + STEPS; i++) {
    const start = performance.now();
    const value = loss(model.forward(x), y);
    model.zeroGrad();
    value.backward();
    noGrad(() => {
      for (const p of model.parameters()) if (p.grad) p.set(sub(p, mul(p.grad, RATE)));
    });
    await value.item();
    times.push(performance.now() - start);
    if (i === WARMUP_STEPS && times[i] > HOPELESS * best) break;
  }
  return times;
}
/** Nothing of the model stays on the device. */
function putBack(model: nn.Module, state: nn.StateDict): void {
  model.zeroGrad();
  model.loadStateDict(state);
  for (const cell of [...model.parameters(), ...model.buffers()]) cell.dropPrevious();
}

const ms = (n: number): string => `${n < 10 ? n.toFixed(1) : n.toFixed(0)} ms`;
const sayTrial = ({ name, milliseconds, reason }: Trial): string =>
  milliseconds === undefined ? `${name} cannot (${reason})` : `${name} takes ${ms(milliseconds)}`;
function reasonFor({ name, milliseconds }: Trial, trials: readonly Trial[]): string {
  const others = trials.filter((trial) => trial.name !== name).map(sayTrial);
  return `${name}: a step of this model takes ${ms(milliseconds!)} there${others.length ? `; ${others.join("; ")}` : ", and nothing else was tried"}`;
}
