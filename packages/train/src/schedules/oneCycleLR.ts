// The learning rate rises to a maximum and falls far below where it began, within a given number of steps; momentum goes the other way.
import { type At, LRScheduler, positiveInteger, type Scheduled } from "./schedule.ts";

export interface OneCycleLROptions {
  /** The highest rate: one, or one a parameter group. */
  maxLr: number | readonly number[];
  /** Steps of the whole cycle; or give `epochs` and `stepsPerEpoch`. */
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
  /** The share of the steps in which the rate rises (default 0.3). */
  pctStart?: number;
  /** Default "cos". */
  annealStrategy?: "cos" | "linear";
  /** Lower the momentum (or β1) while the rate is high (default true). */
  cycleMomentum?: boolean;
  /** The lowest momentum (default 0.85). */
  baseMomentum?: number;
  /** The highest momentum (default 0.95). */
  maxMomentum?: number;
  /** The cycle begins with maxLr/divFactor (default 25). */
  divFactor?: number;
  /** It ends with the first rate/finalDivFactor (default 1e4). */
  finalDivFactor?: number;
  /** Down to the first rate again before the last phase (default false). */
  threePhase?: boolean;
}

/** From one value to another, until a step. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [Level, Level];
  readonly momentum: readonly [Level, Level];
}
type Level = "initial" | "max" | "min";
type Levels = Readonly<Record<Level, number>>;
type WithMomentum = Scheduled["paramGroups"][number] & { momentum?: number; betas?: readonly [number, number] };

const rise = { lr: ["initial", "max"], momentum: ["max", "min"] } as const;
const fall = { lr: ["max", "initial"], momentum: ["min", "max"] } as const;
function phasesOf(steps: number, share: number, threePhase: boolean): Phase[] {
  const first = { ...rise, end: share * steps - 1 };
  if (!threePhase) return [first, { lr: ["max", "min"], momentum: ["min", "max"], end: steps - 1 }];
  return [
    first,
    { ...fall, end: 2 * share * steps - 2 },
    { lr: ["initial", "min"], momentum: ["max", "max"], end: steps - 1 },
  ];
}

const strategies = {
  cos: (from: number, to: number, share: number) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share)),
  linear: (from: number, to: number, share: number) => (to - from) * share + from,
};

/**
 * To be stepped after every batch. Smith & Topin, "Super-convergence: very fast training of neural networks using large
 * learning rates", 2018. As
 * [torch.optim.lr_scheduler.OneCycleLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html).
 */
export class OneCycleLR extends LRScheduler {
  constructor(optimizer: Scheduled, options: OneCycleLROptions) {
    const { pctStart = 0.3, annealStrategy = "cos", threePhase = false, divFactor = 25 } = options;
    const steps = stepsOf(options);
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new Error(`OneCycleLR: pctStart is ${pctStart} but must be from 0 to 1; pass 0.3, say`);
    const rates = ratesOf(optimizer, options);
    const phases = phasesOf(steps, pctStart, threePhase);
    const anneal = strategies[annealStrategy];
    const momentum = momentumOf(optimizer, options);
    optimizer.paramGroups.forEach((group, i) => {
      group.initialLr = rates[i] / divFactor;
    });
    const at = ({ epoch, group }: At): number => {
      if (epoch > steps)
        throw new Error(
          `OneCycleLR: step ${epoch} of a cycle of ${steps}; pass the number of steps you will make as totalSteps`,
        );
      const { phase, share } = where(phases, epoch);
      const along = (levels: Levels, [from, to]: Phase["lr"]) => anneal(levels[from], levels[to], share);
      momentum?.set(group, along(momentum.levels, phase.momentum));
      return along(levelsOf(rates[group], options), phase.lr);
    };
    super(optimizer, { at, first: at });
  }
}

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) {
    positiveInteger("OneCycleLR", "totalSteps", totalSteps);
    return totalSteps;
  }
  if (epochs === undefined || stepsPerEpoch === undefined)
    throw new Error(
      `OneCycleLR: totalSteps is undefined, epochs ${epochs} and stepsPerEpoch ${stepsPerEpoch}; pass totalSteps, or both others`,
    );
  positiveInteger("OneCycleLR", "epochs", epochs);
  positiveInteger("OneCycleLR", "stepsPerEpoch", stepsPerEpoch);
  return epochs * stepsPerEpoch;
}
function ratesOf({ paramGroups }: Scheduled, { maxLr }: OneCycleLROptions): readonly number[] {
  const rates = typeof maxLr === "number" ? paramGroups.map(() => maxLr) : maxLr;
  if (rates.length !== paramGroups.length)
    throw new Error(
      `OneCycleLR: maxLr has ${rates.length} rates but the optimiser ${paramGroups.length} parameter groups; pass one number, or one a group`,
    );
  return rates;
}
function levelsOf(max: number, { divFactor = 25, finalDivFactor = 1e4 }: OneCycleLROptions): Levels {
  const initial = max / divFactor;
  return { initial, max, min: initial / finalDivFactor };
}
function where(phases: readonly Phase[], epoch: number): { phase: Phase; share: number } {
  const i = phases.findIndex((phase, k) => epoch <= phase.end || k === phases.length - 1);
  const start = i === 0 ? 0 : phases[i - 1].end;
  return { phase: phases[i], share: (epoch - start) / (phases[i].end - start) };
}

/** How to set the momentum of a group, under the name that its optimiser has for it. */
function momentumOf({ paramGroups }: Scheduled, options: OneCycleLROptions) {
  const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = options;
  if (!cycleMomentum) return undefined;
  const groups = paramGroups as WithMomentum[];
  if (groups.some((group) => group.betas === undefined && group.momentum === undefined))
    throw new Error(
      "OneCycleLR: the optimiser has neither momentum nor betas for cycleMomentum to change; pass cycleMomentum: false",
    );
  return {
    levels: { initial: maxMomentum, max: maxMomentum, min: baseMomentum },
    set(group: number, value: number) {
      const target = groups[group];
      if (target.betas) target.betas = [value, target.betas[1]];
      else target.momentum = value;
    },
  };
}
