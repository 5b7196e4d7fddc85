// Module: what all layers and models share. Its parameters, buffers and children are its properties; they are found when
// someone asks, so that assignment is all the registration there is. What a layer computes is in the layer's file.

import type { Backend } from "../backend.ts";
import { Buffer, type Cell, Parameter } from "../cell.ts";
import { type DType, isFloat, sizeOf } from "../dtype.ts";
import { noGrad } from "../mode.ts";
import { homeOn } from "../move.ts";
import { checkDType } from "../ops/cast.ts";
import { cast } from "../ops/functions.ts";
import { runRest } from "../pending.ts";
import { leafOf, type Tensor } from "../tensor.ts";

/** What a module holds, by key: values on the host. */
export type StateDict = Record<string, Tensor>;
export interface LoadOptions {
  /** Throw if a key is missing or unexpected (default true). Shapes must fit in any case. */
  strict?: boolean;
}
export interface LoadResult {
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
}
type Place = Record<string, unknown>;

/**
 * Base of all layers and models, as `torch.nn.Module`. Assign Parameters, Buffers, other modules, or arrays of them to
 * properties and write `forward`:
 *
 *     class Conv2D extends nn.Module {
 *       constructor(kernelSize) {
 *         super();
 *         this.weight = new nn.Parameter(randn(kernelSize));
 *         this.bias = new nn.Parameter(randn([1]));
 *       }
 *       forward(x) {
 *         return corr2d(x, this.weight).add(this.bias);
 *       }
 *     }
 *
 * Names are the properties' (elements of an array `blocks`: `blocks.0`, `blocks.1`), in the order of assignment.
 * `#private` properties are not seen.
 */
export abstract class Module {
  /** Properties whose key in a state dict differs from their name: PyTorch's keys are in snake case. */
  static readonly stateKeys: Readonly<Record<string, string>> = {};
  /** Whether it behaves as in training (dropout, batch statistics) or as in use. Set by train() and eval(). */
  training = true;

  /** Computes the result from the inputs. */
  abstract forward(...inputs: Tensor[]): Tensor;
  /** Parameters that wait for the first input to know their shape: names, or none. */
  protected get lazyNames(): readonly string[] {
    return [];
  }
  /** What stands in the parentheses when the module is printed. */
  protected extraRepr(): string {
    return "";
  }
  protected get printedName(): string {
    return this.constructor.name;
  }

  // ---- what it consists of -------------------------------------------------------------------------------------------
  /** The modules directly inside, in order. */
  children(): Module[] {
    return this.namedChildren().map(([, m]) => m);
  }
  namedChildren(): [string, Module][] {
    return [...new Map(members(this, isModule).map(([name, m]) => [m, name]))].map(([m, name]) => [name, m]);
  }
  /** This module and all inside, each once. */
  modules(): Module[] {
    return this.namedModules().map(([, m]) => m);
  }
  /** With paths like `features.0`; this module's own is "". */
  namedModules(): [string, Module][] {
    return once(walk(this));
  }
  /** Everything that is trained, each once: what an optimiser takes. @throws while a lazy layer has not seen its first input. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, p]) => p);
  }
  namedParameters(): [string, Parameter][] {
    return once(this.cells("parameters").filter((entry): entry is [string, Parameter] => isParameter(entry[1])));
  }
  /** State that is saved and not trained, such as running statistics. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, b]) => b);
  }
  namedBuffers(): [string, Buffer][] {
    return once(this.cells("buffers").filter((entry): entry is [string, Buffer] => isBuffer(entry[1])));
  }
  /** The number of trained values. */
  numParameters(): number {
    return this.parameters().reduce((n, p) => n + sizeOf(p.shape), 0);
  }
  /** Every parameter and buffer under its key; a shared one under each of its keys. Gives them their paths as names. */
  private cells(asker: string): [string, Cell][] {
    return walk(this).flatMap(([path, module]) => {
      module.checkMaterialized(asker, path);
      return [...module.ownCells(isParameter), ...module.ownCells(isBuffer)].map(([name, cell]): [string, Cell] => {
        const key = path ? `${path}.${name}` : name;
        if (!cell.name.endsWith(key)) cell.name = key;
        return [key, cell];
      });
    });
  }
  private ownCells(wanted: (x: unknown) => x is Cell): [string, Cell][] {
    const { stateKeys } = this.constructor as typeof Module;
    return members(this, wanted).map(([name, cell]) => [stateKeys[name] ?? name, cell]);
  }
  private checkMaterialized(asker: string, path: string): void {
    if (this.lazyNames.length === 0) return;
    const names = this.lazyNames.map((name) => (path ? `${path}.${name}` : name)).join(", ");
    throw new Error(
      `${asker}: ${names} of ${this.printedName} has no shape before its first input; run one batch through the model first, model.forward(x)`,
    );
  }

  /** Has `value` saved with the module and not trained, as `this[name] = new nn.Buffer(value)` does. */
  registerBuffer(name: string, value: Tensor): void {
    this.place(name, new Buffer(value, { name }));
  }
  /** Has `value` trained, as `this[name] = new nn.Parameter(value)` does. */
  registerParameter(name: string, value: Tensor): void {
    this.place(name, isParameter(value) ? value : new Parameter(value, { name }));
  }
  private place(name: string, cell: Cell): void {
    if (name in this)
      throw new Error(`${this.printedName}: it has a member called ${name} already; choose another name`);
    (this as unknown as Place)[name] = cell;
  }

  // ---- changing it ---------------------------------------------------------------------------------------------------
  /** Calls `fn` with each module, children before their parents, as `torch.nn.Module.apply`: `net.apply(initWeights)`. */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }
  train(mode = true): this {
    for (const m of this.modules()) m.training = mode;
    return this;
  }
  eval(): this {
    return this.train(false);
  }
  zeroGrad(): void {
    for (const p of this.parameters()) p.grad = undefined;
  }
  /**
   * `to("float64")`: floating-point parameters and buffers become ones of that dtype; call it before making an optimiser.
   * `to(backend)`: parameters, their gradients and buffers move to that device and stay there, whatever setBackend() says; what is
   * computed from them is computed there, and the state of a lamina optimiser follows. Batches from the host go anywhere by themselves.
   * From a device that is read asynchronously the copies take a moment: what needs them waits, and `await sync()` waits for all.
   */
  to(target: DType | Backend): this {
    if (typeof target !== "string") {
      const home = homeOn(target);
      const cells = this.cells("to");
      runRest();
      for (const [, cell] of cells) cell.moveTo(home);
      return this;
    }
    checkDType("to", target);
    const made = new Map<Cell, Cell>();
    for (const m of this.modules()) convert(m as unknown as Place, target, made);
    return this;
  }

  // ---- saving and loading --------------------------------------------------------------------------------------------
  /** All parameters and buffers by PyTorch's keys, read to the host in one go. */
  async stateDict(): Promise<StateDict> {
    const read = async ([key, cell]: [string, Cell]) =>
      [key, leafOf(await cell.data(), cell.shape, cell.dtype)] as const;
    return Object.fromEntries(await Promise.all(this.cells("stateDict").map(read)));
  }
  /**
   * Takes over values by key; dtypes are converted.
   * @throws if shapes differ, or (strict) keys are missing or unexpected: all of them in one message, and nothing is loaded.
   */
  loadStateDict(state: StateDict | ReadonlyMap<string, Tensor>, { strict = true }: LoadOptions = {}): LoadResult {
    const given: ReadonlyMap<string, Tensor> = state instanceof Map ? state : new Map(Object.entries(state));
    const own = new Map(this.cells("loadStateDict"));
    const missingKeys = [...own.keys()].filter((key) => !given.has(key));
    const unexpectedKeys = [...given.keys()].filter((key) => !own.has(key));
    const found = [...own]
      .filter(([key]) => given.has(key))
      .map(([key, cell]) => ({ key, cell, value: given.get(key)! }));
    const misfits = found
      .filter(({ cell, value }) => `${cell.shape}` !== `${value.shape}`)
      .map(({ key, cell, value }) => `${key} is [${cell.shape}] in the model but [${value.shape}] in the state`);
    const problems = [
      ...(strict && missingKeys.length ? [`missing keys: ${missingKeys.join(", ")}`] : []),
      ...(strict && unexpectedKeys.length ? [`unexpected keys: ${unexpectedKeys.join(", ")}`] : []),
      ...misfits,
    ];
    if (problems.length)
      throw new Error(
        `loadStateDict: the state does not fit ${this.printedName}: ${problems.join("; ")}; ${remedy(misfits.length > 0)}`,
      );
    noGrad(() => {
      for (const { cell, value } of found) cell.set(cast(value, cell.dtype));
    });
    return { missingKeys, unexpectedKeys };
  }

  // ---- printing ------------------------------------------------------------------------------------------------------
  /** The tree, as PyTorch prints it. */
  toString(): string {
    const children = this.childLines();
    const extra = this.extraRepr();
    if (children.length === 0) return `${this.printedName}(${extra})`;
    return `${this.printedName}(\n  ${[...(extra ? [extra] : []), ...children].join("\n  ")}\n)`;
  }
  protected childLines(): string[] {
    return this.namedChildren().map(([name, m]) => `(${name}): ${indent(m.toString())}`);
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

export const indent = (text: string): string => text.replaceAll("\n", "\n  ");
const remedy = (misfit: boolean): string =>
  misfit
    ? "build the model with the sizes it was saved with"
    : "build the model it was saved from, or pass { strict: false }";

export const isModule = (x: unknown): x is Module => x instanceof Module;
const isParameter = (x: unknown): x is Parameter => x instanceof Parameter;
const isBuffer = (x: unknown): x is Buffer => x instanceof Buffer;

/** Own properties of a kind, in the order of assignment; elements of arrays as `name.0`, `name.1`. */
function members<T>(owner: Module, wanted: (x: unknown) => x is T): [string, T][] {
  return Object.entries(owner).flatMap(([name, value]): [string, T][] => {
    if (wanted(value)) return [[name, value]];
    if (!Array.isArray(value)) return [];
    return value.flatMap((x, i): [string, T][] => (wanted(x) ? [[`${name}.${i}`, x]] : []));
  });
}

/** The module and all inside, parents first; a shared one once for each of its paths. */
function walk(root: Module, path = "", above: readonly Module[] = []): [string, Module][] {
  if (above.includes(root))
    throw new Error(
      `modules: ${root.constructor.name} contains itself, at ${path}; hold what is above a module in a #private property`,
    );
  const inside = members(root, isModule).flatMap(([name, m]) =>
    walk(m, path ? `${path}.${name}` : name, [...above, root]),
  );
  return [[path, root], ...inside];
}

/** Each value under its first name. */
function once<T>(entries: readonly [string, T][]): [string, T][] {
  const seen = new Set<T>();
  return entries.filter(([, x]) => !seen.has(x) && seen.add(x));
}

/** Replaces the floating-point cells of one module. A shared one stays shared. */
function convert(owner: Place | unknown[], dtype: DType, made: Map<Cell, Cell>): void {
  for (const [name, value] of Object.entries(owner))
    if (Array.isArray(value)) convert(value, dtype, made);
    else if ((isParameter(value) || isBuffer(value)) && isFloat(value.dtype) && value.dtype !== dtype)
      (owner as Place)[name] = converted(value, dtype, made);
}
function converted(cell: Cell, dtype: DType, made: Map<Cell, Cell>): Cell {
  const before = made.get(cell);
  if (before) return before;
  const value = noGrad(() => cast(cell, dtype));
  const { name } = cell;
  const next = isParameter(cell) ? new Parameter(value, { name }) : new Buffer(value, { name });
  made.set(cell, next);
  return next;
}
