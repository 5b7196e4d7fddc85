// What this machine can do at most, found by small WebAssembly kernels: multiply-adds a second in registers, at the width that
// WebAssembly has (128 bits), and bytes a second from and to memory; on one core and on all that are asked for.
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { assemble, Fn, I32, V128 } from "@lamina/backend-wasm/assembler";

export interface Limit {
  readonly threads: number;
  /** Multiplications and additions a second. */
  readonly flops: number;
  /** Bytes read and written a second, of arrays that no cache holds. */
  readonly bytes: number;
}
export type Limits = readonly Limit[];

const ACCUMULATORS = 12;
const LANES = 4;
const ARRAY = 1 << 26;
const SECONDS = 0.4;
const LEAST_RUNS = 8;

/** So many times: each of twelve accumulators += a·b. */
function peakKernel(relaxed: boolean): Fn {
  const f = new Fn("peak", [I32], [], relaxed);
  const accumulators = Array.from({ length: ACCUMULATORS }, () => f.local(V128));
  const [a, b] = [f.local(V128), f.local(V128)];
  f.loop(() => {
    for (const accumulator of accumulators) f.fma(accumulator, a, b);
    f.get(0).i32(1).sub().tee(0);
  });
  for (const [i, accumulator] of accumulators.entries())
    f.i32(0)
      .get(accumulator)
      .vstore(16 * i);
  return f;
}
/** Copies `count` times 64 bytes from address `from` to address `to`. */
function copyKernel(): Fn {
  const f = new Fn("copy", [I32, I32, I32]);
  f.loop(() => {
    for (let i = 0; i < 4; i++)
      f.get(1)
        .get(0)
        .vload(16 * i)
        .vstore(16 * i);
    f.get(0).i32(64).add().set(0);
    f.get(1).i32(64).add().set(1);
    f.get(2).i32(1).sub().tee(2);
  });
  return f;
}

type Kernels = Record<"peak" | "copy", (...x: number[]) => void>;
/** How often a second `work` is done: the best of runs, for only other work on the machine makes them longer. */
function rate(work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + 1000 * SECONDS;
  for (let runs = 0; runs < LEAST_RUNS || performance.now() < end; runs++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return 1000 / best;
}
function measureHere(): Omit<Limit, "threads"> {
  const memory = new WebAssembly.Memory({ initial: (2 * ARRAY + 65_536) / 65_536 });
  const relaxed = WebAssembly.validate(assemble([peakKernel(true)]));
  const module = new WebAssembly.Module(assemble([peakKernel(relaxed), copyKernel()]));
  const { peak, copy } = new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
  const repetitions = 400_000;
  const peaks = rate(() => peak(repetitions));
  const copies = rate(() => copy(65_536, 65_536 + ARRAY, ARRAY / 64));
  return { flops: peaks * repetitions * ACCUMULATORS * LANES * 2, bytes: copies * ARRAY * 2 };
}

/** @param threads that work at the same time */
export async function measureLimits(threads: number): Promise<Limit> {
  const file = fileURLToPath(import.meta.url);
  const found = await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(file, { workerData: "limits" });
      return new Promise<Omit<Limit, "threads">>((resolve, reject) =>
        worker.once("message", resolve).once("error", reject),
      );
    }),
  );
  const sum = (key: "flops" | "bytes") => found.reduce((total, one) => total + one[key], 0);
  return { threads, flops: sum("flops"), bytes: sum("bytes") };
}
if (!isMainThread && workerData === "limits") parentPort?.postMessage(measureHere());
