// What a kernel gives to the engine: dispatches, made for the shapes of one instruction. The engine declares the bindings,
// cuts arrays that are larger than a binding may be, and spreads workgroups over dimensions and submissions.
import type { DType, Spec } from "@lamina/core";

/** What a lowering may ask of the device. */
export interface Target {
  readonly limits: GPUSupportedLimits;
  /** How many invocations run in lockstep, at most; 0 if the extension `subgroups` is not there. */
  readonly subgroupSize: number;
}

/**
 * An array of a kernel. WGSL reads element i by `read_NAME(i)` and writes it by `write_NAME(i, value)`, of type f32, i32, or
 * u32 for uint8 (0 to 255) and bool (0 or 1): every element takes 4 bytes on the device. With `width` 4, i counts vectors and
 * the type is vec4 of that: the array is read as if it went on to a whole number of vectors, and what is written past its
 * end is lost. An array that a kernel writes may also be read; it is not cleared before.
 */
export type ArrayUse = { readonly name: string; readonly width?: 1 | 2 | 4 } & (
  | { readonly input: number }
  | { readonly output: true }
  /** One of the kernel's own, by its place in `Lowered.scratch`. */
  | { readonly scratch: number }
);

/** A number that does not change the code, `p.NAME` in WGSL: fixed, or one of the instruction's scalars at each run. */
export type Uniform = { readonly name: string; readonly type: "u32" | "i32" | "f32" } & (
  | { readonly value: number }
  | { readonly scalar: number }
);

export interface Wgsl {
  /** Functions, constants, and workgroup variables. */
  readonly globals?: string;
  /**
   * The body of the entry point. It sees `group: u32`, 0 to workgroups - 1, and `local: u32`, 0 to workgroupSize - 1, both
   * flat whatever the device's limits are.
   */
  readonly main: string;
}

export interface Dispatch {
  /** Everything the code depends on but the dtypes and widths of arrays: pipelines are cached by it. */
  readonly key: string;
  readonly arrays: readonly ArrayUse[];
  readonly uniforms?: readonly Uniform[];
  readonly wgsl: () => Wgsl;
  /**
   * The code uses the extension `subgroups`. It sees `quad: u32`, 0 to 3: which one it is of the four invocations, `local` from a
   * multiple of 4 on, that `quadBroadcast` connects. Default false.
   */
  readonly subgroups?: boolean;
  /** At most 256. Default 64. */
  readonly workgroupSize?: number;
  /** Any number: more than a dimension holds is fine. */
  readonly workgroups: number;
  /** Multiply-adds, or elements moved where there are none, in all: so that no submission outlasts a watchdog. */
  readonly work: number;
}

export interface Lowered {
  readonly dispatches: readonly Dispatch[];
  readonly scratch?: readonly { readonly dtype: DType; readonly length: number }[];
  /**
   * Input `input` holds indices from 0 to size - 1 along `axis`. The engine checks it; the kernel may be run with others,
   * but nobody sees what it then makes. (Reading or writing past an array's end is harmless in WebGPU.)
   */
  readonly indices?: { readonly input: number; readonly size: number; readonly axis: number };
}

/** attrs of the op; specs of inputs and result, which has at least one element. */
// biome-ignore lint/suspicious/noExplicitAny: attributes are erased here, and typed by the row that names them.
export type Lower = (inputs: readonly Spec[], attrs: any, out: Spec, target: Target) => Lowered;
