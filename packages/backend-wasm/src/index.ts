// The default device: WebAssembly SIMD kernels written at run time, for Node and browsers. Nothing is fetched, and
// nothing happens on import.
import type { Backend } from "@lamina/core";
import type { WasmBuffer } from "./buffer.ts";
import { open } from "./open.ts";
import type { ProfileRow } from "./profile.ts";

export type { WasmBuffer } from "./buffer.ts";
export type { ProfileRow } from "./profile.ts";

export interface WasmOptions {
  /** Multiply and add in one step where the engine can ("auto", the default), or never (false): slower, the same on every machine. */
  relaxedSimd?: "auto" | false;
  /**
   * Winograd's algorithm for 3x3 and 5x5 convolutions without strides: F(4x4,3x3) and F(2x2,5x5) ("auto", the default: fast, and a
   * decimal digit less exact), only F(2x2,3x3) ("f2": nearly as exact as the definition), or none ("off").
   */
  winograd?: "auto" | "f2" | "off";
  /**
   * How many threads work: a number up to 16, or "auto", the default, for as many as there are cores, up to 8. Results are the
   * same, bit for bit, for any number. They are started when a program comes that is worth it. Pages have threads if they are
   * cross-origin isolated; elsewhere it is one, and a line on the console says why.
   */
  threads?: "auto" | number;
  /**
   * Compute with 256 bits instead of 128, in Node 24 or later on x64, by an experiment of V8 that is switched on for the whole
   * process: if it is faster there and gives the same bits, which is tried out first ("auto", the default; true: the same, and a
   * line on the console says why it is not on), or never (false).
   */
  wide?: "auto" | boolean;
  /**
   * Compute in a worker: values are then read asynchronously, as from a graphics card, and the thread that calls is never held
   * for long. "auto", the default: on the main thread of a page, if a worker can be had there.
   */
  worker?: "auto" | boolean;
  /** The most memory it may take (default 4 GiB, which is all that 32-bit addresses reach). */
  maxBytes?: number;
  /** Take the time of every kernel, for {@link WasmBackend.profile} (default false). */
  profile?: boolean;
}
export interface WasmBackend extends Backend<WasmBuffer> {
  /** What the kernels took since it was last asked, the longest first; empty without the option `profile`. */
  profile(): ProfileRow[];
  /** For people: what the program that ran last came down to, its kernels in order, where each is written, and what it reads and writes. */
  explain(): string;
}

/**
 * Opens the device: `setBackend(await wasm())`.
 * @throws if the engine has no WebAssembly SIMD, or the page's Content-Security-Policy forbids WebAssembly.
 */
export const wasm = (options: WasmOptions = {}): Promise<WasmBackend> => open(options);
