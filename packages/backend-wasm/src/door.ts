// How a kernel is entered: an exported function that takes its arguments from memory and calls the kernel, once or for each
// slice, with the loop that follows it. Where threads share the work, each begins with its own part of the slices, then takes
// what others have not come to: which thread does a slice changes nothing, because no slice reads what another one writes.
import { Fn, I32 } from "./assembler.ts";
import { type Call, ownBytes } from "./calls.ts";
import type { Link } from "./chains.ts";
import { COUNTERS } from "./engine/engine.ts";

/** The functions that a call comes down to, by their places in the module. */
export interface Inner {
  /** The kernel's parameters. */
  readonly params: readonly number[];
  readonly kernel: number;
  /** The loop that follows each of its slices. */
  readonly linked: number | undefined;
}
const [ARGS, THREAD] = [0, 1];
/** Slices are taken several at a time where there are more than so many for a thread: the counters are shared. */
const TURNS = 8;

/** @param threads how many share a call that is `parallel`. */
export function door(call: Call, inner: Inner, name: string, threads: number): Fn {
  const f = new Fn(name, [I32, I32]);
  const { slices, link } = call;
  const count = link ? call.args.length : inner.params.length - (slices === undefined ? 0 : 1);
  const args = Array.from({ length: count }, (_, i) => {
    const local = f.local(I32);
    f.get(ARGS).loadi(4 * i);
    const arg = call.args[i];
    if (call.parallel && arg && "scratch" in arg && arg.own) f.get(THREAD).i32(ownBytes(arg)).mul().add();
    f.set(local);
    return local;
  });
  if (slices === undefined) {
    for (const arg of args) f.get(arg);
    return f.call(inner.kernel);
  }
  const slice = f.local(I32);
  const run = () => runSlice(f, link, inner, args, slice);
  if (call.parallel) eachShared(f, slices, threads, slice, run);
  else {
    f.loop(() => {
      run();
      f.get(slice).i32(1).add().tee(slice).i32(slices).op("i32.lt_u");
    });
  }
  return f;
}

function runSlice(f: Fn, link: Link | undefined, inner: Inner, args: readonly number[], slice: number): void {
  const hand = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      f.get(args[i]);
      // one slice's results lie there: the whole would begin that much before
      if (link?.moved.includes(i)) f.get(slice).i32(link.sliceBytes).mul().sub();
    }
  };
  hand(0, link ? link.kernelArguments : args.length);
  f.get(slice).call(inner.kernel);
  if (!link || inner.linked === undefined) return;
  eachRow(f, link, slice, (row) => {
    hand(link.kernelArguments, args.length);
    f.get(row).call(inner.linked!);
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

/** Slices as long as there are any: first those of this thread's part, then those of the next one's, and so on round. */
function eachShared(f: Fn, slices: number, threads: number, slice: number, run: () => void): void {
  const [part, left, end, stop] = [f.local(I32), f.local(I32), f.local(I32), f.local(I32)];
  const atOnce = Math.max(1, Math.floor(slices / (threads * TURNS)));
  const startOf = (plus: number) => f.get(part).i32(plus).add().i32(slices).mul().i32(threads).op("i32.div_u");
  f.get(THREAD).set(part).i32(threads).set(left);
  f.loop(() => {
    startOf(1).set(end);
    f.block((leave) => {
      f.loop(() => {
        // how many of the part have been taken
        f.get(part).i32(COUNTERS.apart).mul().i32(atOnce).atomicAdd(COUNTERS.at);
        startOf(0).add().tee(slice).get(end).op("i32.ge_u");
        leave(1);
        f.get(slice).i32(atOnce).add().set(stop);
        f.get(stop).get(end).get(stop).get(end).op("i32.lt_u").op("select").set(stop);
        f.loop(() => {
          run();
          f.get(slice).i32(1).add().tee(slice).get(stop).op("i32.lt_u");
        });
        f.i32(1);
      });
    });
    f.get(part).i32(1).add().i32(threads).op("i32.rem_u").set(part);
    f.get(left).i32(1).sub().tee(left);
  });
}
