// Which layer made a number that is none: what each module gave in the last step, looked at only when the loss is not finite.
import { all, isFinite, nn, type Tensor } from "@lamina/core";

interface Given {
  readonly name: string;
  readonly module: nn.Module;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

/** Remembers what the modules inside `model` give. The values are not kept: a step's values can be computed again until the next step has run. */
export class Watch {
  private given: Given[] = [];
  private looking = true;
  private readonly hook: { remove(): void };

  constructor(model: nn.Module) {
    this.hook = nn.registerForwardHook(model, (name, module, inputs, output) => {
      if (this.looking) this.given.push({ name, module, inputs, output });
    });
  }
  /** Forgets the step before. */
  clear(): void {
    this.given = [];
  }
  /** Looks away while `work` runs. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    this.clear();
    this.looking = false;
    try {
      return await work();
    } finally {
      this.looking = true;
    }
  }
  /** Leaves the modules as they were. */
  undo(): void {
    this.hook.remove();
  }
  /** The first module, in the order they ran, that gave NaN or an infinity: inner ones before those around them. */
  async culprit(): Promise<string | undefined> {
    for (const { name, module, inputs, output } of this.given) {
      if (await isAllFinite(output)) continue;
      const fed = await Promise.all(inputs.map(isAllFinite));
      const from = fed.every(Boolean) ? "from inputs that are finite" : "and its input holds some already";
      return `${name} (${module.constructor.name}) gave ${await kindOf(output)}, ${from}`;
    }
    return undefined;
  }
}

const isAllFinite = async (x: Tensor): Promise<boolean> => (await all(isFinite(x)).item()) !== 0;
const kindOf = async (x: Tensor): Promise<string> =>
  Array.from(await x.data()).some(Number.isNaN) ? "NaN" : "an infinity";
