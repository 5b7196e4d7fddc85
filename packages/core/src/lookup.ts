// From recorded nodes to a program: the structure as numbers, looked up exactly, and flattened when it is new.
// Ops without a kernel on the backend are replaced by their decomposition here.
import type { Backend } from "./backend.ts";
import type { Spec } from "./dtype.ts";
import { withGrad } from "./mode.ts";
import type { Op } from "./op.ts";
import { trace } from "./pending.ts";
import { type Instruction, type Program, planFrees } from "./program.ts";
import { newStamp, Tensor } from "./tensor.ts";

/** A structure that has been met. */
export class Known {
  readonly structure: Int32Array;
  readonly program: Program;
  /** Node -> slot. */
  readonly slots: readonly number[];
  /** Node -> the scalars of what it was decomposed into; they follow from its attributes, so they never change. */
  readonly fixed: readonly (readonly number[] | undefined)[];
  /** Slot -> place among the program's outputs, -1 for what is not handed out. */
  readonly handed: Int32Array;
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
    this.handed = new Int32Array(flat.program.inputs.length + flat.program.instructions.length).fill(-1);
  }
  /** The value of `slot` is handed out from now on: to be compiled again. */
  hand(slot: number): void {
    this.handed[slot] = this.program.outputs.length;
    this.program.outputs = [...this.program.outputs, slot];
    this.executable = undefined;
  }
  /** An estimate of what holding it costs, with what a backend compiles for it. */
  get bytes(): number {
    return 4 * this.structure.length + 2000 * this.program.instructions.length;
  }
}
interface Flat {
  program: Program;
  slots: readonly number[];
  fixed: readonly (readonly number[] | undefined)[];
}

const words = new Map<unknown, number>();
/** A number for an op, an attribute's name or a string in it. */
function wordOf(x: unknown): number {
  let n = words.get(x);
  if (n === undefined) words.set(x, (n = words.size));
  return n;
}

/** The structure that is being looked up: one array for all look-ups, which grows. */
let ints = new Int32Array(1 << 12);
let length = 0;
function put(n: number): void {
  if (length === ints.length) {
    const longer = new Int32Array(2 * length);
    longer.set(ints);
    ints = longer;
  }
  ints[length++] = n;
}
function putAll(list: readonly number[]): void {
  put(list.length);
  for (let i = 0; i < list.length; i++) put(list[i]);
}
/** Attributes are integers, booleans, strings and lists of integers. */
function putAttrs(attrs: object): void {
  for (const key in attrs) {
    const value = (attrs as Record<string, unknown>)[key];
    if (typeof value === "number") put(value);
    else if (typeof value === "object") putAll(value as readonly number[]);
    else if (typeof value === "string") put(wordOf(value));
    else put(+(value as boolean));
  }
}
/** Writes the structure of `nodes`, and fills `leaves` in with what it starts from. */
function putNodes(nodes: readonly Tensor[], leaves: Tensor[]): void {
  length = 0;
  const stamp = newStamp();
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    put(wordOf(node.op));
    put(node.scalars.length);
    put(node.inputs.length);
    if (node.attrs) putAttrs(node.attrs);
    for (const x of node.inputs) {
      const isNew = x.stamp !== stamp;
      if (isNew) {
        x.stamp = stamp;
        x.local = -1 - leaves.length;
        leaves.push(x);
      }
      put(x.local);
      if (!isNew) continue;
      put(wordOf(x.dtype));
      putAll(x.shape);
    }
    node.stamp = stamp;
    node.local = i;
  }
}
function hashOfStructure(): number {
  // two at a time, since each multiplication waits for the one before it; beyond the end lies what a longer one has left
  let [even, odd] = [length, 0];
  for (let i = 0; i < length; i += 2) {
    even = Math.imul(even ^ ints[i], 0x9e3779b1);
    odd = Math.imul(odd ^ (i + 1 < length ? ints[i + 1] : 0), 0x85ebca6b);
  }
  return even ^ (odd >>> 15) ^ (even >>> 13) ^ odd;
}
function isStructure(known: Int32Array): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== ints[i]) return false;
  return true;
}

/** Programs by structure, bounded by bytes; the least recently run leave first. */
export class ProgramCache {
  private readonly byHash = new Map<number, Known[]>();
  private readonly backend: Backend;
  private readonly maxBytes: number;
  private bytes = 0;
  /** The hash that was used last. */
  private latest: number | undefined = undefined;
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
    putNodes(nodes, leaves);
    const hash = hashOfStructure();
    const bucket = this.byHash.get(hash) ?? [];
    for (const known of bucket)
      if (isStructure(known.structure)) {
        this.use(hash, bucket);
        return known;
      }
    const known = new Known(ints.slice(0, length), flatten(this.backend, nodes, leaves));
    bucket.push(known);
    this.bytes += known.bytes;
    this.met++;
    this.use(hash, bucket);
    while (this.bytes > this.maxBytes && this.byHash.size > 1) {
      const [oldest, dead] = this.byHash.entries().next().value as [number, Known[]];
      this.byHash.delete(oldest);
      for (const k of dead) this.bytes -= k.bytes;
      onEvict(dead);
    }
    return known;
  }
  /** Puts it last in line to leave. */
  private use(hash: number, bucket: Known[]): void {
    if (this.latest === hash) return;
    this.latest = hash;
    this.byHash.delete(hash);
    this.byHash.set(hash, bucket);
  }
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
  const fixed: (readonly number[] | undefined)[] = [];
  const slotOf = (x: Tensor) => (x.local < 0 ? -1 - x.local : slots[x.local]);
  for (const n of nodes) {
    const own: number[] = [];
    slots.push(flat.add(n.op!, n.attrs!, n.scalars, n.inputs.map(specOf), n.inputs.map(slotOf), n, own));
    fixed.push(mustDecompose(backend, n.op!) ? own : undefined);
  }
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
