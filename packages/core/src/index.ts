// Tensors, ops, gradients, programs and layers: everything that is true on every device.
export type { Backend, Executable, Kernel, Kernels, MemoryInfo, View } from "./backend.ts";
export { Buffer, Cell, type CellOptions, Parameter } from "./cell.ts";
export { type Nested, type TensorOptions, tensor } from "./create.ts";
export { type DebugOptions, debug } from "./debug.ts";
export { getBackend, memory, setBackend, stats, sync } from "./device.ts";
export {
  allocate,
  bytesOf,
  type DType,
  dtypes,
  inBytes,
  promote,
  type Shape,
  type Spec,
  sizeOf,
  type TypedArray,
} from "./dtype.ts";
export { DeviceLostError, LaminaFormatError, OutOfMemoryError } from "./errors.ts";
export { backward, type GradOptions, grad } from "./grad.ts";
export type { Sizes, TensorMethods } from "./methods.ts"; // with it come the methods' types
export { noGrad } from "./mode.ts";
export * as nn from "./nn/index.ts";
export { defineOp, type Op } from "./op.ts";
export * from "./ops/functions.ts";
export { type OpName, ops } from "./ops/index.ts";
export type { Instruction, Program } from "./program.ts";
export {
  type Draw,
  defaultGenerator,
  drawn,
  Generator,
  makeDrawing,
  manualSeed,
  philox4x32,
  type RandomState,
  randomState,
  setRandomState,
} from "./random.ts";
export { record } from "./record.ts";
export { type Rehearsal, type RehearseOptions, rehearse } from "./rehearse.ts";
export type { SessionOptions, SessionStats } from "./run.ts";
export { Tensor } from "./tensor.ts";
