// Modules that hold others in order: Sequential chains them, ModuleList only holds them.
import type { Tensor } from "../tensor.ts";
import { indent, Module } from "./module.ts";

/** What both share: children under the names 0, 1, …, or names of one's own; by index, iterable. */
abstract class Container extends Module {
  [index: number]: Module;

  get length(): number {
    return this.namedChildren().length;
  }
  /** The child at `index`; negative ones count from the end. */
  at(index: number): Module | undefined {
    return this.children().at(index);
  }
  append(module: Module): this {
    return this.put(String(this.length), module);
  }
  [Symbol.iterator](): Iterator<Module> {
    return this.children()[Symbol.iterator]();
  }
  protected put(name: string, module: Module): this {
    const owner = this.constructor.name;
    if (!(module instanceof Module))
      throw new Error(
        `${owner}: ${name} is ${typeof module === "function" ? "a class or function" : String(module)}, but its parts are modules; write new nn.ReLU(), say`,
      );
    if (name in this)
      throw new Error(
        `${owner}: a child cannot be called ${name}, because ${owner} has a member of that name; choose another`,
      );
    (this as unknown as Record<string, Module>)[name] = module;
    return this;
  }
}

/**
 * Modules one after the other, as `torch.nn.Sequential`: `new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU())`, or with
 * names, `new nn.Sequential({ features, classifier })`. `net[0]`, `net.at(-1)`, `for (const layer of net)`.
 */
export class Sequential extends Container {
  constructor(...layers: readonly Module[] | [Readonly<Record<string, Module>>]) {
    super();
    const [only] = layers;
    const named = layers.length === 1 && !(only instanceof Module) && Object.getPrototypeOf(only) === Object.prototype;
    for (const [name, layer] of Object.entries(named ? only : layers)) this.put(name, layer);
  }
  override forward(x: Tensor): Tensor {
    return this.children().reduce((y, layer) => layer.forward(y), x);
  }
}

/** Modules in a list, as `torch.nn.ModuleList`; what is done with them, the module that holds the list says. */
export class ModuleList extends Container {
  constructor(modules: Iterable<Module> = []) {
    super();
    for (const m of modules) this.append(m);
  }
  override forward(): Tensor {
    throw new Error(
      "ModuleList: a list has no forward(), because it does not say how its modules are used; call them one by one, or use Sequential",
    );
  }
  /** As PyTorch: repeated modules in one line, `(0-3): 4 x Linear(…)`. */
  protected override childLines(): string[] {
    const runs: { from: number; to: number; text: string }[] = [];
    this.children().forEach((m, i) => {
      const text = m.toString();
      const last = runs.at(-1);
      if (last?.text === text) last.to = i;
      else runs.push({ from: i, to: i, text });
    });
    return runs.map(({ from, to, text }) =>
      from === to ? `(${from}): ${indent(text)}` : `(${from}-${to}): ${to - from + 1} x ${indent(text)}`,
    );
  }
}
