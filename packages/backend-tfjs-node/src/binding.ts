// What this package needs of tfjs-node: its native binding, which runs any op of TensorFlow's on handles. The tensors, the
// gradients and the memory of tfjs itself stay out of it, and so do the `util` functions that its JavaScript calls.
import type { DType } from "@lamina/core";

/** A tensor of TensorFlow's, as the binding numbers them. */
export type Handle = number;

/** The native addon's object, as tfjs-node's backend holds it. */
export interface Binding {
  readonly TF_Version: string;
  /** Shares the array's memory with TensorFlow: it must not change until the handle is deleted. */
  createTensor(shape: readonly number[], dtype: number, data: ArrayBufferView): Handle;
  deleteTensor(handle: Handle): void;
  /** A fresh copy of the values. uint8 is not among the types that it reads. */
  tensorDataSync(handle: Handle): Float32Array | Int32Array | Uint8Array;
  executeOp(
    name: string,
    attrs: readonly Attr[],
    inputs: readonly Handle[],
    outputs: number,
  ): { id: Handle; shape: number[]; dtype: number }[];
  /** How many handles there are, of all users of the binding together. */
  getNumOfTensors(): number;
}

/** TF_DataType of TensorFlow's C API. */
export const types = {
  float32: 1,
  float64: 2,
  int32: 3,
  uint8: 4,
  int64: 9,
  bool: 10,
  uint32: 22,
  uint64: 23,
} as const;
export type TfType = keyof typeof types;

/** An attribute of an op, as the binding takes it. `type` is TF_AttrType of TensorFlow's C API. */
export interface Attr {
  readonly name: string;
  readonly type: number;
  readonly value: string | boolean | number | readonly number[];
}
export const text = (name: string, value: string): Attr => ({ name, type: 0, value });
export const int = (name: string, value: number | readonly number[]): Attr => ({ name, type: 1, value });
export const flag = (name: string, value: boolean): Attr => ({ name, type: 3, value });
export const type = (name: string, value: TfType): Attr => ({ name, type: 4, value: types[value] });

/** The name of a dtype of ours in TensorFlow. float64 is not among those that the binding takes. */
export const tfType = (dtype: DType): TfType => dtype as Exclude<DType, "float64">;
