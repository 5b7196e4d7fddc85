// From recorded nodes to a program: the structure as numbers, looked up exactly, and flattened when it is new.
// Ops without a kernel on the backend are replaced by their decomposition here.
import type { Backend } from "./backend.ts";
import type { Spec } from "./dtype.ts";
import { withGrad } from "./mode.ts";
import type { Op } from "./op.ts";
import { trace } from "./pending.ts";
import { type Instruction, type Program, planFrees } from "./program.ts";
import { Tensor } from "./tensor.ts";

/** A structure that has been met. */
export class Known {
  readonly structure: Int32Array;
  readonly program: Program;
  /** Node -> slot. */
  readonly slots: readonly number[];
  /** Node -> the scalars of what it was decomposed into; they follow from its attributes, so they never change. */
  readonly fixed: ReadonlyMap<number, readonly number[]>;
  /** Inner values (node, or -1 - leaf) that were asked for after a run, and for how many runs back. */
  readonly wanted = new Map<number, number>();
  runs = 0;
  // biome-ignore lint/suspicious/noExplicitAny: the buffer type belongs to the backend.
  executable: ((inputs: any[], scalars: readonly number[]) => any[]) | undefined = undefined;
  constructor(structure: Int32Array, flat: Flat) {
    this.structure = structure;
    this.program = flat.program;
    this.slots = flat.slots;
    this.fixed = flat.fixed;
  }
  /** An estimate of what holding it costs, with what a backend compiles for it. */
  get bytes(): number {
    return 4 * this.structure.length + 2000 * this.program.instructions.length;
  }
}
interface Flat {
  program: Program;
  slots: readonly number[];
  fixed: ReadonlyMap<number, readonly number[]>;
}

const words = new Map<unknown, number>();
/** A number for an op, an attribute's name or a string in it. */
function wordOf(x: unknown): number {
  let n = words.get(x);
  if (n === undefined) words.set(x, (n = words.size));
  return n;
}
/** Attributes are integers, booleans, strings and lists of integers. */
function encode(attrs: object, ints: number[]): void {
  for (const key in attrs) {
    const value = (attrs as Record<string, unknown>)[key];
    if (typeof value === "number") ints.push(value);
    else if (typeof value === "object") {
      const list = value as readonly number[];
      ints.push(list.length);
      for (const v of list) ints.push(v);
    } else if (typeof value === "string") ints.push(wordOf(value));
    else ints.push(+(value as boolean));
  }
}

/** Marks tensors met in one look-up; one count for all sessions, since tensors outlive them. */
let lastStamp = 0;

/** Programs by structure, bounded by bytes; the least recently run leave first. */
export class ProgramCache {
  private readonly byHash = new Map<number, Known[]>();
  private readonly backend: Backend;
  private readonly maxBytes: number;
  private bytes = 0;
  met = 0;
  constructor(backend: Backend, maxBytes: number) {
    this.backend = backend;
    this.maxBytes = maxBytes;
  }
  get held(): number {
    let n = 0;
    for (const bucket of this.byHash.values()) n += bucket.length;
    return n;
  }

  /**
   * Finds or makes the program of `nodes`, and fills `leaves` in with what it starts from. The shapes of the leaves and
   * the attributes imply all other shapes; which values are handed out is learned, not part of the identity.
   */
  find(nodes: readonly Tensor[], leaves: Tensor[], onEvict: (dead: readonly Known[]) => void): Known {
    const structure = this.encodeAll(nodes, leaves);
    let hash = structure.length;
    for (const n of structure) hash = Math.imul(hash ^ Math.imul(n, 65537), 0x9e3779b1) ^ (hash >>> 15);
    const bucket = this.byHash.get(hash) ?? [];
    let known = bucket.find((k) => equal(k.structure, structure));
    if (!known) {
      known = new Known(Int32Array.from(structure), flatten(this.backend, nodes, leaves));
      bucket.push(known);
      this.bytes += known.bytes;
      this.met++;
    }
    this.byHash.delete(hash);
    this.byHash.set(hash, bucket);
    while (this.bytes > this.maxBytes && this.byHash.size > 1) {
      const [oldest, dead] = this.byHash.entries().next().value as [number, Known[]];
      this.byHash.delete(oldest);
      for (const k of dead) this.bytes -= k.bytes;
      onEvict(dead);
    }
    return known;
  }
  private encodeAll(nodes: readonly Tensor[], leaves: Tensor[]): number[] {
    const ints: number[] = [];
    const stamp = ++lastStamp;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      ints.push(wordOf(node.op), node.scalars.length, node.inputs.length);
      if (node.attrs) encode(node.attrs, ints);
      for (const x of node.inputs) {
        if (x.stamp !== stamp) {
          x.stamp = stamp;
          x.local = -1 - leaves.length;
          leaves.push(x);
          ints.push(x.local, wordOf(x.dtype), x.shape.length, ...x.shape);
        } else ints.push(x.local);
      }
      node.stamp = stamp;
      node.local = i;
    }
    return ints;
  }
}
function equal(a: Int32Array, b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== (b[i] | 0)) return false;
  return true;
}

const mustDecompose = (backend: Backend, op: Op): boolean =>
  op.decompose !== undefined && !(backend.kernels as Record<string, unknown>)[op.name];

/** Nodes of one computation, and where the values of its leaves are. */
class Flattener {
  readonly instructions: Instruction[] = [];
  private readonly backend: Backend;
  private readonly inputs: readonly Spec[];
  constructor(backend: Backend, inputs: readonly Spec[]) {
    this.backend = backend;
    this.inputs = inputs;
  }
  /** Adds what computes `op`, and returns the slot of its value. Its scalars, or those of its decomposition, are added to `fixed`. */
  add(
    op: Op,
    attrs: object,
    scalars: readonly number[],
    specs: readonly Spec[],
    slots: readonly number[],
    out: Spec,
    fixed: number[],
  ): number {
    if (op.alias) return slots[0];
    if (mustDecompose(this.backend, op)) return this.decompose(op, attrs, specs, slots, fixed);
    fixed.push(...scalars);
    this.instructions.push({
      op,
      attrs,
      scalars: scalars.length,
      inputs: slots,
      out: this.inputs.length + this.instructions.length,
      spec: { shape: out.shape, dtype: out.dtype },
      inputSpecs: specs,
      frees: [],
    });
    return this.inputs.length + this.instructions.length - 1;
  }
  private decompose(op: Op, attrs: object, specs: readonly Spec[], slots: readonly number[], fixed: number[]): number {
    const inputs = specs.map((s) => new Tensor(s.shape, s.dtype));
    const at = new Map<Tensor, number>(inputs.map((x, i) => [x, slots[i]]));
    const { result, nodes } = trace(this.backend, () => withGrad(false, () => op.decompose!(inputs, attrs)));
    for (const n of nodes) {
      const from = n.inputs.map((x) => {
        const slot = at.get(x);
        if (slot === undefined)
          throw new Error(
            `${op.name}: its decomposition uses a value from outside, of shape [${x.shape}]; make constants with full() or arange()`,
          );
        return slot;
      });
      at.set(n, this.add(n.op!, n.attrs!, n.scalars, n.inputs.map(specOf), from, n, fixed));
    }
    return at.get(result)!;
  }
}
const specOf = ({ shape, dtype }: Spec): Spec => ({ shape, dtype });

function flatten(backend: Backend, nodes: readonly Tensor[], leaves: readonly Tensor[]): Flat {
  const inputs = leaves.map(specOf);
  const flat = new Flattener(backend, inputs);
  const slots: number[] = [];
  const fixed = new Map<number, readonly number[]>();
  const slotOf = (x: Tensor) => (x.local < 0 ? -1 - x.local : slots[x.local]);
  nodes.forEach((n, i) => {
    const own: number[] = [];
    slots.push(flat.add(n.op!, n.attrs!, n.scalars, n.inputs.map(specOf), n.inputs.map(slotOf), n, own));
    if (mustDecompose(backend, n.op!)) fixed.set(i, own);
  });
  const program: Program = { inputs, instructions: flat.instructions, outputs: [] };
  planFrees(program);
  return { program, slots, fixed };
}

/** The program of a single op on leaves of the given shapes. */
export function programOf(
  backend: Backend,
  op: Op,
  attrs: object,
  scalars: readonly number[],
  specs: readonly Spec[],
  out: Spec,
): { program: Program; scalars: readonly number[] } {
  const flat = new Flattener(backend, specs.map(specOf));
  const fixed: number[] = [];
  const slot = flat.add(
    op,
    attrs,
    scalars,
    specs.map(specOf),
    specs.map((_, i) => i),
    out,
    fixed,
  );
  const program: Program = { inputs: specs.map(specOf), instructions: flat.instructions, outputs: [slot] };
  planFrees(program);
  return { program, scalars: fixed };
}

/** Runs a program kernel by kernel. All or nothing: what it made is freed if a kernel throws. */
export function interpret(
  backend: Backend,
  program: Program,
  inputs: readonly unknown[],
  scalars: readonly number[],
): unknown[] {
  const at = inputs.slice();
  const alive = new Set<number>();
  let s = 0;
  try {
    for (const k of program.instructions) {
      const kernel = backend.kernels[k.op.name as keyof typeof backend.kernels];
      if (!kernel) throw new Error(`${k.op.name}: the ${backend.name} backend has no kernel for this op`);
      const views = k.inputs.map((slot, i) => ({
        buffer: at[slot],
        shape: k.inputSpecs[i].shape,
        dtype: k.inputSpecs[i].dtype,
      }));
      at[k.out] = kernel(views, k.attrs, scalars.slice(s, s + k.scalars), k.spec);
      s += k.scalars;
      alive.add(k.out);
      for (const slot of k.frees) {
        backend.free(at[slot]);
        alive.delete(slot);
      }
    }
  } catch (error) {
    for (const slot of alive) backend.free(at[slot]);
    throw error;
  }
  return program.outputs.map((slot) => at[slot]);
}
