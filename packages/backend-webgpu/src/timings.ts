// How long each op takes on the device, by its own clock, for those who ask. It costs speed: every dispatch becomes a pass.
import { type Gpu, usage } from "./gpu.ts";
import type { OpTiming } from "./progress.ts";
import type { Reads } from "./reads.ts";

const BYTES_PER_STAMP = 8;
/** The most that a query set may hold. */
const MOST_QUERIES = 4096;

/** The stamps of one submission. */
export interface Stamps {
  /** Where dispatch `i` writes its two. */
  pass(ops: string): GPUComputePassTimestampWrites | undefined;
  /** Before the commands are finished. */
  resolve(encoder: GPUCommandEncoder): void;
  /** After they have been submitted. */
  collect(): void;
}

export class Timings {
  private readonly gpu: Gpu;
  private readonly reads: Reads;
  private readonly spent = new Map<string, { dispatches: number; nanoseconds: number }>();
  private readonly pending = new Set<Promise<void>>();
  constructor(gpu: Gpu, reads: Reads) {
    this.gpu = gpu;
    this.reads = reads;
  }

  /** @param dispatches how many may come. */
  begin(dispatches: number): Stamps {
    const { device } = this.gpu;
    const count = Math.min(MOST_QUERIES, 2 * dispatches);
    const set = device.createQuerySet({ type: "timestamp", count });
    const size = count * BYTES_PER_STAMP;
    const resolved = device.createBuffer({ size, usage: usage.QUERY_RESOLVE | usage.COPY_SRC });
    const names: string[] = [];
    return {
      pass: (ops) => {
        if (2 * names.length + 2 > count) return undefined;
        const at = 2 * (names.push(ops) - 1);
        return { querySet: set, beginningOfPassWriteIndex: at, endOfPassWriteIndex: at + 1 };
      },
      resolve: (encoder) => {
        if (names.length) encoder.resolveQuerySet(set, 0, 2 * names.length, resolved, 0);
      },
      collect: () => this.collect(resolved, names, set),
    };
  }
  private collect(buffer: GPUBuffer, names: readonly string[], set: GPUQuerySet): void {
    const stamps = new BigUint64Array(2 * names.length);
    const copied = Promise.all(this.reads.copy(buffer, new Uint8Array(stamps.buffer))).then(() => {
      names.forEach((name, i) => this.add(name, Number(stamps[2 * i + 1] - stamps[2 * i])));
      buffer.destroy();
      set.destroy();
      this.pending.delete(copied);
    });
    this.pending.add(copied);
  }
  private add(ops: string, nanoseconds: number): void {
    const sum = this.spent.get(ops) ?? { dispatches: 0, nanoseconds: 0 };
    this.spent.set(ops, { dispatches: sum.dispatches + 1, nanoseconds: sum.nanoseconds + nanoseconds });
  }

  /** The most expensive first; counting starts anew. */
  async take(): Promise<OpTiming[]> {
    await Promise.all(this.pending);
    const list = [...this.spent].map(([ops, { dispatches, nanoseconds }]) => ({
      ops,
      dispatches,
      milliseconds: nanoseconds / 1e6,
    }));
    this.spent.clear();
    return list.sort((a, b) => b.milliseconds - a.milliseconds);
  }
}
