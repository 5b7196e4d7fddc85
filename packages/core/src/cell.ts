// Cells: named places that hold one tensor. Parameters, gradients, optimiser state and running statistics live in them,
// and giving a cell another tensor is the only update there is.
import { here } from "./active.ts";
import type { Backend } from "./backend.ts";
import { allocate, bytesOf } from "./dtype.ts";
import { rootOf } from "./group.ts";
import { homeOf } from "./home.ts";
import { gradEnabled } from "./mode.ts";
import { sameShape } from "./ops/shapes.ts";
import { onItsWay, settle } from "./pending.ts";
import { type Home, type Place, Storage } from "./storage.ts";
import { Tensor } from "./tensor.ts";

export interface CellOptions {
  /** Gradients flow to it. */
  trainable?: boolean;
  /** Keeps the value from before the last update, so that what was computed from it can be computed again. */
  keepPrevious?: boolean;
}

export class Cell extends Tensor {
  /** Used by errors; nn.Module sets it to the path in the model. */
  name: string;
  /** How often it has been given a value. */
  version = 0;
  readonly keepPrevious: boolean;
  /** The device it was placed on; undefined follows setBackend(). */
  home: Home | undefined = undefined;
  private leader: Cell | undefined = undefined;
  private followers: Set<Cell> | undefined = undefined;
  /** May be pending. */
  current: Tensor;
  /** The last value that has been computed. */
  committed: Tensor | undefined = undefined;
  private previous: Tensor | undefined = undefined;

  constructor(name: string, value: Tensor, { trainable = false, keepPrevious = false }: CellOptions = {}) {
    super(value.shape, value.dtype);
    this.name = name;
    this.requiresGrad = trainable;
    this.keepPrevious = keepPrevious;
    this.current = value.source;
    const home = homeOf(this.current);
    if (home?.placed) this.home = home;
    this.assign(this.current);
  }
  /** The value to compute with: a leaf, for a pending update runs first, if what it needs is on its device. */
  get value(): Tensor {
    if (this.current.pending) settle(this.current);
    if (this.current.pending && this.requiresGrad) throw onItsWay(this.current);
    return this.current;
  }
  override get source(): Tensor {
    return this.value;
  }
  override get pending(): boolean {
    return this.current.pending;
  }
  /**
   * Gives the cell another value: the update of a hand-written training step.
   * @throws if the shape or dtype differs, or if the value carries gradients (wrap the update in noGrad).
   */
  set(value: Tensor): void {
    const t = value.source;
    if (!sameShape(t.shape, this.shape) || t.dtype !== this.dtype)
      throw new Error(
        `set: ${this.name} is ${this.dtype} [${this.shape}] but the new value is ${t.dtype} [${t.shape}]; a cell keeps its shape and dtype`,
      );
    if (this.requiresGrad && t.requiresGrad && gradEnabled() && t.op)
      throw new Error(
        `set: the new value of ${this.name} was computed with gradients recorded, so the step itself would become part of the graph; ` +
          "write the update inside noGrad(() => …), or detach() the value",
      );
    this.checkDevice(t);
    this.assign(t);
  }
  private checkDevice(t: Tensor): void {
    const home = homeOf(t);
    if (!home && !t.pending) return;
    const own = this.home ?? here();
    if (home && home.backend !== own.backend)
      throw new Error(
        `set: ${this.name} is on the ${own.backend.name} backend but the new value is on ${home.backend.name}; move the value first, value.to(backend)`,
      );
    if (t.pending) rootOf(t.group!).home = this.home ?? home ?? own;
  }
  private assign(t: Tensor): void {
    const old = this.current;
    if (old !== t && old.holders) old.holders = old.holders.filter((c) => c !== this);
    this.current = t;
    if (t.pending) (t.holders ??= []).push(this);
    else if (!t.storage && t.place.onHost) this.commit(this.leaf(undefined, t.place));
    else this.commit(this.leaf((homeOf(t) ?? here()).session.resident(t).retain()));
  }
  /** A leaf of this cell's, as yet in no cell. */
  leaf(storage: Storage | undefined, host?: Place): Tensor {
    const t = new Tensor(this.shape, this.dtype);
    t.storage = storage;
    if (host) t.place.share(host);
    return t;
  }
  /** `t` is a leaf of ours, and owns one reference to its storage. */
  commit(t: Tensor): void {
    this.dropPrevious();
    this.previous = this.committed;
    if (!this.keepPrevious) this.dropPrevious();
    this.version++;
    t.place.cell = this;
    t.requiresGrad = this.requiresGrad;
    this.committed = t;
    this.current = t;
  }
  /** Something still pending was recorded from the value before the last update. */
  get previousInUse(): boolean {
    return (this.previous?.storage?.refs ?? 0) > 1;
  }
  dropPrevious(): void {
    const old = this.previous;
    if (!old) return;
    this.previous = undefined;
    old.storage?.release();
    old.storage = undefined;
    old.host = undefined;
    old.place.gone = `the value of ${this.name} from before update ${this.version} is gone`;
  }
  /** Goes to another device, its gradient and its followers with it. What is pending runs first; a copy that takes a moment is awaited by what needs it. */
  moveTo(home: Home | undefined): void {
    if (this.home === home) return;
    const { pending, storage } = this.value;
    if (pending || storage?.arrival)
      throw new Error(
        `to: ${this.name} is still on its way to the ${(this.home ?? here()).backend.name} backend; await sync() before it moves on`,
      );
    this.home = home;
    for (const t of new Set([this.current, this.previous])) t?.storage?.move(home ?? here(), this.dtype);
    this.gradCell?.moveTo(home);
    for (const follower of this.followers ?? []) follower.moveTo(home);
  }
  /** Goes where `leader` is, and with it from now on: an optimiser's state follows its parameter. */
  follow(leader: Cell): void {
    this.leader = leader;
    leader.followers ??= new Set();
    leader.followers.add(this);
    this.moveTo(leader.home);
  }
  /** The bytes it holds on `backend`, its gradient's included. Nothing of it is pending. */
  bytesOn(backend: Backend): number {
    const held = new Set([this.committed?.storage, this.previous?.storage]);
    const own = [...held].filter((s) => s?.backend === backend).length * bytesOf(this);
    return own + (this.gradCell?.bytesOn(backend) ?? 0);
  }
  /**
   * Changes places with a value on `home` that takes as much and means nothing, without a gradient. What is pending has run.
   * @returns what brings everything back, as if nothing had happened.
   */
  standIn(home: Home): () => void {
    const { current, committed, previous, version, gradCell, leader } = this;
    const before = { current, committed, previous, version, gradCell, leader, home: this.home };
    const followers = this.followers && new Set(this.followers);
    const value = new Tensor(this.shape, this.dtype);
    value.place.cell = this;
    value.requiresGrad = this.requiresGrad;
    const empty = () => allocate(this.dtype, this.numel);
    if (current.storage) value.storage = new Storage(home.backend.upload(empty(), this.dtype), home);
    else value.place.putOff(empty);
    Object.assign(this, {
      current: value,
      committed: value,
      previous: undefined,
      gradCell: undefined,
      home: undefined,
    });
    return () => void Object.assign(this, before, { followers });
  }
  /** Lets everything go. */
  clear(): void {
    this.leader?.followers?.delete(this);
    this.current.holders = this.current.holders?.filter((c) => c !== this);
    this.dropPrevious();
    this.previous = this.committed;
    this.dropPrevious();
    this.committed = undefined;
  }

  // ---- the gradient that backward() left here: pending until its step runs -----------------------------------------
  private gradCell: Cell | undefined = undefined;
  /** What backward() has added up here, or undefined; assign undefined to clear it, or a tensor to replace it. */
  get grad(): Tensor | undefined {
    return this.gradCell?.current;
  }
  set grad(t: Tensor | undefined) {
    if (!t) {
      this.gradCell?.clear();
      this.gradCell = undefined;
    } else if (this.gradCell) this.gradCell.set(t);
    else {
      this.gradCell = new Cell(`${this.name}.grad`, t);
      this.gradCell.home = this.home;
    }
  }
}

/** A trainable value of a module, as `torch.nn.Parameter`: `this.weight = new Parameter(randn([3, 3]))`. */
export class Parameter extends Cell {
  constructor(value: Tensor, { name = "parameter" }: { name?: string } = {}) {
    super(name, value, { trainable: true, keepPrevious: true });
  }
}

/** State of a module that is saved with it and not trained, as `torch.nn.Buffer`: running statistics. */
export class Buffer extends Cell {
  constructor(value: Tensor, { name = "buffer" }: { name?: string } = {}) {
    super(name, value, { keepPrevious: true });
  }
}
