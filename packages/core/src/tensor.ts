// Tensor: a value that is recorded now and computed when someone looks. Nobody has to free one: results live on the
// host once read, and the executor frees what is inner (run.ts). The ops are in ops/, attached as methods in methods.ts.
import { session } from "./active.ts";
import type { Cell } from "./cell.ts";
import { type DType, type Shape, type Spec, sizeOf, type TypedArray, toTypedArray } from "./dtype.ts";
import type { Group } from "./group.ts";
import type { Op } from "./op.ts";
import { format } from "./print.ts";
import type { Run } from "./run.ts";
import { Place, type Storage } from "./storage.ts";

let nextId = 0;
const NO_INPUTS: readonly Tensor[] = [];
const NO_SCALARS: readonly number[] = [];

/** Numbers or booleans, nested as the axes are. */
export type Nested<T = number | boolean> = T | readonly Nested<T>[];

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
  /** Its place in the program that is being looked up. */
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
    return this.place.storage !== undefined || this.place.host !== undefined;
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
    return session().keep(this.source);
  }
  /** Lets the value go now. Never needed: for those who want to say when. */
  dispose(): void {
    session().dispose(this.source);
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
  /** Prints like PyTorch where the value can be had at once (it runs what is pending); else says what it is. */
  toString(): string {
    return format(this.shape, this.dtype, session().peek(this.source), this.requiresGrad);
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** What is on the host, as data sets are, can be read before any backend is set. */
const read = (t: Tensor): TypedArray | Promise<TypedArray> =>
  t.host && !t.pending && !t.error ? t.host : session().read(t);

function nest(data: TypedArray, shape: Shape, dtype: DType): unknown {
  const value = (i: number) => (dtype === "bool" ? data[i] !== 0 : data[i]);
  const level = (axis: number, offset: number, stride: number): unknown => {
    if (axis === shape.length) return value(offset);
    const inner = stride / shape[axis];
    return Array.from({ length: shape[axis] }, (_, i) => level(axis + 1, offset + i * inner, inner));
  };
  return level(0, 0, data.length);
}

/** A leaf with a value on the host, which it takes over without copying. */
export function leafOf(host: TypedArray, shape: Shape, dtype: DType): Tensor {
  const t = new Tensor(shape, dtype);
  t.host = host;
  return t;
}

const isList = (x: unknown): x is ArrayLike<unknown> => Array.isArray(x) || ArrayBuffer.isView(x);

function shapeOf(data: unknown): number[] {
  const shape: number[] = [];
  for (let level = data; isList(level); level = level[0]) shape.push(level.length);
  return shape;
}
function flattenInto(out: (number | boolean)[], data: unknown, shape: Shape, axis: number): void {
  if (axis === shape.length) {
    if (typeof data !== "number" && typeof data !== "boolean")
      throw new Error(
        `tensor: expected a number or boolean at depth ${axis} but found ${isList(data) ? "a list" : String(data)}; all rows must be nested equally deep`,
      );
    out.push(data);
    return;
  }
  if (!isList(data) || data.length !== shape[axis])
    throw new Error(
      `tensor: a row at depth ${axis} has ${isList(data) ? data.length : "no"} elements but the first one has ${shape[axis]}; make all rows equally long`,
    );
  for (let i = 0; i < data.length; i++) flattenInto(out, data[i], shape, axis + 1);
}

function dtypeOf(data: TypedArray): DType {
  if (data instanceof Int32Array) return "int32";
  return data instanceof Uint8Array ? "uint8" : "float32";
}

export interface TensorOptions {
  shape?: Shape;
  dtype?: DType;
}

/**
 * A tensor with the given values, as `torch.tensor`. Copies.
 * @param data a number, nested arrays, or a typed array.
 * @param options.shape defaults to the nesting, or to [data.length] for typed arrays.
 * @param options.dtype defaults to float32 for numbers (and Float64Array), bool for booleans, int32 and uint8 for those arrays.
 * @throws if rows are ragged or the values do not fill the shape.
 */
export function tensorFrom(data: Nested | TypedArray, { shape, dtype }: TensorOptions = {}): Tensor {
  let flat: ArrayLike<number>;
  let natural: Shape;
  let found: DType = "float32";
  if (ArrayBuffer.isView(data)) {
    flat = data as TypedArray;
    natural = [flat.length];
    found = dtypeOf(data as TypedArray);
  } else {
    natural = shapeOf(data);
    const values: (number | boolean)[] = [];
    flattenInto(values, data, natural, 0);
    if (values.length > 0 && values.every((v) => typeof v === "boolean")) found = "bool";
    flat = values as number[];
  }
  const target = shape ?? natural;
  if (sizeOf(target) !== flat.length)
    throw new Error(
      `tensor: ${flat.length} values do not fill shape [${target}] of ${sizeOf(target)} elements; pass a shape with ${flat.length} elements`,
    );
  return leafOf(toTypedArray(flat, dtype ?? found), [...target], dtype ?? found);
}
