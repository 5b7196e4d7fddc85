// Compiled kernels by key. What a program needs and nobody has met becomes one module; what has been met is shared by all
// programs, so that code which the engine has made fast stays fast.
// Modules are not kept across runs, because no engine lets them be: Node's v8.serialize, IndexedDB in Chromium 156 ("can not be serialized
// for storage") and in Firefox ESR ("could not be cloned") refuse them, though workers may be sent them. Their bytes could be kept, but compiling
// them is 0 to 9 ms of CPU time (engines compile a function when it is first called), and what would be spared is writing them: 30 ms for
// LeNet's step and 110 for GoogLeNet's (678 kB), against 20 to 100 ms in which IndexedDB gives them back on a busy machine.

import { Lru } from "@lamina/core/passes";
import { assemble, type Fn } from "./assembler.ts";
import type { Call } from "./calls.ts";
import { door, type Inner } from "./door.ts";
import type { Engine } from "./engine/engine.ts";
import { hostImports } from "./pointwise/host.ts";

/** Kernels kept for the next program that needs them; those in use stay in any case. */
const MOST = 2048;

export class Functions {
  private readonly known = new Lru<number>(MOST);
  private readonly engine: Engine;
  private readonly threads: number;

  /** @param threads how many share the slices of calls that are `parallel`; more than one need a shared memory. */
  constructor(engine: Engine, threads: number) {
    this.engine = engine;
    this.threads = threads;
  }
  /** The number of a function for each call, as the engine has it: a piece of work for each that is new. */
  *of(calls: readonly Call[]): Generator<void, number[]> {
    const found = new Map(calls.map((call) => [keyOf(call), this.known.get(keyOf(call))]));
    const missing = [
      ...new Map(
        calls.filter((call) => found.get(keyOf(call)) === undefined).map((call) => [keyOf(call), call]),
      ).values(),
    ];
    const first = missing.length ? yield* this.load(missing) : 0;
    missing.forEach((call, i) => found.set(keyOf(call), this.known.set(keyOf(call), first + i)));
    return calls.map((call) => found.get(keyOf(call))!);
  }
  private *load(calls: readonly Call[]): Generator<void, number> {
    const code = yield* moduleOf(calls, this.threads);
    const first = this.engine.load(code, calls.length);
    if (calls.some(({ parallel }) => parallel)) this.engine.offer(code, first, calls.length);
    return first;
  }
  clear(): void {
    this.known.clear();
  }
}
/** Whether threads share it is part of its code. */
const keyOf = ({ key, parallel }: Call): string => (parallel ? `${key} shared` : key);

function* moduleOf(calls: readonly Call[], threads: number): Generator<void, Uint8Array<ArrayBuffer>> {
  const functions: Fn[] = [];
  const add = (f: Fn): number => hostImports.length + functions.push(f) - 1;
  const inner: Inner[] = [];
  for (const call of calls) {
    const f = call.emit();
    const linked = call.link?.emit();
    inner.push({ params: f.params, kernel: add(f), linked: linked && add(linked) });
    yield;
  }
  const doors = calls.map((call, i) => door(call, inner[i], `${i}`, threads));
  return assemble([...functions, ...doors], hostImports, { shared: threads > 1 });
}
