// What a structured kernel gives to the compiler: one function, made for the shapes of one instruction.
import type { Spec } from "@lamina/core";
import type { Fn } from "../assembler.ts";

/** How one instruction is computed: code made for its shapes. */
export interface Lowered {
  /** Everything the code depends on; functions are cached by it. */
  readonly key: string;
  /**
   * One function: pointers of the inputs, then of the result, then of scratch (if scratchBytes) -> nothing.
   * @param relaxed whether the engine has relaxed SIMD, and it may be used.
   */
  emit(relaxed: boolean): Fn;
  /**
   * The work comes in this many slices: the function is called once for each, in order, and gets the slice's number as its
   * last parameter. Engines run a function's first calls unoptimised and change over between calls, never within one, so
   * that a kernel which does a whole batch in one call takes five times as long the first time.
   */
  readonly slices?: number;
  /** Memory that is the kernel's own while it runs, 16-byte aligned and not cleared. */
  readonly scratchBytes?: number;
}

/**
 * attrs of the op; specs of inputs and result. Buffers are aligned to 16 bytes, and the 64 bytes after their end may be
 * read, but never written.
 */
// biome-ignore lint/suspicious/noExplicitAny: attributes are erased here, and typed by the row that names them.
export type Lower = (inputs: readonly Spec[], attrs: any, out: Spec) => Lowered;
