// What the engine can do, found out by offering it small modules.
import { assemble, Fn, V128 } from "./assembler.ts";

const validates = (f: Fn): boolean => WebAssembly.validate(assemble([f]));

/** Vectors of 128 bits. */
const usesSimd = (): Fn => new Fn("", [], [V128]).vzero();
/** f32x4.relaxed_madd: multiply and add with one rounding, where the machine has it. */
const usesRelaxedSimd = (): Fn => new Fn("", [], [V128]).vzero().vzero().vzero().simd(0x105);

export const hasRelaxedSimd = (): boolean => validates(usesRelaxedSimd());

/** @throws if nothing could run here, saying which of three reasons it is. */
export function requireSimd(): void {
  if (typeof WebAssembly === "undefined")
    throw new Error(
      "wasm: this engine has no WebAssembly; use a current browser or Node 20 or later, or another backend",
    );
  if (!validates(usesSimd()))
    throw new Error(
      "wasm: this engine has WebAssembly but not its SIMD instructions; use Node 20 or later, Chrome 91, Firefox 89 or Safari 16.4, or another backend",
    );
  try {
    new WebAssembly.Module(assemble([]));
  } catch (error) {
    throw new Error(
      `wasm: the engine refuses to compile WebAssembly (${(error as Error).message}); if this page has a Content-Security-Policy, add 'wasm-unsafe-eval' to its script-src`,
      { cause: error },
    );
  }
}
