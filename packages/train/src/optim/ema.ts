// EMA: a moving average of a model's weights, which often does better than the weights themselves.
import { add, Cell, mul, type nn, noGrad, type Parameter, sub, type Tensor, tensor } from "@lamina/core";

type Average = readonly [name: string, parameter: Parameter, average: Cell];
export interface EMAState {
  readonly updates: number;
  readonly averages: Readonly<Record<string, Tensor>>;
}

/**
 * Call update() after each optimizer.step(): the first copies the weights, each further one makes average += (1 - decay)·(weight -
 * average). copyTo() puts the average into a model of the same kind, to evaluate or to save. As
 * [torch.optim.swa_utils.AveragedModel](https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema) with
 * get_ema_multi_avg_fn. Polyak & Juditsky, 1992.
 */
export class EMA {
  /** How slowly the average forgets (default 0.999). */
  decay: number;
  /** Updates made. */
  updates = 0;
  private readonly model: nn.Module;
  private readonly averages: readonly Average[];

  constructor(model: nn.Module, { decay = 0.999 }: { decay?: number } = {}) {
    if (!(decay >= 0 && decay <= 1)) throw new Error(`EMA: decay is ${decay} but must be from 0 to 1; pass 0.999, say`);
    this.decay = decay;
    this.model = model;
    this.averages = model.namedParameters().map(([name, p]) => {
      const { numel, shape, dtype } = p;
      return [name, p, new Cell(`${name}.average`, tensor(new Float32Array(numel), { shape, dtype }))] as const;
    });
  }
  /** For a step that is only tried, as an optimiser's. */
  trial(): { cells: Cell[]; undo(): void } {
    const { updates } = this;
    return { cells: this.averages.map(([, , average]) => average), undo: () => void (this.updates = updates) };
  }
  /** Recorded; runs with the training step. */
  update(): void {
    const share = this.updates++ === 0 ? 1 : 1 - this.decay;
    noGrad(() => {
      for (const [, p, average] of this.averages) average.set(add(average, mul(sub(p, average), share)));
    });
  }
  /** Gives `target` the averaged weights, and the running statistics as the model has them now. */
  copyTo(target: nn.Module): void {
    const [parameters, buffers, own] = [target.parameters(), target.buffers(), this.model.buffers()];
    if (parameters.length !== this.averages.length || buffers.length !== own.length)
      throw new Error(
        `EMA.copyTo: the model has ${parameters.length} parameters and ${buffers.length} buffers but the average ${this.averages.length} and ${own.length}; pass a model of the same kind`,
      );
    noGrad(() => {
      this.averages.forEach(([, , average], i) => {
        parameters[i].set(mul(average, 1));
      });
      own.forEach((buffer, i) => {
        buffers[i].set(mul(buffer, 1));
      });
    });
  }
  /** Updates made, and the averages by the keys of the model's parameters, read to the host. */
  async stateDict(): Promise<EMAState> {
    const read = async ([name, , average]: Average) =>
      [name, tensor(await average.data(), { shape: average.shape, dtype: average.dtype })] as const;
    return { updates: this.updates, averages: Object.fromEntries(await Promise.all(this.averages.map(read))) };
  }
  /** Goes on where `saved` was taken. @throws if a parameter has no average in it. */
  loadStateDict({ updates, averages }: EMAState): void {
    const missing = this.averages.find(([name]) => !averages[name]);
    if (missing)
      throw new Error(
        `EMA.loadStateDict: the state has no average of ${missing[0]}, only of ${Object.keys(averages).join(", ")}; make the EMA of the model it was saved with`,
      );
    for (const [name, , average] of this.averages) average.set(averages[name]);
    this.updates = updates;
  }
}
