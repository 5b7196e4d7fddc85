// Compiled kernels by key. What a program needs and nobody has met becomes one module; what has been met is shared by all
// programs, so that code which the engine has made fast stays fast.

import { Lru } from "@lamina/core/passes";
import { assemble, Fn, I32 } from "./assembler.ts";
import type { Call } from "./calls.ts";
import type { Link } from "./chains.ts";
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
  const functions: Fn[] = [];
  const add = (f: Fn): number => hostImports.length + functions.push(f) - 1;
  const inner = calls.map((call) => {
    const f = call.emit();
    const linked = call.link?.emit();
    return { params: f.params, index: add(f), linked: linked && add(linked) };
  });
  const doors = calls.map((call, i) => door(call, inner[i], `${i}`));
  const module = new WebAssembly.Module(assemble([...functions, ...doors], hostImports));
  const { exports } = new WebAssembly.Instance(module, { env: { memory, ...hostFunctions } });
  return doors.map(({ name }) => exports[name] as Kernel);
}

/** A function in a module, and the loop that follows each of its slices. */
interface Inner {
  readonly params: readonly number[];
  readonly index: number;
  readonly linked: number | undefined;
}
/**
 * An exported function that hands its parameters on, once or, with the number of the slice as one more, for each slice, and
 * runs the linked loop for the rows of the slice.
 */
function door({ slices, link, args }: Call, { params, index, linked }: Inner, name: string): Fn {
  const f = new Fn(name, link ? args.map(() => I32) : slices === undefined ? params : params.slice(0, -1));
  if (slices === undefined) {
    f.params.forEach((_, i) => void f.get(i));
    return f.call(index);
  }
  const slice = f.local(I32);
  const hand = (from: number, to: number) => {
    for (let i = from; i < to; i++) f.get(i);
  };
  return f.loop(() => {
    hand(0, link ? link.kernelArguments : f.params.length);
    f.get(slice).call(index);
    if (link && linked !== undefined) {
      eachRow(f, link, slice, (row) => {
        hand(link.kernelArguments, args.length);
        f.get(row).call(linked);
      });
      // the next slice's results go where this one's were
      for (const i of link.moved) f.increase(i, -link.sliceBytes);
    }
    f.get(slice).i32(1).add().tee(slice).i32(slices).op("i32.lt_u");
  });
}
function eachRow(f: Fn, { rows, perSlice }: Link, slice: number, body: (row: number) => void): void {
  const [row, end] = [f.local(I32), f.local(I32)];
  f.get(slice).i32(perSlice).mul().tee(row).i32(perSlice).add().set(end);
  f.get(end).i32(rows).get(end).i32(rows).op("i32.lt_u").op("select").set(end);
  f.loop(() => {
    body(row);
    f.get(row).i32(1).add().tee(row).get(end).op("i32.lt_u");
  });
}
