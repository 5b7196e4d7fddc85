// One device at work: groups become programs and run there, and who frees what. When they run is in pending.ts; the rules are
// numbered in docs/execution.md.
import { here } from "./active.ts";
import type { Backend } from "./backend.ts";
import type { TypedArray } from "./dtype.ts";
import { OutOfMemoryError } from "./errors.ts";
import type { Group } from "./group.ts";
import { homeOf } from "./home.ts";
import { interpret, type Known, ProgramCache, programOf } from "./lookup.ts";
import { flush } from "./pending.ts";
import { planFrees } from "./program.ts";
import { ResultWindow } from "./results.ts";
import { type Home, Storage } from "./storage.ts";
import { Tensor } from "./tensor.ts";

/** One execution of a program: what it started from, where, and which inner values it has handed out. */
export interface Run {
  readonly known: Known;
  readonly home: Home;
  readonly serial: number;
  readonly leaves: readonly Tensor[];
  exports: Tensor[];
}

export interface SessionOptions {
  /** Pending ops after which they run although nobody has looked (default 10,000). */
  maxPending?: number;
  /** Pending bytes of host data, likewise (default 64 MiB). */
  maxPendingBytes?: number;
  /** Of programs held for reuse (default 64 MiB). */
  maxProgramBytes?: number;
  /** Of unread results kept on the device (default 16 MiB). */
  resultBytes?: number;
  /** For how many runs of its program an inner value is kept if it keeps being asked for (default 4). */
  maxDepth?: number;
}
export interface SessionStats {
  recorded: number;
  kernels: number;
  recomputed: number;
  uploads: number;
  compiled: number;
  runs: number;
}

const DEFAULTS: Required<SessionOptions> = {
  maxPending: 10_000,
  maxPendingBytes: 1 << 26,
  maxProgramBytes: 1 << 26,
  resultBytes: 1 << 24,
  maxDepth: 4,
};

/** Set while the reverse pass records. */
let sweeping = false;
/** The reverse pass asks for one value after another: what it passes is kept, or it would start anew each time. */
export function sweep<T>(f: () => T): T {
  sweeping = true;
  try {
    return f();
  } finally {
    sweeping = false;
  }
}

export class Session {
  readonly backend: Backend;
  readonly options: Required<SessionOptions>;
  readonly stats: SessionStats = { recorded: 0, kernels: 0, recomputed: 0, uploads: 0, compiled: 0, runs: 0 };
  readonly programs: ProgramCache;
  readonly results: ResultWindow;
  /** Runs that have handed out inner values. */
  private readonly live = new Set<Run>();

  constructor(backend: Backend, options: SessionOptions = {}) {
    this.backend = backend;
    this.options = { ...DEFAULTS, ...options };
    this.programs = new ProgramCache(backend, this.options.maxProgramBytes);
    this.results = new ResultWindow(this.options.resultBytes);
  }

  /** Another session takes over: leaves on the device only what cells hold. What is pending has run. */
  retire(): void {
    for (const r of this.live) this.drop(r, () => true);
    this.results.empty();
  }

  // ---- running a group -----------------------------------------------------------------------------------------------
  /** All of `nodes`, or none: then each of them carries the error. */
  run(group: Group, nodes: readonly Tensor[]): void {
    const home = group.home ?? here();
    this.runWhatNeedsOldParameters(nodes);
    const leaves: Tensor[] = [];
    let known: Known;
    try {
      known = this.programs.find(nodes, leaves, (dead) => this.evict(dead));
    } catch (error) {
      this.fail(nodes, error);
      group.release();
      throw error;
    }
    const cells = leaves.filter((x) => x.cell?.keepPrevious);
    const run: Run = { known, home, serial: ++known.runs, leaves: cells, exports: [] };
    const inputs: Storage[] = []; // kept alive while the run lasts
    try {
      for (let i = 0; i < leaves.length; i++)
        inputs.push(this.input(leaves[i], i, run, group.pinned(leaves[i])).retain());
      this.makeRoom(known, run, nodes);
      const buffers = this.execute(known, nodes, inputs);
      this.stats.runs++;
      this.handOut(known, run, nodes, inputs, buffers);
    } catch (error) {
      this.fail(nodes, error);
      throw error;
    } finally {
      this.releaseBatches(leaves, run);
      for (const s of inputs) s.release();
      group.release();
      for (const r of this.live) if (r.leaves.some((x) => x.place.gone)) this.drop(r, () => true);
    }
  }
  /** A parameter is about to forget its value before last: whatever still has to be computed from that goes first. */
  private runWhatNeedsOldParameters(nodes: readonly Tensor[]): void {
    if (!nodes.some((n) => n.holders?.some((c) => c.previousInUse))) return;
    try {
      flush();
    } catch {
      // its values carry the error
    }
  }
  /** Lets go of what nobody can ask for once this run is over. */
  private makeRoom(known: Known, run: Run, nodes: readonly Tensor[]): void {
    for (const n of nodes) if (n.holders) for (const c of n.holders) c.dropPrevious();
    for (const r of this.live)
      if (r.known === known)
        this.drop(r, (n) => n.run === r && run.serial - r.serial >= (known.wanted.get(n.index) ?? 1));
  }
  /** A failed run has not happened: cells keep what they had, and each value throws when it is used or read. */
  private fail(nodes: readonly Tensor[], error: unknown): void {
    for (const n of nodes) {
      n.group = undefined;
      n.error = error;
      n.cut();
      for (const c of n.holders ?? []) if (c.current === n && c.committed) c.current = c.committed;
      n.holders = undefined;
    }
  }
  /** A batch goes when its step has run, unless it was wanted again before. */
  private releaseBatches(leaves: readonly Tensor[], run: Run): void {
    for (const x of leaves) {
      if (x.run !== run) continue;
      if (run.known.wanted.has(x.index)) this.lend(x);
      else {
        x.storage?.release();
        x.storage = undefined;
      }
    }
  }
  /** The storage of a program input; uploads what is on the host only. */
  private input(x: Tensor, i: number, run: Run, pinned: Storage | undefined): Storage {
    let s = pinned ?? x.storage;
    if (s?.error) throw s.error;
    if (s && s.backend !== this.backend) s = this.recall(x);
    if (!s) {
      if (x.run) this.learn(x);
      s = this.upload(x, run.home);
    }
    if (x.storage && !x.cell && x.host) {
      x.run = run;
      x.index = -1 - i;
    }
    return s;
  }
  upload(x: Tensor, home: Home): Storage {
    this.stats.uploads++;
    if (!this.backend.dtypes.includes(x.dtype))
      throw new Error(
        `the ${this.backend.name} backend has no ${x.dtype} (it has ${this.backend.dtypes.join(", ")}); make the tensor with another dtype`,
      );
    const { draw } = x.place;
    const buffer = draw && this.backend.draw ? this.backend.draw(draw) : this.backend.upload(x.host!, x.dtype);
    const storage = new Storage(buffer, home);
    x.storage = storage;
    return storage;
  }
  /** Host data that is still on another device leaves it: it is needed here now. */
  private recall(x: Tensor): undefined {
    const old = x.storage;
    if (!old || old.backend === this.backend) return;
    old.home.session.results.forget(x.place);
    if (x.run) x.run.exports = x.run.exports.filter((n) => n !== x);
    x.run = undefined;
    old.release();
    x.storage = undefined;
  }
  /**
   * The first time kernel by kernel, unless compiling costs this device no more than that; a program that comes back is worth
   * compiling, and by then it knows what is wanted.
   */
  private execute(known: Known, nodes: readonly Tensor[], inputs: readonly Storage[]): unknown[] {
    const { program, slots, handed, wanted, fixed } = known;
    const before = program.outputs.length;
    const scalars: number[] = [];
    for (let i = 0; i < nodes.length; i++) {
      const slot = slots[i];
      if (slot >= inputs.length && handed[slot] < 0 && (isResult(nodes[i]) || wanted.has(i))) known.hand(slot);
      for (const s of fixed[i] ?? nodes[i].scalars) scalars.push(s);
    }
    if (program.outputs.length > before) planFrees(program);
    const { backend } = this;
    if (!known.executable && backend.compile && (known.runs > 1 || backend.compilesFirst)) this.compile(known);
    const buffers = inputs.map((s) => s.buffer);
    const out = known.executable?.(buffers, scalars) ?? this.interpret(known, buffers, scalars);
    this.stats.kernels += program.instructions.length;
    return out;
  }
  private compile(known: Known): NonNullable<Known["executable"]> {
    this.stats.compiled++;
    known.executable = this.backend.compile!(known.program);
    return known.executable;
  }
  /** Kernel by kernel; compiled after all where there is no room for that, for then it takes less. */
  private interpret(known: Known, buffers: readonly unknown[], scalars: readonly number[]): unknown[] {
    try {
      return interpret(this.backend, known.program, buffers, scalars);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError) || !this.backend.compile) throw error;
      return this.compile(known)(buffers as unknown[], scalars);
    }
  }
  private handOut(
    known: Known,
    run: Run,
    nodes: readonly Tensor[],
    inputs: readonly Storage[],
    buffers: readonly unknown[],
  ): void {
    const { slots, handed, wanted } = known;
    const storages = buffers.map((buffer) => new Storage(buffer, run.home)); // held here until all are handed out
    for (let i = 0; i < nodes.length; i++) {
      const n = nodes[i];
      n.group = undefined;
      const isInner = !isResult(n);
      if (isInner) {
        n.run = run;
        n.index = i;
        if (!wanted.has(i)) continue;
      }
      const at = handed[slots[i]];
      const s = at < 0 ? inputs[slots[i]] : storages[at];
      if (isInner) {
        n.storage = s.retain();
        this.lend(n);
      } else if (n.holders?.length) this.commit(n, s);
      else this.handOutResult(n, s);
    }
    for (const s of storages) s.release(); // one that nobody took was wanted by another run
  }
  private handOutResult(n: Tensor, s: Storage): void {
    if (!n.place.gone) {
      n.storage = s.retain();
      this.pushResult(n);
    }
    if (n.isRoot || !n.requiresGrad) n.cut();
  }
  /** The cells that wait for `n` take its value. */
  private commit(n: Tensor, s: Storage): void {
    const leaves = n.holders!.map((c) => {
      const leaf = c.leaf(s.retain());
      c.commit(leaf);
      return leaf;
    });
    n.holders = undefined;
    n.cut();
    if (n.kept) {
      n.storage = s.retain();
      this.pushResult(n);
    } else n.place = leaves[0].place;
  }
  private evict(dead: readonly Known[]): void {
    for (const r of this.live) if (dead.includes(r.known)) this.drop(r, () => true);
  }

  // ---- values that were not kept ---------------------------------------------------------------------------------------
  /** `x` has run and its value was not kept: compute it again, and have its program keep it from now on. */
  private recompute(x: Tensor): Storage {
    const order = this.neededFor(x);
    const needed = new Set(order);
    this.learn(x);
    const last = new Map<Tensor, Tensor>(); // after whom an intermediate value can go
    if (!sweeping) for (const n of order) for (const y of n.inputs) if (needed.has(y)) last.set(y, n);
    for (const n of order) {
      this.computeAgain(n);
      for (const y of new Set(n.inputs)) if (last.get(y) === n) this.drop(y.run!, (q) => q === y);
    }
    return x.storage!;
  }
  private neededFor(x: Tensor): Tensor[] {
    const needed = new Set<Tensor>([x]);
    for (const n of needed) {
      if (!n.op)
        throw new Error(
          `this value of shape [${x.shape}] was not kept, and ${n.place.gone ?? "what it came from is gone"}: read it before the next step, or call keep() on it where it is made`,
        );
      for (const y of n.inputs) if (!y.available) needed.add(y);
    }
    return [...needed].sort((a, b) => a.id - b.id);
  }
  private computeAgain(n: Tensor): void {
    const home = homeOf(n) ?? here();
    for (const y of n.inputs) this.bring(y, home);
    if (n.op!.alias) n.storage = n.inputs[0].storage!.retain();
    else {
      const { program, scalars } = programOf(this.backend, n.op!, n.attrs!, n.scalars, n.inputs, n);
      const [buffer] = interpret(
        this.backend,
        program,
        n.inputs.map((y) => y.storage!.buffer),
        scalars,
      );
      n.storage = new Storage(buffer, home);
      this.stats.kernels++;
      this.stats.recomputed++;
    }
    this.lend(n);
  }
  /** Has the value of `y` on this device, now. */
  private bring(y: Tensor, home: Home): void {
    if (!y.cell && y.place.onHost) this.recall(y);
    const s = y.storage;
    if (s) {
      if (!s.arrival && s.backend !== this.backend) s.move(home, y.dtype);
      if (s.error) throw s.error;
      if (!s.arrival) return;
      throw new Error(
        `a value of shape [${y.shape}] is still on its way to the ${this.backend.name} backend, and is needed now; await sync() once after the move`,
      );
    }
    if (y.run) this.learn(y);
    this.upload(y, home);
    if (y.run) this.lend(y);
    else this.pushResult(y);
  }
  /** `x` is there until the program that made it has run again. */
  private lend(x: Tensor): void {
    x.run!.exports.push(x);
    this.live.add(x.run!);
  }
  learn(x: Tensor): void {
    const { known, serial } = x.run!;
    const depth = Math.max(known.runs - serial + 1, known.wanted.get(x.index) ?? 0);
    if (depth <= this.options.maxDepth) known.wanted.set(x.index, depth);
  }
  private drop(run: Run, when: (n: Tensor) => boolean): void {
    run.exports = run.exports.filter((n) => {
      if (n.run !== run) return false; // handed on to a later run
      if (!when(n)) return true;
      n.storage?.release();
      n.storage = undefined;
      return false;
    });
    if (!run.exports.length) this.live.delete(run);
  }

  // ---- results ---------------------------------------------------------------------------------------------------------
  /** `t` has run. */
  keep(t: Tensor): Tensor {
    const storage = this.resident(t);
    if (t.cell) {
      const copy = new Tensor(t.shape, t.dtype); // the cell will move on
      copy.storage = storage.retain();
      this.pushResult(copy);
      return copy;
    }
    if (!t.host && !this.results.has(t.place)) {
      if (t.run) t.run.exports = t.run.exports.filter((n) => n !== t);
      this.pushResult(t);
    }
    return t;
  }
  dispose(t: Tensor): void {
    if (t.cell)
      throw new Error(
        `dispose: ${t.cell.name} is a cell's value, and the cell needs it; give the cell another value with set()`,
      );
    t.place.gone = "it was disposed";
    t.host = undefined;
    if (t.storage?.home.session.results.forget(t.place)) {
      t.storage.release();
      t.storage = undefined;
    }
    if (!t.pending) t.cut();
  }
  /** The storage of a value, on whatever device it is; uploads or computes it again where it is nowhere. */
  resident(t: Tensor): Storage {
    if (t.error) throw t.error;
    if (t.storage) return t.storage;
    if (!t.place.onHost) return this.recompute(t);
    this.upload(t, homeOf(t) ?? here());
    this.pushResult(t);
    return t.storage!;
  }
  /** Read once: it lives on the host. */
  arrived(t: Tensor, data: TypedArray): void {
    if (!t.cell && !t.host) t.host = data;
    if (!t.storage?.home.session.results.forget(t.place)) return;
    t.storage.release();
    t.storage = undefined;
  }
  /** It could not be read, and never will be: its device is lost, or what it was computed from was wrong. */
  unreadable(t: Tensor, error: unknown): void {
    t.error = error;
    if (!t.storage?.home.session.results.forget(t.place)) return;
    t.storage.release();
    t.storage = undefined;
  }
  pushResult(t: Tensor): void {
    t.run = undefined;
    this.results.push(t);
  }
}

/** A value that outlives its program: in a cell, read, kept, a root of backward, or consumed by nothing. */
const isResult = (n: Tensor): boolean =>
  n.kept || n.isRoot || n.uses === 0 || (n.holders !== undefined && n.holders.length > 0);
