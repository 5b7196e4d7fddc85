// What all optimisers share: parameter groups, state per parameter, saving and loading. The formulas
// are in files of their own.
import { add, Cell, mul, neg, noGrad, type Parameter, type Tensor, tensor } from "@lamina/core";

/** Parameters with hyper-parameters of their own; those left out are the optimiser's. */
export type ParamGroup<H extends object> = Partial<H> & { params: Iterable<Parameter> };
/** A group in use: its hyper-parameters may be changed at any time, `optimizer.paramGroups[0].lr *= 0.1`; nothing is compiled again. */
export type ActiveGroup<H extends object> = H & {
  params: readonly Parameter[];
  /** What a schedule starts from: `lr` as it was when the first schedule was made. */
  initialLr?: number;
};

/** What an optimiser remembers of one parameter: numbers and tensors. */
export class ParameterState {
  /** `step` counts the updates made; the others are the formula's own. */
  readonly numbers: { step: number; [name: string]: number } = { step: 0 };
  readonly cells = new Map<string, Cell>();
  private readonly parameter: Parameter;
  constructor(parameter: Parameter) {
    this.parameter = parameter;
  }
  get step(): number {
    return this.numbers.step;
  }
  /** As it was: what was made since is let go. */
  restore(numbers: ParameterState["numbers"], cells: readonly [string, Cell][]): void {
    for (const name of Object.keys(this.numbers)) delete this.numbers[name];
    Object.assign(this.numbers, numbers);
    for (const name of this.cells.keys()) if (!cells.some(([known]) => known === name)) this.forget(name);
  }
  /** As if it had never been asked for. */
  forget(name: string): void {
    this.cells.get(name)?.clear();
    this.cells.delete(name);
  }
  /** The tensor of that name, of the parameter's shape; full of `initial` at first. */
  cell(name: string, initial = 0): Cell {
    const found = this.cells.get(name);
    if (found) return found;
    const { name: path, numel, shape, dtype } = this.parameter;
    const made = new Cell(`${path}.${name}`, tensor(new Float32Array(numel).fill(initial), { shape, dtype }));
    made.follow(this.parameter);
    this.cells.set(name, made);
    return made;
  }
}

/** As plain values and tensors on the host: parameters by their number over all groups. */
export interface OptimizerState {
  readonly state: Readonly<
    Record<
      string,
      {
        readonly numbers: Readonly<Record<string, number>> & { readonly step: number };
        readonly tensors: Readonly<Record<string, Tensor>>;
      }
    >
  >;
  /** Each with the hyper-parameters, and the numbers of its parameters. */
  readonly paramGroups: readonly (Readonly<Record<string, unknown>> & { readonly params: readonly number[] })[];
}

const isGroup = <H extends object>(x: Parameter | ParamGroup<H>): x is ParamGroup<H> => !(x instanceof Cell);

const kindOf = (x: unknown): string => (typeof x === "object" && x ? `a ${x.constructor.name}` : String(x));

export abstract class Optimizer<H extends { lr: number }> {
  readonly paramGroups: ActiveGroup<H>[];
  private readonly states = new Map<Parameter, ParameterState>();

  /** @throws for no parameters, a parameter given twice, or what is no parameter. */
  constructor(params: Iterable<Parameter> | Iterable<ParamGroup<H>>, defaults: H) {
    if (typeof params?.[Symbol.iterator] !== "function")
      throw new Error(
        `${new.target.name}: the parameters are ${kindOf(params)}; pass model.parameters(), or groups [{ params, lr }]`,
      );
    const list: (Parameter | ParamGroup<H>)[] = [...params];
    const groups = list.some(isGroup) ? (list as ParamGroup<H>[]) : [{ params: list as Parameter[] }];
    this.paramGroups = groups.map((group) => ({ ...defaults, ...group, params: [...group.params] }));
    for (const p of this.paramGroups.flatMap((group) => group.params)) this.adopt(p);
    if (this.states.size === 0)
      throw new Error(`${new.target.name}: there are no parameters to train; pass model.parameters()`);
    for (const group of this.paramGroups) this.check(group);
  }
  private adopt(p: Parameter): void {
    const name = this.constructor.name;
    if (!(p instanceof Cell))
      throw new Error(`${name}: ${String(p)} is no parameter; pass model.parameters(), or groups { params, lr }`);
    if (this.states.has(p))
      throw new Error(`${name}: ${p.name} was given twice, and would be updated twice; give it once`);
    this.states.set(p, new ParameterState(p));
  }
  /** Throws if a hyper-parameter is out of its range. */
  protected abstract check(group: H): void;
  /** Records one update: the parameter's new value from its gradient. */
  protected abstract update(p: Parameter, gradient: Tensor, group: H, state: ParameterState): Tensor;

  /** Updates every parameter that has a gradient. Recorded; runs with the rest of the training step, as one program. */
  step(): void {
    noGrad(() => {
      for (const group of this.paramGroups)
        for (const p of group.params) if (p.grad) p.set(this.next(p, p.grad, group));
    });
  }
  private next(p: Parameter, gradient: Tensor, group: H): Tensor {
    const state = this.states.get(p)!;
    state.numbers.step++;
    return this.update(p, gradient, group, state);
  }
  /** Clears the gradients, which backward() would otherwise add to. */
  zeroGrad(): void {
    for (const p of this.states.keys()) p.grad = undefined;
  }

  /** For a step that is only tried: the tensors it remembers, and what makes it forget what it has done since. */
  trial(): { cells: Cell[]; undo(): void } {
    const saved = [...this.states.values()].map((state) => ({
      state,
      numbers: { ...state.numbers },
      cells: [...state.cells],
    }));
    const undo = () => {
      for (const { state, numbers, cells } of saved) state.restore(numbers, cells);
    };
    return { cells: saved.flatMap(({ cells }) => cells.map(([, cell]) => cell)), undo };
  }

  /** Everything that step() depends on beside the parameters, read in one go. */
  async stateDict(): Promise<OptimizerState> {
    const states = [...this.states.values()];
    const entries = states.map(
      async ({ numbers, cells }, i) => [String(i), { numbers: { ...numbers }, tensors: await readAll(cells) }] as const,
    );
    const numbers = new Map([...this.states.keys()].map((p, i) => [p, i]));
    return {
      state: Object.fromEntries(await Promise.all(entries)),
      paramGroups: this.paramGroups.map((group) => ({ ...group, params: group.params.map((p) => numbers.get(p)!) })),
    };
  }
  /** Goes on where `saved` was taken. @throws if the groups or the shapes are others. */
  loadStateDict(saved: OptimizerState): void {
    const shape = (groups: readonly { params: readonly unknown[] }[]) => groups.map((g) => g.params.length).join(" + ");
    if (shape(saved.paramGroups) !== shape(this.paramGroups))
      throw new Error(
        `${this.constructor.name}.loadStateDict: the state is of ${shape(saved.paramGroups)} parameters but the optimiser has ${shape(this.paramGroups)}; make it with the groups it was saved with`,
      );
    saved.paramGroups.forEach(({ params: _, ...hyper }, i) => {
      Object.assign(this.paramGroups[i], hyper);
    });
    [...this.states.values()].forEach((state, i) => {
      const { numbers = { step: 0 }, tensors = {} } = saved.state[i] ?? {};
      Object.assign(state.numbers, numbers);
      for (const name of state.cells.keys()) if (!Object.hasOwn(tensors, name)) state.forget(name);
      for (const [name, value] of Object.entries(tensors)) state.cell(name).set(value);
    });
  }
}

async function readAll(cells: ReadonlyMap<string, Cell>): Promise<Record<string, Tensor>> {
  const read = async ([name, cell]: [string, Cell]) =>
    [name, tensor(await cell.data(), { shape: cell.shape, dtype: cell.dtype })] as const;
  return Object.fromEntries(await Promise.all([...cells].map(read)));
}

/** For check(): a pair of shares, as Adam's kin take it. */
export function betasBelowOne(optimizer: string, betas: readonly number[]): void {
  if (betas.length !== 2 || betas.some((b) => !(b >= 0 && b < 1)))
    throw new Error(
      `${optimizer}: betas are [${betas}] but must be two numbers from 0 to below 1; pass [0.9, 0.999], say`,
    );
}
/** For check(): a hyper-parameter that must not be negative (or NaN). */
export function atLeastZero(optimizer: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!(value >= 0)) throw new Error(`${optimizer}: ${name} is ${value} but must be a number from 0; pass one`);
}

/**
 * Weight decay apart from the gradient: the parameter drawn towards 0 by lr·weightDecay of itself, and the gradient alone. Loshchilov &
 * Hutter, "Decoupled weight decay regularization", 2019.
 */
export function decoupledDecay(
  p: Tensor,
  gradient: Tensor,
  group: { readonly lr: number; readonly weightDecay: number; readonly maximize: boolean },
): { start: Tensor; g: Tensor } {
  const { lr, weightDecay } = group;
  const start = weightDecay === 0 ? p : mul(p, 1 - lr * weightDecay);
  return { start, g: descentGradient(p, gradient, { ...group, weightDecay: 0 }) };
}

/** The gradient to go down: turned round for `maximize`, with `weightDecay` times the parameter added (an L2 penalty). */
export function descentGradient(
  p: Tensor,
  gradient: Tensor,
  { weightDecay, maximize }: { readonly weightDecay: number; readonly maximize: boolean },
): Tensor {
  const g = maximize ? neg(gradient) : gradient;
  return weightDecay === 0 ? g : add(g, mul(p, weightDecay));
}
