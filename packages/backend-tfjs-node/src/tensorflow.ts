// Runs TensorFlow's ops. Handles that a kernel makes on the way are freed when it ends, whether it returns or throws;
// small constants (shapes, axes) are kept for the next time.
import { OutOfMemoryError, type Shape } from "@lamina/core";
import { type Attr, type Binding, type Handle, type TfType, type as typeAttr, types } from "./binding.ts";

/** Constants kept, give or take one kernel's: what a large network has of shapes and axes. */
const MOST_CONSTANTS = 4096;

/** "OOM when allocating tensor with shape[256,64] and type float on …" */
const NO_ROOM = /OOM when allocating tensor(?: with shape\s*\[([\d,]*)\])?/;

export class TensorFlow {
  readonly binding: Binding;
  /** Bytes of the values that are alive; the device tells. */
  inUse = (): number => 0;
  /** Handles of the present scope that nobody owns yet. */
  private temporaries: Handle[] = [];
  private readonly constants = new Map<string, Handle>();

  constructor(binding: Binding) {
    this.binding = binding;
  }

  /** Runs an op with one result. */
  op(name: string, attrs: readonly Attr[], inputs: readonly Handle[]): Handle {
    return this.ops(name, attrs, inputs, 1)[0];
  }
  ops(name: string, attrs: readonly Attr[], inputs: readonly Handle[], outputs: number): Handle[] {
    const handles = this.execute(name, attrs, inputs, outputs).map(({ id }) => id);
    this.temporaries.push(...handles);
    return handles;
  }
  /** @throws with TensorFlow's own reason, which its binding gives under the heading of a status number. */
  private execute(...args: Parameters<Binding["executeOp"]>): ReturnType<Binding["executeOp"]> {
    try {
      return this.binding.executeOp(...args);
    } catch (error) {
      const reason = (error as Error).message.replace(/^Invalid TF_Status: \d+\s*Message: /, "");
      const noRoom = NO_ROOM.exec(reason);
      if (noRoom) throw this.outOfMemory(noRoom[1] ?? "", error);
      throw new Error(
        `tfjs-node: TensorFlow's ${args[0]} failed: ${reason}; if memory ran out use a smaller batch, else this is a mistake of @lamina/backend-tfjs-node`,
        { cause: error },
      );
    }
  }
  private outOfMemory(sizes: string, cause: unknown): OutOfMemoryError {
    const requested = 4 * sizes.split(",").reduce((product, size) => product * Number(size), 1);
    return new OutOfMemoryError("tfjs-node", { requested, inUse: this.inUse(), limit: undefined }, { cause });
  }
  /** A tensor of host data, which must not be written to afterwards. */
  tensor(shape: Shape, dtype: TfType, data: ArrayBufferView): Handle {
    const handle = this.binding.createTensor(shape, types[dtype], data);
    this.temporaries.push(handle);
    return handle;
  }

  /** Runs `body` and frees what it made, except what it handed to `keep`. Scopes do not nest. */
  scope<T>(body: () => T): T {
    if (this.constants.size > MOST_CONSTANTS) this.clear();
    const outer = this.temporaries;
    this.temporaries = [];
    try {
      return body();
    } finally {
      for (const handle of this.temporaries) this.binding.deleteTensor(handle);
      this.temporaries = outer;
    }
  }
  /** Makes the caller the owner of a handle of this scope. */
  keep(handle: Handle): Handle {
    const at = this.temporaries.lastIndexOf(handle);
    if (at < 0) throw new Error(`tfjs-node: handle ${handle} is not this scope's to keep`);
    this.temporaries.splice(at, 1);
    return handle;
  }
  delete(handle: Handle): void {
    this.binding.deleteTensor(handle);
  }

  /** Whole numbers that a structure brings with it: a shape, axes, paddings. Kept; not the caller's to free. */
  constant(values: readonly number[], shape: Shape = [values.length]): Handle {
    const key = `${shape}:${values}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const handle = this.binding.createTensor(shape, types.int32, Int32Array.from(values));
    this.constants.set(key, handle);
    return handle;
  }
  clear(): void {
    for (const handle of this.constants.values()) this.binding.deleteTensor(handle);
    this.constants.clear();
  }

  // ---- ops that more than one kernel is made of ----------------------------------------------------------------------------
  reshape(x: Handle, dtype: TfType, shape: Shape): Handle {
    return this.op("Reshape", [typeAttr("T", dtype), typeAttr("Tshape", "int32")], [x, this.constant(shape)]);
  }
  cast(x: Handle, from: TfType, to: TfType): Handle {
    return this.op("Cast", [typeAttr("SrcT", from), typeAttr("DstT", to)], [x]);
  }
  /** One number. */
  scalar(value: number, dtype: TfType): Handle {
    const Array = dtype === "float32" ? Float32Array : dtype === "int32" ? Int32Array : Uint8Array;
    return this.tensor([], dtype, Array.of(value));
  }
  /** A pointwise op of inputs of one dtype that broadcast. */
  apply(name: string, dtype: TfType, ...inputs: readonly Handle[]): Handle {
    return this.op(name, [typeAttr("T", dtype)], inputs);
  }
}
