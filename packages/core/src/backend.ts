// The contract between core and a device. Core owns shapes, gradients, order and lifetimes; a backend owns memory and
// arithmetic. A kernel never validates, broadcasts or fills in defaults: core has.
import type { DType, Shape, Spec, TypedArray } from "./dtype.ts";
import type { OpName } from "./ops/index.ts";
import type { Program } from "./program.ts";
import type { Draw } from "./random.ts";

/** A buffer with the shape and dtype core has already checked. Contiguous, row-major; images are NCHW. */
export interface View<B> {
  readonly buffer: B;
  readonly shape: Shape;
  readonly dtype: DType;
}
/** Computes one op and returns a fresh buffer. `scalars` are the numbers that may change from run to run. */
// biome-ignore lint/suspicious/noExplicitAny: the attributes of an op are erased here, and typed again by the kernel that names them.
export type Kernel<B> = (inputs: readonly View<B>[], attrs: any, scalars: readonly number[], out: Spec) => B;
/** A row an op. A missing row is decomposed by core; a missing row of an op without decomposition is an error of setBackend. */
export type Kernels<B> = { readonly [K in OpName]?: Kernel<B> };

/**
 * A compiled program: takes one buffer per program input and all scalars of the step, gives one fresh buffer per
 * program output, or throws and leaves nothing behind.
 */
export type Executable<B> = (inputs: readonly B[], scalars: readonly number[]) => B[];

export interface MemoryInfo {
  /** Bytes in buffers that have not been freed. */
  readonly bytes: number;
  readonly buffers: number;
  /** The highest `bytes` has been. */
  readonly peakBytes: number;
  /** The most that `bytes` can be, where the device knows. */
  readonly limit?: number | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: kernels are contravariant in B; `unknown` here would put a cast at every use.
export interface Backend<B = any> {
  readonly name: string;
  /** Element types that buffers of this device can have. */
  readonly dtypes: readonly DType[];
  readonly kernels: Kernels<B>;
  /** Copies host data to the device; the array may be reused when this returns. */
  upload(data: TypedArray, dtype: DType): B;
  /** Draws random numbers itself, to the bit as {@link drawn} does on the host: where the calling thread must not be held. */
  draw?(draw: Draw): B;
  /** Copies to a fresh host array. */
  read(buffer: B): TypedArray | Promise<TypedArray>;
  free(buffer: B): void;
  /** Takes a whole program at once, to fuse and to place. Without it core runs kernel by kernel. */
  compile?(program: Program): Executable<B>;
  /** A kernel by itself costs it as much as a compiled program: programs are compiled when they are met for the first time. */
  readonly compilesFirst?: boolean;
  memory(): MemoryInfo;
  /**
   * This device on paper, with so many bytes: it plans and counts memory as this one does, takes none and computes nothing, so
   * that a step can be tried before it is run ({@link rehearse}). What is read from it means nothing. Without it core counts
   * kernel by kernel.
   */
  onPaper?(maxBytes: number): Backend<B>;
  /** Ops of which it keeps float32 operands in half precision, rounded to 11 bits, because it was asked to. */
  readonly halfOperands?: readonly string[];
  /**
   * Convolutions that it computes by an algorithm that adds neighbours up before it multiplies (Winograd's): their roundings are
   * in proportion to the largest result, not to each.
   */
  readonly mixedTerms?: readonly string[];
  /** What it runs on, for people and reports: adapter, driver, versions, threads. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Opens the same device anew, with the same options, when this one was lost. A lost device throws `DeviceLostError`
   * from whatever computes, rejects reads with it, and takes `free` and `close` without a word.
   */
  reopen?(): Promise<Backend<B>>;
  close(): Promise<void>;
}
