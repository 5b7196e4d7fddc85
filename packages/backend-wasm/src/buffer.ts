// What a value is on this device, and the error where there is no room for one. Users see these types, which need no declaration of
// WebAssembly: a program for Node may have none.
import type { DType } from "@lamina/core";

/** Bytes of the memory that a value owns until it is freed. */
export interface WasmBuffer {
  readonly pointer: number;
  readonly length: number;
  readonly dtype: DType;
}

export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
}
