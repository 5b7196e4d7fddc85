// What a value is on this device. Users see this type, which needs no declaration of WebAssembly: a program for Node may have none.
import type { DType } from "@lamina/core";

/** Bytes of the memory that a value owns until it is freed. */
export interface WasmBuffer {
  readonly pointer: number;
  readonly length: number;
  readonly dtype: DType;
}
