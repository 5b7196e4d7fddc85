// The device: kernels one by one, and whole programs. Both go through the same lowerings, so both give the same bits.
import {
  type DType,
  type Executable,
  type OpName,
  type Program,
  type Spec,
  sizeOf,
  type TypedArray,
} from "@lamina/core";
import { type Node, nodesOf, withoutCommon, withoutDead } from "@lamina/core/passes";
import { tfType } from "./binding.ts";
import { lowerings } from "./kernels/index.ts";
import { heldBy, type Lowering, Operand, type Result } from "./operand.ts";
import type { TensorFlow } from "./tensorflow.ts";
import { rowMajor, type Value, Values } from "./value.ts";

export class Device {
  private readonly tf: TensorFlow;
  readonly values: Values;
  constructor(tf: TensorFlow) {
    this.tf = tf;
    this.values = new Values(tf);
    tf.inUse = () => this.values.info().bytes;
  }

  upload(data: TypedArray, dtype: DType): Value {
    const shape = [data.length];
    return this.tf.scope(() =>
      this.values.adopt(heldBy({ handle: this.tf.tensor(shape, tfType(dtype), data.slice()) }, shape), dtype),
    );
  }
  read(value: Value): TypedArray {
    this.values.check(value);
    return this.tf.scope(() => {
      const { shape } = value.helds[0];
      const { handle } = this.values.whole(value, shape, rowMajor(shape.length));
      if (value.dtype !== "uint8") return this.tf.binding.tensorDataSync(handle);
      return Uint8Array.from(this.tf.binding.tensorDataSync(this.tf.cast(handle, "uint8", "int32")));
    });
  }

  /** Computes one op. */
  run(op: OpName, inputs: readonly Operand[], attrs: object, scalars: readonly number[], out: Spec): Value {
    const lowering: Lowering = lowerings[op as keyof typeof lowerings];
    return this.tf.scope(() => {
      const result = hasWork(op, inputs, out) ? lowering(this.tf, inputs, attrs, scalars, out) : this.zeros(out);
      return this.values.adopt(heldBy(result, out.shape), out.dtype);
    });
  }
  private zeros({ shape, dtype }: Spec): Result {
    return lowerings.full(this.tf, [], {}, [0], { shape, dtype });
  }
  operand(value: Value, spec: Spec): Operand {
    this.values.check(value);
    return new Operand(this.values, value, spec);
  }

  compile(program: Program): Executable<Value> {
    const outputs = [...program.outputs]; // the program's may grow
    const nodes = withoutCommon(withoutDead(nodesOf(program), outputs), outputs);
    const frees = lastUses(nodes, program.inputs.length, outputs);
    return (inputs, scalars) => {
      const slots = new Map<number, Value>(inputs.map((value, slot) => [slot, value]));
      const free = (slot: number) => {
        this.values.free(slots.get(slot)!);
        slots.delete(slot);
      };
      try {
        nodes.forEach((node, i) => {
          slots.set(node.out, this.step(node, slots, scalars));
          for (const slot of frees[i]) free(slot);
        });
        return outputs.map((slot) => slots.get(slot)!);
      } catch (error) {
        for (const slot of slots.keys()) if (slot >= inputs.length) free(slot);
        throw error;
      }
    };
  }
  private step(node: Node, slots: ReadonlyMap<number, Value>, scalars: readonly number[]): Value {
    const inputs = node.inputs.map((slot, i) => this.operand(slots.get(slot)!, node.inputSpecs[i]));
    const own = node.scalars.map((i) => scalars[i]);
    return this.run(node.op as OpName, inputs, node.attrs, own, node.spec);
  }
}

/** Without elements in, or out, there is nothing to compute: zeros, where a sum or a padding does not say otherwise. */
function hasWork(op: OpName, inputs: readonly Operand[], { shape }: Spec): boolean {
  if (sizeOf(shape) === 0) return false;
  return (op !== "matmul" && !op.startsWith("conv2d")) || inputs.every((x) => sizeOf(x.shape) > 0);
}

/** For each node the slots that nothing reads after it, and that are not handed out. */
function lastUses(nodes: readonly Node[], inputs: number, outputs: readonly number[]): number[][] {
  const seen = new Set(outputs);
  const frees: number[][] = nodes.map(() => []);
  for (let i = nodes.length - 1; i >= 0; i--)
    for (const slot of [nodes[i].out, ...nodes[i].inputs]) {
      if (slot < inputs || seen.has(slot)) continue;
      seen.add(slot);
      frees[i].push(slot);
    }
  return frees;
}
