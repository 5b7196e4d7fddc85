// Tensor: a value that is recorded now and computed when someone looks. Nobody has to free one: results live on the
// host once read, and the executor frees what is inner (run.ts). The ops are in ops/, attached as methods in methods.ts.
import { here } from "./active.ts";
import type { Backend } from "./backend.ts";
import type { Cell } from "./cell.ts";
import { type DType, type Shape, type Spec, sizeOf, type TypedArray } from "./dtype.ts";
import type { Group } from "./group.ts";
import { homeOf } from "./home.ts";
import type { Op } from "./op.ts";
import { keep, peek, read } from "./pending.ts";
import { format } from "./print.ts";
import type { Draw } from "./random.ts";
import type { Run } from "./run.ts";
import { Place, type Storage } from "./storage.ts";

let nextId = 0;
const NO_INPUTS: readonly Tensor[] = [];
const NO_SCALARS: readonly number[] = [];

let lastStamp = 0;
/** Of a walk over recorded tensors: what it has met bears it. One count for all sessions, since tensors outlive them. */
export const newStamp = (): number => ++lastStamp;

export class Tensor implements Spec {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Whether backward() will pass through it. Set by what it is computed from, or by {@link tensor}'s option. */
  requiresGrad = false;

  // ---- for core: how it was made, and where its value is -----------------------------------------------------------
  /** Recording order, which is a topological order. */
  readonly id = nextId++;
  op: Op | undefined = undefined;
  inputs: readonly Tensor[] = NO_INPUTS;
  attrs: object | undefined = undefined;
  scalars: readonly number[] = NO_SCALARS;
  /** Set while recorded and not yet run. */
  group: Group | undefined = undefined;
  uses = 0;
  place = new Place();
  /** Which run computed (or uploaded) it, and as what: its node, or -1 - its leaf. */
  run: Run | undefined = undefined;
  index = -1;
  /** Where the walk with this stamp met it. */
  local = 0;
  stamp = 0;
  /** Read or kept: its value outlives the program. */
  kept = false;
  isRoot = false;
  /** backward() has used its graph up. */
  released = false;
  /** Cells that take this value when it has been computed. */
  holders: Cell[] | undefined = undefined;
  error: unknown = undefined;

  constructor(shape: Shape, dtype: DType) {
    this.shape = shape;
    this.dtype = dtype;
  }

  /** The backend that computes with it: the one it was placed on with `to(backend)`, else the one of setBackend(). */
  get device(): Backend {
    return (homeOf(this.source) ?? here()).backend;
  }
  get ndim(): number {
    return this.shape.length;
  }
  /** The number of elements. */
  get numel(): number {
    return sizeOf(this.shape);
  }
  /** The tensor to compute with: this one, or what a cell holds. */
  get source(): Tensor {
    return this;
  }
  get storage(): Storage | undefined {
    return this.place.storage;
  }
  set storage(storage: Storage | undefined) {
    this.place.storage = storage;
  }
  get host(): TypedArray | undefined {
    return this.place.host;
  }
  set host(host: TypedArray | undefined) {
    this.place.host = host;
  }
  get cell(): Cell | undefined {
    return this.place.cell;
  }
  get pending(): boolean {
    return this.group !== undefined;
  }
  get available(): boolean {
    return this.place.storage !== undefined || this.place.onHost;
  }
  /** Forget how it was made. */
  cut(): void {
    this.inputs = NO_INPUTS;
    this.op = undefined;
    this.released = this.requiresGrad;
  }

  // ---- reading -------------------------------------------------------------------------------------------------------
  /** The elements in row-major order, as a copy. What was read lives on the host from then on. */
  async data(): Promise<TypedArray> {
    return (await read(this.source)).slice();
  }
  /** The value of a tensor with one element, as a number (bool: 0 or 1). */
  async item(): Promise<number> {
    if (this.numel !== 1)
      throw new Error(
        `item: the tensor has ${this.numel} elements (shape [${this.shape}]), but only one can be an item; use data() or toArray()`,
      );
    return (await read(this.source))[0];
  }
  /** The elements as nested arrays, as PyTorch's `tolist()`; a number for a 0-d tensor; booleans for bool. */
  async toArray<T = unknown>(): Promise<T> {
    return nest(await read(this.source), this.shape, this.dtype) as T;
  }
  /** Has its value kept for later use, although it is an inner value of a program: logits used two steps late. */
  keep(): Tensor {
    return keep(this.source);
  }
  /** Lets the value go now. Never needed: for those who want to say when. */
  dispose(): void {
    here().session.dispose(this.source);
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  /** Prints like PyTorch where the value can be had at once (it runs what is pending); else says what it is. */
  toString(): string {
    return format(this.shape, this.dtype, peek(this.source), this.requiresGrad);
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function nest(data: TypedArray, shape: Shape, dtype: DType): unknown {
  const value = (i: number) => (dtype === "bool" ? data[i] !== 0 : data[i]);
  const level = (axis: number, offset: number, stride: number): unknown => {
    if (axis === shape.length) return value(offset);
    const inner = stride / shape[axis];
    return Array.from({ length: shape[axis] }, (_, i) => level(axis + 1, offset + i * inner, inner));
  };
  return level(0, 0, data.length);
}

/** A leaf whose value is made on the host when someone looks; a device that can may draw it itself. */
export function leafLater(make: () => TypedArray, shape: Shape, dtype: DType, draw?: Draw): Tensor {
  const t = new Tensor(shape, dtype);
  t.place.putOff(make, draw);
  return t;
}
/** A leaf with a value on the host, which it takes over without copying. */
export function leafOf(host: TypedArray, shape: Shape, dtype: DType): Tensor {
  const t = new Tensor(shape, dtype);
  t.host = host;
  return t;
}
