// Modules that hold others: Sequential chains them, ModuleList and ModuleDict only hold them.
import type { Tensor } from "../tensor.ts";
import { indent, isModule, Module } from "./module.ts";

/** What both share: children under the names 0, 1, …, or names of one's own; by index, iterable. */
abstract class Container extends Module {
  [index: number]: Module;

  /** What was put in, in order: a module that was put in twice comes twice, which it does not among {@link children}. */
  protected parts(): Module[] {
    return Object.values(this).filter(isModule);
  }
  get length(): number {
    return this.parts().length;
  }
  /** The part at `index`; negative ones count from the end. */
  at(index: number): Module | undefined {
    return this.parts().at(index);
  }
  append(module: Module): this {
    return this.put(String(this.length), module);
  }
  [Symbol.iterator](): Iterator<Module> {
    return this.parts()[Symbol.iterator]();
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
    let y = x;
    for (const layer of this.parts()) y = layer.forward(y);
    return y;
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
    this.parts().forEach((m, i) => {
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

/** Modules by name, as `torch.nn.ModuleDict`; what is done with them, the module that holds them says. */
export class ModuleDict extends Container {
  constructor(modules: Readonly<Record<string, Module>> = {}) {
    super();
    this.update(modules);
  }
  /** The module of that name. @throws if there is none. */
  get(name: string): Module {
    const found = Object.entries(this).find(([key]) => key === name)?.[1];
    if (isModule(found)) return found;
    throw new Error(
      `ModuleDict: there is no module ${name}; there are ${this.keys().join(", ") || "none"}; add it with set()`,
    );
  }
  set(name: string, module: Module): this {
    return this.put(name, module);
  }
  has(name: string): boolean {
    return this.keys().includes(name);
  }
  keys(): string[] {
    return Object.entries(this).flatMap(([name, value]) => (isModule(value) ? [name] : []));
  }
  update(modules: Readonly<Record<string, Module>>): this {
    for (const [name, module] of Object.entries(modules)) this.put(name, module);
    return this;
  }
  override forward(): Tensor {
    throw new Error(
      "ModuleDict: it has no forward(), because it does not say how its modules are used; call them by name: dict.get(name).forward(x)",
    );
  }
}
