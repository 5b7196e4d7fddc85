// Record -> groups -> programs -> backend, and who frees what. The rules are numbered in docs/execution.md.
import type { Backend } from "./backend.ts";
import { bytesOf, type DType, type TypedArray } from "./dtype.ts";
import { Group, rootOf, union } from "./group.ts";
import { interpret, type Known, ProgramCache, programOf } from "./lookup.ts";
import type { Op } from "./op.ts";
import { planFrees } from "./program.ts";
import { ResultWindow } from "./results.ts";
import { Storage } from "./storage.ts";
import { Tensor } from "./tensor.ts";

/** One execution of a program: what it started from, and which inner values it has handed out. */
export interface Run {
  readonly known: Known;
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

export class Session {
  readonly backend: Backend;
  readonly options: Required<SessionOptions>;
  readonly stats: SessionStats = { recorded: 0, kernels: 0, recomputed: 0, uploads: 0, compiled: 0, runs: 0 };
  readonly programs: ProgramCache;
  readonly results: ResultWindow;
  /** Set while a decomposition is traced: what is recorded goes here and is not pending. */
  tracing: Tensor[] | undefined = undefined;
  private readonly dtypes: ReadonlySet<DType>;
  private recorded: Tensor[] = [];
  private pendingBytes = 0;
  /** Runs that have handed out inner values. */
  private readonly live = new Set<Run>();
  private tickPromise: Promise<void> | undefined = undefined;
  private joint: Group | undefined = undefined;
  private sweeping = false;

  constructor(backend: Backend, options: SessionOptions = {}) {
    this.backend = backend;
    this.options = { ...DEFAULTS, ...options };
    this.dtypes = new Set(backend.dtypes);
    this.programs = new ProgramCache(backend, this.options.maxProgramBytes);
    this.results = new ResultWindow(this.options.resultBytes);
  }

  // ---- recording -----------------------------------------------------------------------------------------------------
  /** Adds `op` applied to `inputs` (no cells) to what is pending. Leaves no trace if it throws. */
  record(op: Op, inputs: readonly Tensor[], attrs: object, scalars: readonly number[], requiresGrad: boolean): Tensor {
    const spec = op.infer(inputs, attrs);
    if (!this.dtypes.has(spec.dtype))
      throw new Error(
        `${op.name}: the result would be ${spec.dtype}, but the ${this.backend.name} backend has only ${[...this.dtypes].join(", ")}; cast first`,
      );
    const t = new Tensor(spec.shape, spec.dtype);
    t.op = op;
    t.inputs = inputs;
    t.attrs = attrs;
    t.scalars = scalars;
    t.requiresGrad = requiresGrad;
    if (this.tracing) {
      this.tracing.push(t);
      return t;
    }
    for (const x of inputs) if (!x.group) this.ready(x);
    if (this.isFull(inputs)) this.flush();
    this.join(t);
    this.recorded.push(t);
    if (!op.alias) this.stats.recorded++;
    return t;
  }
  /** A value that has run is about to be used. */
  private ready(x: Tensor): void {
    if (x.error) throw x.error;
    if (!x.available) this.recompute(x);
    else if (x.index >= 0 && !x.run!.known.wanted.has(x.index)) this.learn(x); // there only by luck
  }
  /** Recorded enough to run it: at a place where something new begins if there is one. */
  private isFull(inputs: readonly Tensor[]): boolean {
    const { maxPending, maxPendingBytes } = this.options;
    const full = Math.max(this.recorded.length / maxPending, this.pendingBytes / maxPendingBytes);
    return full >= 2 || (full >= 1 && !inputs.some((x) => x.group));
  }
  private join(t: Tensor): void {
    let group = this.joint && rootOf(this.joint);
    for (const x of t.inputs) {
      x.uses++;
      if (x.group) group = group ? union(group, x.group) : rootOf(x.group);
    }
    group ??= new Group();
    for (const x of t.inputs) if (!x.group && !group.leaves.has(x)) this.hold(group, x);
    t.group = group;
  }
  private hold(group: Group, x: Tensor): void {
    if (x.cell && !x.storage) {
      this.upload(x); // so that it can be held
      x.host = undefined;
    }
    if (x.storage && x.storage.backend !== this.backend) this.migrate(x);
    group.leaves.set(x, x.storage?.retain());
    if (x.storage) return;
    group.bytes += bytesOf(x);
    this.pendingBytes += bytesOf(x);
  }
  /** `x` was computed on another backend. */
  private migrate(x: Tensor): void {
    const old = x.storage!;
    const host = old.backend.read(old.buffer);
    if (host instanceof Promise)
      throw new Error(
        `a value of shape [${x.shape}] is on the ${old.backend.name} backend, which can only be read asynchronously; await its data() before you use it on ${this.backend.name}`,
      );
    x.storage = new Storage(this.backend.upload(host, x.dtype), this.backend);
    old.release();
  }
  /** What `f` records becomes one group. */
  together<T>(f: () => T): T {
    const outer = this.joint;
    this.joint ??= new Group();
    try {
      return f();
    } finally {
      this.joint = outer;
    }
  }

  // ---- when things run -------------------------------------------------------------------------------------------------
  /** End of the current tick: what has been asked for runs. A failure is kept on the values it concerns. */
  private tick(): Promise<void> {
    this.tickPromise ??= Promise.resolve().then(() => {
      this.tickPromise = undefined;
      const asked = new Set(this.recorded.filter((t) => t.kept).map((t) => rootOf(t.group!)));
      try {
        this.flush((g) => asked.has(g));
      } catch {
        // every value of the failed program carries the error
      }
    });
    return this.tickPromise;
  }
  /** Runs all that is pending, or some of the groups. */
  flush(which: (g: Group) => boolean = () => true): void {
    const groups = new Map<Group, Tensor[]>();
    const rest: Tensor[] = [];
    for (const t of this.recorded) {
      const g = rootOf(t.group!);
      if (!which(g)) rest.push(t);
      else if (groups.has(g)) groups.get(g)!.push(t);
      else groups.set(g, [t]);
    }
    this.recorded = rest;
    let failure: { error: unknown } | undefined;
    for (const [g, nodes] of groups)
      try {
        this.runGroup(g, nodes);
      } catch (error) {
        failure ??= { error };
      }
    if (failure) throw failure.error;
  }
  settle(t: Tensor): void {
    const group = rootOf(t.group!);
    this.flush((g) => g === group);
  }

  /** Another session takes over: runs what is pending, and leaves on the device only what cells hold. */
  retire(): void {
    this.flush();
    for (const r of this.live) this.drop(r, () => true);
    this.results.empty();
  }

  private runGroup(group: Group, nodes: readonly Tensor[]): void {
    this.pendingBytes -= group.bytes;
    this.runWhatNeedsOldParameters(nodes);
    const leaves: Tensor[] = [];
    let known: Known;
    try {
      known = this.programs.find(nodes, leaves, (dead) => this.evict(dead));
    } catch (error) {
      this.fail(nodes, error);
      this.release(group);
      throw error;
    }
    const run: Run = { known, serial: ++known.runs, leaves: leaves.filter((x) => x.cell?.keepPrevious), exports: [] };
    const held: Storage[] = []; // what this run keeps alive while it lasts
    try {
      const inputs = leaves.map((x, i) => this.input(x, i, run, group.leaves.get(x), held));
      this.makeRoom(known, run, nodes);
      const buffers = this.execute(known, nodes, inputs);
      this.stats.runs++;
      this.handOut(known, run, nodes, inputs, buffers);
    } catch (error) {
      this.fail(nodes, error);
      throw error;
    } finally {
      this.releaseBatches(leaves, run);
      for (const s of held) s.release();
      this.release(group);
      for (const r of this.live) if (r.leaves.some((x) => x.place.gone)) this.drop(r, () => true);
    }
  }
  /** A parameter is about to forget its value before last: whatever still has to be computed from that goes first. */
  private runWhatNeedsOldParameters(nodes: readonly Tensor[]): void {
    if (!nodes.some((n) => n.holders?.some((c) => c.previousInUse))) return;
    try {
      this.flush();
    } catch {
      // its values carry the error
    }
  }
  /** Lets go of what nobody can ask for once this run is over. */
  private makeRoom(known: Known, run: Run, nodes: readonly Tensor[]): void {
    for (const n of nodes) for (const c of n.holders ?? []) c.dropPrevious();
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
  private release(group: Group): void {
    for (const s of group.leaves.values()) s?.release();
    group.leaves.clear();
    group.bytes = 0;
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
  private input(x: Tensor, i: number, run: Run, pinned: Storage | undefined, held: Storage[]): Storage {
    let s = pinned ?? x.storage;
    if (!s) {
      if (x.run) this.learn(x);
      s = this.upload(x);
    }
    if (x.host && x.storage && !x.cell) {
      x.run = run;
      x.index = -1 - i;
    }
    held.push(s.retain());
    return s;
  }
  private upload(x: Tensor): Storage {
    this.stats.uploads++;
    if (!this.dtypes.has(x.dtype))
      throw new Error(
        `the ${this.backend.name} backend has no ${x.dtype} (it has ${[...this.dtypes].join(", ")}); make the tensor with another dtype`,
      );
    const storage = new Storage(this.backend.upload(x.host!, x.dtype), this.backend);
    x.storage = storage;
    return storage;
  }
  /** The first time kernel by kernel; a program that comes back is worth compiling, and by then it knows what is wanted. */
  private execute(known: Known, nodes: readonly Tensor[], inputs: readonly Storage[]): Map<number, unknown> {
    const { program } = known;
    const outputs = new Set(program.outputs); // only ever grows
    nodes.forEach((n, i) => {
      if ((isResult(n) || known.wanted.has(i)) && known.slots[i] >= inputs.length) outputs.add(known.slots[i]);
    });
    if (outputs.size > program.outputs.length) {
      program.outputs = [...outputs];
      planFrees(program);
      known.executable = undefined;
    }
    if (!known.executable && known.runs > 1 && this.backend.compile) {
      known.executable = this.backend.compile(program);
      this.stats.compiled++;
    }
    const scalars: number[] = [];
    nodes.forEach((n, i) => {
      for (const s of known.fixed.get(i) ?? n.scalars) scalars.push(s);
    });
    const buffers = inputs.map((s) => s.buffer);
    const out = known.executable
      ? known.executable(buffers, scalars)
      : interpret(this.backend, program, buffers, scalars);
    this.stats.kernels += program.instructions.length;
    return new Map(program.outputs.map((slot, i) => [slot, out[i]]));
  }
  private handOut(
    known: Known,
    run: Run,
    nodes: readonly Tensor[],
    inputs: readonly Storage[],
    buffers: ReadonlyMap<number, unknown>,
  ): void {
    const storages = new Map<number, Storage>();
    for (const [slot, buffer] of buffers) storages.set(slot, new Storage(buffer, this.backend)); // held here until all are handed out
    nodes.forEach((n, i) => {
      n.group = undefined;
      const s = storages.get(known.slots[i]) ?? inputs[known.slots[i]];
      if (n.holders?.length) this.commit(n, s);
      else if (isResult(n)) {
        if (!n.place.gone) {
          n.storage = s.retain();
          this.pushResult(n);
        }
        if (n.isRoot || !n.requiresGrad) n.cut();
      } else {
        n.run = run;
        n.index = i;
        if (known.wanted.has(i)) {
          n.storage = s.retain();
          this.lend(n);
        }
      }
    });
    for (const s of storages.values()) s.release(); // one that nobody took was wanted by another run
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
    if (!this.sweeping) for (const n of order) for (const y of n.inputs) if (needed.has(y)) last.set(y, n);
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
    for (const y of n.inputs) {
      if (y.storage) continue;
      if (y.run) this.learn(y);
      this.upload(y);
      if (y.run) this.lend(y);
      else this.pushResult(y);
    }
    if (n.op!.alias) n.storage = n.inputs[0].storage!.retain();
    else {
      const { program, scalars } = programOf(this.backend, n.op!, n.attrs!, n.scalars, n.inputs, n);
      const [buffer] = interpret(
        this.backend,
        program,
        n.inputs.map((y) => y.storage!.buffer),
        scalars,
      );
      n.storage = new Storage(buffer, this.backend);
      this.stats.kernels++;
      this.stats.recomputed++;
    }
    this.lend(n);
  }
  /** The reverse pass asks for one value after another: what it passes is kept, or it would start anew each time. */
  sweep<T>(f: () => T): T {
    this.sweeping = true;
    try {
      return f();
    } finally {
      this.sweeping = false;
    }
  }
  /** `x` is there until the program that made it has run again. */
  private lend(x: Tensor): void {
    x.run!.exports.push(x);
    this.live.add(x.run!);
  }
  private learn(x: Tensor): void {
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
  private pushResult(t: Tensor): void {
    t.run = undefined;
    this.results.push(t);
  }
  keep(t: Tensor): Tensor {
    if (t.pending) {
      t.kept = true;
      return t;
    }
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
    if (this.results.forget(t.place)) {
      t.storage?.release();
      t.storage = undefined;
    }
    if (!t.pending) t.cut();
  }
  resident(t: Tensor): Storage {
    if (t.error) throw t.error;
    if (t.storage) {
      if (t.storage.backend !== this.backend) this.migrate(t);
      return t.storage;
    }
    if (t.host) {
      this.upload(t);
      this.pushResult(t);
      return t.storage!;
    }
    return this.recompute(t);
  }
  async read(t: Tensor): Promise<TypedArray> {
    if (t.pending) {
      t.kept = true;
      await this.tick();
    }
    if (t.error) throw t.error;
    if (t.host) return t.host;
    const storage = this.resident(t).retain();
    try {
      const data = await storage.backend.read(storage.buffer);
      this.arrived(t, data);
      return data;
    } finally {
      storage.release();
    }
  }
  /** Read once: it lives on the host. */
  private arrived(t: Tensor, data: TypedArray): void {
    if (!t.cell && !t.host) t.host = data;
    if (!this.results.forget(t.place)) return;
    t.storage!.release();
    t.storage = undefined;
  }
  /** The value if it can be had without waiting; runs what is pending. */
  peek(t: Tensor): TypedArray | undefined {
    if (t.pending) {
      t.kept = true;
      this.settle(t);
    }
    if (t.host) return t.host;
    const storage = this.resident(t);
    const data = storage.backend.read(storage.buffer);
    return data instanceof Promise ? undefined : data;
  }
}

/** A value that outlives its program: in a cell, read, kept, a root of backward, or consumed by nothing. */
const isResult = (n: Tensor): boolean =>
  n.kept || n.isRoot || n.uses === 0 || (n.holders !== undefined && n.holders.length > 0);
