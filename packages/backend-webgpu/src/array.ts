// What an array on the device is made of, and the error for one that has no room. Users see these types.
import { type DType, OutOfMemoryError as OutOfMemory } from "@lamina/core";
import type { Declared } from "./declared.ts";
import type { Outcome } from "./outcome.ts";

/** One buffer of the device. */
export interface Part {
  readonly id: number;
  readonly buffer: Declared<"GPUBuffer">;
  /** Of the buffer; what is in use may be less. */
  readonly bytes: number;
  /** Whether there was memory for it. */
  readonly outcome: Outcome;
}

/** An array on the device: one part, or several where it is larger than a binding may be. */
export interface GpuArray {
  readonly dtype: DType;
  readonly length: number;
  readonly parts: readonly Part[];
  /** What its values depend on and is not known yet. */
  outcomes: readonly Outcome[];
  /** The smallest and largest value, where the host has seen them. */
  readonly range?: readonly [number, number] | undefined;
}

/** Of this device. */
export class OutOfMemoryError extends OutOfMemory {
  constructor(requested: number, inUse: number, limit: number | undefined, options?: ErrorOptions) {
    super("webgpu", { requested, inUse, limit }, options);
  }
}
