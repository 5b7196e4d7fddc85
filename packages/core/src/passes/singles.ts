// A device's kernels by its compiler: every op by itself is a program of one instruction.
import type { Executable, Kernel, Kernels } from "../backend.ts";
import type { Spec } from "../dtype.ts";
import type { Program } from "../program.ts";
import { movements } from "./copies.ts";
import { Lru } from "./lru.ts";

/** Single ops compiled, kept for when they come again. */
const MOST_SINGLES = 1024;

/**
 * Kernels for `ops`, and for those that every compiler knows: what makes values of nothing, and what moves them.
 * `clear` forgets what has been compiled.
 */
export function singles<B>(
  ops: readonly string[],
  compile: (program: Program) => Executable<B>,
): { kernels: Kernels<B>; clear(): void } {
  const compiled = new Lru<Executable<B>>(MOST_SINGLES);
  const kernel =
    (name: string): Kernel<B> =>
    (inputs, attrs, scalars, out) => {
      const specs = inputs.map(({ shape, dtype }): Spec => ({ shape, dtype }));
      const key = JSON.stringify([name, attrs, specs, out]);
      const run = compiled.get(key) ?? compiled.set(key, compile(single(name, attrs, scalars.length, specs, out)));
      return run(
        inputs.map((x) => x.buffer),
        scalars,
      )[0];
    };
  const names = ["full", "expand", "arange", "random", ...movements, ...ops];
  return { kernels: Object.fromEntries(names.map((name) => [name, kernel(name)])), clear: () => compiled.clear() };
}

/** The program of one op. */
function single(name: string, attrs: object, scalars: number, specs: readonly Spec[], spec: Spec): Program {
  const op = { name, infer: () => spec, grad: "none" as const };
  const inputs = specs.map((_, i) => i);
  const instruction = { op, attrs, scalars, inputs, out: specs.length, spec, inputSpecs: specs, frees: [] };
  return { inputs: specs, instructions: [instruction], outputs: [specs.length] };
}
