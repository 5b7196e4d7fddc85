// Compiled kernels by key. What a program needs and nobody has met becomes one module; what has been met is shared by all
// programs, so that code which the engine has made fast stays fast.
import { assemble, Fn } from "./assembler.ts";
import type { Call } from "./calls.ts";
import { Lru } from "./lru.ts";
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
    const made = missing.length
      ? instantiate(
          missing.map(({ emit }) => emit()),
          memory,
        )
      : [];
    missing.forEach(({ key }, i) => found.set(key, this.known.set(key, made[i])));
    return calls.map(({ key }) => found.get(key)!);
  }
  clear(): void {
    this.known.clear();
  }
}

function instantiate(functions: readonly Fn[], memory: WebAssembly.Memory): Kernel[] {
  const doors = functions.map((f, i) => door(f, hostImports.length + i, `${i}`));
  const module = new WebAssembly.Module(assemble([...functions, ...doors], hostImports));
  const { exports } = new WebAssembly.Instance(module, { env: { memory, ...hostFunctions } });
  return doors.map(({ name }) => exports[name] as Kernel);
}
/** An exported function that hands its parameters on: kernels have no names. */
function door({ params }: Fn, index: number, name: string): Fn {
  const f = new Fn(name, params);
  params.forEach((_, i) => void f.get(i));
  return f.call(index);
}
