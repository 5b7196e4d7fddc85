// Compiled kernels by key. What a program needs and nobody has met becomes one module; what has been met is shared by all
// programs, so that code which the engine has made fast stays fast.

import { Lru } from "@lamina/core/passes";
import { assemble, Fn, I32 } from "./assembler.ts";
import type { Call } from "./calls.ts";
import { hostFunctions, hostImports } from "./pointwise/host.ts";

/** Takes addresses. */
export type Kernel = (...addresses: number[]) => void;

/** Kernels kept for the next program that needs them; those in use stay in any case. */
const MOST = 2048;

export class Functions {
  private readonly known = new Lru<Kernel>(MOST);

  /** A kernel for each call; `memory` is theirs. */
  of(calls: readonly Call[], memory: WebAssembly.Memory): Kernel[] {
    const found = new Map(calls.map(({ key }) => [key, this.known.get(key)]));
    const missing = calls.filter(({ key }, i) => !found.get(key) && calls.findIndex((c) => c.key === key) === i);
    const made = missing.length ? instantiate(missing, memory) : [];
    missing.forEach(({ key }, i) => found.set(key, this.known.set(key, made[i])));
    return calls.map(({ key }) => found.get(key)!);
  }
  clear(): void {
    this.known.clear();
  }
}

function instantiate(calls: readonly Call[], memory: WebAssembly.Memory): Kernel[] {
  const functions = calls.map(({ emit }) => emit());
  const doors = functions.map((f, i) => door(f, hostImports.length + i, `${i}`, calls[i].slices));
  const module = new WebAssembly.Module(assemble([...functions, ...doors], hostImports));
  const { exports } = new WebAssembly.Instance(module, { env: { memory, ...hostFunctions } });
  return doors.map(({ name }) => exports[name] as Kernel);
}
/** An exported function that hands its parameters on, once or, with the number of the slice as one more, for each slice. */
function door({ params }: Fn, index: number, name: string, slices: number | undefined): Fn {
  const f = new Fn(name, slices === undefined ? params : params.slice(0, -1));
  const handOn = () => f.params.forEach((_, i) => void f.get(i));
  if (slices === undefined) {
    handOn();
    return f.call(index);
  }
  const slice = f.local(I32);
  return f.loop(() => {
    handOn();
    f.get(slice).call(index);
    f.get(slice).i32(1).add().tee(slice).i32(slices).op("i32.lt_u");
  });
}
