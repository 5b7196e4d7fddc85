// Emits the loop of a plan: four elements at a time, the last few by stores of single lanes, so that nothing is written
// past an array's end. Parameters: a pointer for each load, for each store, one to the scalars (f64 each), and the number
// of the slice if the plan's first axis is walked by the caller.
import type { DType } from "@lamina/core";
import { type LoopPlan, stridesOf, type Value } from "@lamina/core/passes";
import { type Fn, I32, type Relaxed, V128 } from "../assembler.ts";
import { HoistingFn } from "../hoist.ts";
import { bytesPerElement } from "../memory.ts";
import { advance, nest, repeat, type Walker } from "../nest.ts";
import { type HostName, hostIndex } from "./host.ts";
import type { Lanes, Operand } from "./lanes.ts";
import { isLong, pointwise } from "./ops.ts";

const LANES = 4;
/** Vectors in a turn of a loop that computes little; a turn of a long computation is one. */
const UNROLL = 4;
const LITTLE = 8;

export interface Array4 extends Walker {
  readonly dtype: DType;
}

const arrayOf = (local: number, dtype: DType, strides: readonly number[]): Array4 => ({
  local,
  dtype,
  strides: strides.map((s) => s * bytesPerElement(dtype)),
});

export class LoopEmitter implements Lanes {
  readonly f: HoistingFn;
  protected readonly plan: LoopPlan;
  protected readonly loads: readonly Array4[];
  protected readonly stores: readonly Array4[];
  /** Parameters. */
  protected readonly scalars: number;
  protected readonly slice: number | undefined;
  protected readonly operands: Operand[];
  protected readonly fixed: boolean[];
  private readonly temps: number[] = [];
  private usedTemps = 0;

  /** @param more parameters between the scalars and the slice. */
  constructor(plan: LoopPlan, relaxed: Relaxed, sliced: boolean, more = 0) {
    this.plan = plan;
    this.scalars = plan.loads.length + plan.stores.length;
    const parameters = this.scalars + 1 + more;
    this.slice = sliced ? parameters : undefined;
    this.f = new HoistingFn("", new Array<number>(parameters + (sliced ? 1 : 0)).fill(I32), [], relaxed);
    this.loads = plan.loads.map(({ dtype, strides }, i) => arrayOf(i, dtype, strides));
    const contiguous = stridesOf(plan.sizes);
    this.stores = plan.stores.map((value, i) => arrayOf(plan.loads.length + i, plan.values[value].dtype, contiguous));
    this.operands = plan.values.map(({ dtype }) => ({ dtype, local: this.f.local(V128) }));
    this.fixed = [];
    for (const value of plan.values)
      this.fixed.push(value.kind === "scalar" || (value.kind === "op" && value.args.every((arg) => this.fixed[arg])));
  }

  // ---- for the ops -------------------------------------------------------------------------------------------------------
  temp(): number {
    if (this.usedTemps === this.temps.length) this.temps.push(this.f.local(V128));
    return this.temps[this.usedTemps++];
  }
  host(name: HostName, args: readonly number[]): void {
    const result = this.temp();
    for (let lane = 0; lane < LANES; lane++) {
      if (lane > 0) this.f.get(result);
      for (const arg of args) this.f.get(arg).lane("f32x4.extract_lane", lane).op("f64.promote_f32");
      this.f.call(hostIndex(name)).op("f32.demote_f64");
      if (lane === 0) this.f.op("f32x4.splat");
      else this.f.lane("f32x4.replace_lane", lane);
      if (lane < LANES - 1) this.f.set(result);
    }
  }

  // ---- values ------------------------------------------------------------------------------------------------------------
  emit(): Fn {
    this.plan.values.forEach((value, i) => {
      if (this.fixed[i]) this.compute(value, i);
    });
    this.loop();
    return this.f.finished();
  }
  protected compute(value: Value, i: number): void {
    if (value.kind === "scalar") this.scalar(value.scalar, value.dtype);
    else if (value.kind === "op") {
      this.usedTemps = 0;
      pointwise[value.op](
        this,
        value.args.map((arg) => this.operands[arg]),
        value.dtype,
      );
    } else return;
    this.f.set(this.operands[i].local);
  }
  /** Converts as typed arrays do: int32 and uint8 modulo their range. */
  private scalar(index: number, dtype: DType): void {
    const { f } = this;
    f.get(this.scalars).f64load(8 * index);
    if (dtype === "float32") f.op("f32.demote_f64").op("f32x4.splat");
    else if (dtype === "bool") f.f64(0).op("f64.ne").op("i32x4.splat").op("i32x4.neg");
    else {
      f.op("i64.trunc_sat_f64_s").op("i32.wrap_i64").op("i32x4.splat");
      if (dtype === "uint8") f.viconst(255).op("v128.and");
    }
  }
  protected load({ local, dtype }: Array4, offset: number): void {
    if (bytesPerElement(dtype) === 4) this.f.get(local).vload(offset);
    else {
      this.f.get(local).access("v128.load32_zero", offset);
      this.f.op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u");
      if (dtype === "bool") this.f.op("i32x4.neg");
    }
  }
  protected loadSplat({ local, dtype }: Array4, offset = 0): void {
    if (bytesPerElement(dtype) === 4) this.f.get(local).vsplatload(offset);
    else {
      this.f.get(local).loadu8(offset).op("i32x4.splat");
      if (dtype === "bool") this.f.op("i32x4.neg");
    }
  }
  protected store({ local, dtype }: Array4, value: number, offset: number, lanes: number): void {
    const { f } = this;
    if (bytesPerElement(dtype) === 4) {
      if (lanes === LANES) f.get(local).get(value).vstore(offset);
      if (lanes < LANES && lanes & 2) f.get(local).get(value).laneAccess("v128.store64_lane", 0, offset);
      if (lanes & 1)
        f.get(local)
          .get(value)
          .laneAccess("v128.store32_lane", lanes - 1, offset + 4 * (lanes - 1));
      return;
    }
    const bytes = this.temp();
    f.get(value);
    if (dtype === "bool") f.viconst(1).op("v128.and");
    f.tee(bytes).get(bytes).shuffle([0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12]).set(bytes);
    if (lanes === LANES) f.get(local).get(bytes).laneAccess("v128.store32_lane", 0, offset);
    if (lanes < LANES && lanes & 2) f.get(local).get(bytes).laneAccess("v128.store16_lane", 0, offset);
    if (lanes & 1)
      f.get(local)
        .get(bytes)
        .laneAccess("v128.store8_lane", lanes - 1, offset + lanes - 1);
  }

  // ---- the loop ----------------------------------------------------------------------------------------------------------
  protected loop(): void {
    const { sizes } = this.plan;
    const whole = sizes[sizes.length - 1] - (sizes[sizes.length - 1] % LANES);
    const walkers = [...this.loads, ...this.stores];
    this.toSlice();
    nest(
      this.f,
      sizes,
      walkers,
      () => this.inner(),
      (w) => whole * w.strides[sizes.length - 1],
      this.slice === undefined ? 0 : 1,
    );
  }
  protected toSlice(): void {
    if (this.slice === undefined) return;
    for (const { local, strides } of [...this.loads, ...this.stores])
      if (strides[0]) this.f.get(local).get(this.slice).i32(strides[0]).mul().add().set(local);
  }
  private inner(): void {
    const size = this.plan.sizes[this.plan.sizes.length - 1];
    const last = this.plan.sizes.length - 1;
    const moving = [...this.loads, ...this.stores].filter((w) => w.strides[last] !== 0);
    this.eachLoad((walker, local) => {
      if (walker.strides[last] === 0) {
        this.loadSplat(walker);
        this.f.set(local);
      }
    });
    const vectors = Math.floor(size / LANES);
    const unroll = this.isShort() ? UNROLL : 1;
    const turns = Math.floor(vectors / unroll);
    if (turns > 0) repeat(this.f, turns, () => this.vectors(unroll, moving));
    if (vectors % unroll > 0) this.vectors(vectors % unroll, moving);
    if (size % LANES > 0) this.body(0, size % LANES);
  }
  private isShort(): boolean {
    const { values } = this.plan;
    return values.length <= LITTLE && !values.some((v) => v.kind === "op" && isLong(v.op));
  }
  private vectors(count: number, moving: readonly Array4[]): void {
    for (let k = 0; k < count; k++) this.body(k, LANES);
    for (const w of moving) advance(this.f, w, count * LANES * bytesPerElement(w.dtype));
  }
  protected eachLoad(visit: (walker: Array4, local: number) => void): void {
    this.plan.values.forEach((value, i) => {
      if (value.kind === "load") visit(this.loads[value.load], this.operands[i].local);
    });
  }
  /** Vector `k` of a turn, of which `lanes` lanes count. All is loaded before anything is stored: an output may lie on an input. */
  private body(k: number, lanes: number): void {
    const last = this.plan.sizes.length - 1;
    const offset = (w: Array4) => k * LANES * bytesPerElement(w.dtype);
    this.eachLoad((walker, local) => {
      if (walker.strides[last] === 0) return;
      this.load(walker, offset(walker));
      this.f.set(local);
    });
    this.computeAll();
    this.stores.forEach((w, i) => this.store(w, this.operands[this.plan.stores[i]].local, offset(w), lanes));
  }
  /** What has been loaded becomes what is stored. */
  protected computeAll(): void {
    this.plan.values.forEach((value, i) => {
      if (!this.fixed[i]) this.compute(value, i);
    });
    this.usedTemps = 0;
  }
}

/** The function that runs `plan`, or one slice of it. */
export const emitLoop = (plan: LoopPlan, relaxed: Relaxed, sliced: boolean): Fn =>
  new LoopEmitter(plan, relaxed, sliced).emit();
