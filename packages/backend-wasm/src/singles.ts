// Every op by itself, as a program of one instruction.
import type { Kernel, Kernels, Spec } from "@lamina/core";
import { Lru, movements } from "@lamina/core/passes";
import type { WasmBuffer } from "./buffer.ts";
import type { Compiler } from "./compile.ts";
import { lowerings } from "./kernels/index.ts";
import { pointwise } from "./pointwise/ops.ts";

/** Single ops compiled, kept for when they come again. */
const MOST_SINGLES = 1024;

/** Every op by itself, through the same compiler as whole programs. */
export function kernelsOf(compiler: Compiler): {
  kernels: Kernels<WasmBuffer>;
  singles: Lru<ReturnType<Compiler["compile"]>>;
} {
  const singles = new Lru<ReturnType<Compiler["compile"]>>(MOST_SINGLES);
  const kernel =
    (name: string): Kernel<WasmBuffer> =>
    (inputs, attrs, scalars, out) => {
      const specs = inputs.map(({ shape, dtype }): Spec => ({ shape, dtype }));
      const key = JSON.stringify([name, attrs, specs, out]);
      const run =
        singles.get(key) ?? singles.set(key, compiler.compile(single(name, attrs, scalars.length, specs, out)));
      return run(
        inputs.map((x) => x.buffer),
        scalars,
      )[0];
    };
  const names = [
    "full",
    "expand",
    "arange",
    "random",
    ...movements,
    ...Object.keys(pointwise),
    ...Object.keys(lowerings),
  ];
  return { kernels: Object.fromEntries(names.map((name) => [name, kernel(name)])), singles };
}

/** The program of one op. */
function single(
  name: string,
  attrs: object,
  scalars: number,
  specs: readonly Spec[],
  spec: Spec,
): Parameters<Compiler["compile"]>[0] {
  const op = { name, infer: () => spec, grad: "none" as const };
  const inputs = specs.map((_, i) => i);
  const instruction = { op, attrs, scalars, inputs, out: specs.length, spec, inputSpecs: specs, frees: [] };
  return { inputs: specs, instructions: [instruction], outputs: [specs.length] };
}
