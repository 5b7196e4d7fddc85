// What a structured kernel gives to the compiler: functions made for the shapes of one instruction.
import type { Spec } from "@lamina/core";
import type { Fn, Relaxed } from "../assembler.ts";

/** One function, and how it is called. */
export interface Stage {
  /** Everything the code depends on; functions are cached by it. */
  readonly key: string;
  /**
   * One function: pointers of the inputs, then of the result, then of scratch (if scratchBytes), then of what is the
   * runner's own (if ownBytes), then the slice's number (if slices) -> nothing.
   * @param relaxed whether the engine has relaxed SIMD, and it may be used.
   */
  emit(relaxed: Relaxed): Fn;
  /**
   * The work comes in this many slices: the function is called once for each, in any order and by any thread, and gets the
   * slice's number as its last parameter. No slice reads what another one writes. How work is cut depends on shapes alone, so
   * that the bits are the same for any number of threads. Engines also run a function's first calls unoptimised and change
   * over between calls, never within one: a kernel which does a whole batch in one call takes five times as long the first time.
   */
  readonly slices?: number;
  /** It goes over so many weights and over nothing else: little beside the work of the whole. */
  readonly weights?: number;
  /**
   * Slice i writes rows i*perSlice, … of the result, cut into `count` equal rows, and nothing else of it; the address of the
   * result is only ever used with the slice's own offset added.
   */
  readonly rows?: { readonly count: number; readonly perSlice: number };
}
/**
 * How one instruction is computed: by one function, or by several, each of which starts when the one before is done. Then the
 * keys of stages are their names, which count within the whole.
 */
export type Lowered = Memory & (Stage | { readonly key: string; readonly stages: readonly Stage[] });
interface Memory {
  /** Memory that all stages share, 16-byte aligned and not cleared. */
  readonly scratchBytes?: number;
  /** Memory that a slice has for itself while it runs. */
  readonly ownBytes?: number;
  /** Multiplications and additions of the definition, for profiles. */
  readonly flops?: number;
  /** Where it is written, if that is not in the file with the op's name: that file's name, without its ending. */
  readonly file?: string;
}
/** The stages, each with a key that says everything. */
export const stagesOf = (lowered: Lowered): readonly Stage[] =>
  "stages" in lowered
    ? lowered.stages.map((stage) => ({ ...stage, key: `${lowered.key}${STAGE}${stage.key}` }))
    : [lowered];
/** Between a kernel's key and the name of its stage. */
export const STAGE = ": ";

/**
 * attrs of the op; specs of inputs and result. Buffers are aligned to 16 bytes, and the 64 bytes after their end may be
 * read, but never written.
 */
// biome-ignore lint/suspicious/noExplicitAny: attributes are erased here, and typed by the row that names them.
export type Lower = (inputs: readonly Spec[], attrs: any, out: Spec) => Lowered;
