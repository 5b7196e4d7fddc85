// Loops that also add up some of what they compute: for each column of a matrix, or for each row of several. A slice leaves its sums
// as float64 where a last call puts those of all slices together; four terms are added in float32 before they go there. The limit is
// the memory that the loop reads and writes.
import type { LoopPlan } from "@lamina/core/passes";
import { type Fn, I32, type Relaxed, V128 } from "../assembler.ts";
import { Accumulator, addUp } from "../kernels/accumulator.ts";
import { maskOf } from "../kernels/elements.ts";
import { address, kernelOf, LANES, locals, storeLanes, times, VECTOR } from "../kernels/emit.ts";
import { bytesPerElement } from "../memory.ts";
import { advance } from "../nest.ts";
import { type Array4, LoopEmitter } from "./loop.ts";

/** In three axes: slices, rows, columns. */
export interface SummingPlan extends LoopPlan {
  /** Indices of the values that are added up. */
  readonly sums: readonly number[];
  /** For each of what: 1 a row, over slices and columns; 2 a column, over slices and rows. */
  readonly keeps: 1 | 2;
}

/** Sums of one kind, with room for whole vectors. */
const keptOf = ({ sizes, keeps }: SummingPlan): number => LANES * Math.ceil(sizes[keeps] / LANES);
/** [slice][which sum][kept] */
export const partialBytes = (plan: SummingPlan): number => 8 * plan.sizes[0] * plan.sums.length * keptOf(plan);

/** Vectors of a block of columns, and rows of a turn; or vectors of a turn along a row. */
const [WIDTH, TURN] = [2, 4];

/** Parameters: pointers of loads, of stores, of the scalars, of the slices' sums, and the slice. */
class SummingEmitter extends LoopEmitter {
  declare protected readonly plan: SummingPlan;
  /** Where the slice's sums go: moves on. */
  private readonly partials: number;

  constructor(plan: SummingPlan, relaxed: Relaxed) {
    super(plan, relaxed, true, 1);
    this.partials = this.scalars + 1;
  }
  protected override loop(): void {
    const { f, plan, partials } = this;
    this.toSlice();
    address(f, partials, partials, [this.slice!, 8 * plan.sums.length * keptOf(plan)]);
    if (plan.keeps === 2) this.columns();
    else this.rows();
  }
  private get walkers(): readonly Array4[] {
    return [...this.loads, ...this.stores];
  }

  // ---- for each column -----------------------------------------------------------------------------------------------------
  private columns(): void {
    const { f, plan } = this;
    const [, , columns] = plan.sizes;
    const block = WIDTH * LANES;
    times(f, f.local(I32), Math.floor(columns / block), () => this.block(block));
    if (columns % block) this.block(columns % block);
  }
  /** So many columns, from top to bottom; pointers then stand at the next ones. */
  private block(columns: number): void {
    const { f, plan, partials, walkers } = this;
    const [, rows] = plan.sizes;
    const lanes = Array.from({ length: Math.ceil(columns / LANES) }, (_, v) => Math.min(LANES, columns - v * LANES));
    const same = this.loadedOnce(lanes.length);
    const sums = plan.sums.map(() => lanes.map(() => new Accumulator(f, "sum", "float32")));
    for (const sum of sums.flat()) sum.clear();
    const turn = (count: number) => {
      const terms = Array.from({ length: count }, (_, row) => lanes.map((n, v) => this.place(row, v, n, same)));
      for (const w of walkers) advance(f, w, count * w.strides[1]);
      sums.forEach((list, s) =>
        list.forEach((sum, v) =>
          this.add(
            sum,
            terms.map((list) => list[v][s]),
          ),
        ),
      );
    };
    times(f, f.local(I32), Math.floor(rows / TURN), () => turn(TURN));
    if (rows % TURN) turn(rows % TURN);
    sums.forEach((list, s) => list.forEach((sum, v) => sum.storeWide(partials, 8 * (s * keptOf(plan) + v * LANES))));
    f.increase(partials, 8 * columns);
    for (const w of walkers)
      advance(f, w, (w.strides[2] ? columns * bytesPerElement(w.dtype) : 0) - rows * w.strides[1]);
  }
  /** Of the loads that are the same for all rows: a local for each vector. */
  private loadedOnce(vectors: number): ReadonlyMap<Array4, readonly number[]> {
    const { f } = this;
    const found = new Map<Array4, readonly number[]>();
    for (const walker of this.loads) {
      if (walker.strides[1]) continue;
      const list = locals(f, V128, vectors);
      list.forEach((local, v) => {
        if (walker.strides[2]) this.load(walker, v * LANES * bytesPerElement(walker.dtype));
        else this.loadSplat(walker);
        f.set(local);
      });
      found.set(walker, list);
    }
    return found;
  }
  /** Computes and stores vector v of a row; gives a local for each term. */
  private place(row: number, v: number, lanes: number, same: ReadonlyMap<Array4, readonly number[]>): number[] {
    const { f } = this;
    const offset = (w: Array4) => row * w.strides[1] + (w.strides[2] ? v * LANES * bytesPerElement(w.dtype) : 0);
    this.eachLoad((walker, local) => {
      const known = same.get(walker);
      if (known) f.get(known[v]);
      else if (walker.strides[2]) this.load(walker, offset(walker));
      else this.loadSplat(walker, offset(walker));
      f.set(local);
    });
    return this.computed(offset, lanes);
  }
  /** Computes what has been loaded, stores it, and keeps the terms. */
  private computed(offset: (w: Array4) => number, lanes: number): number[] {
    const { f, plan, stores, operands } = this;
    this.computeAll();
    stores.forEach((w, i) => this.store(w, operands[plan.stores[i]].local, offset(w), lanes));
    return plan.sums.map((value) => {
      const term = f.local(V128);
      f.get(operands[value].local).set(term);
      return term;
    });
  }
  private add(sum: Accumulator, terms: readonly number[]): void {
    addUp(this.f, terms);
    sum.add(terms[0]);
  }

  // ---- for each row --------------------------------------------------------------------------------------------------------
  private rows(): void {
    const { f, plan, partials, walkers } = this;
    const [, rows, columns] = plan.sizes;
    const sums = plan.sums.map(() => new Accumulator(f, "sum", "float32"));
    const whole = Math.floor(columns / LANES);
    const counter = f.local(I32);
    const turn = (vectors: number, rest = 0) => {
      const parts = Array.from({ length: vectors + (rest ? 1 : 0) }, (_, v) =>
        this.along(v, v < vectors ? LANES : rest),
      );
      for (const w of walkers) if (w.strides[2]) advance(f, w, (vectors * LANES + rest) * bytesPerElement(w.dtype));
      sums.forEach((sum, s) =>
        this.add(
          sum,
          parts.map((terms) => terms[s]),
        ),
      );
    };
    times(f, f.local(I32), rows, () => {
      for (const sum of sums) sum.clear();
      this.eachLoad((walker, local) => {
        if (walker.strides[2]) return;
        this.loadSplat(walker);
        f.set(local);
      });
      times(f, counter, Math.floor(whole / TURN), () => turn(TURN));
      if (whole % TURN || columns % LANES) turn(whole % TURN, columns % LANES);
      sums.forEach((sum, s) => sum.storeTotalWide(partials, 8 * s * keptOf(plan)));
      f.increase(partials, 8);
      for (const w of walkers) advance(f, w, w.strides[1] - (w.strides[2] ? columns * bytesPerElement(w.dtype) : 0));
    });
  }
  /** Vector v of a turn along a row. What lies beyond the row's end is no term. */
  private along(v: number, lanes: number): number[] {
    const { f } = this;
    const offset = (w: Array4) => v * LANES * bytesPerElement(w.dtype);
    this.eachLoad((walker, local) => {
      if (!walker.strides[2]) return;
      this.load(walker, offset(walker));
      f.set(local);
    });
    const terms = this.computed(offset, lanes);
    if (lanes < LANES)
      for (const term of terms) {
        f.get(term).vzero();
        maskOf(f, lanes).op("v128.bitselect").set(term);
      }
    return terms;
  }
}

/** One slice of the loop. */
export const emitSumming = (plan: SummingPlan, relaxed: Relaxed): Fn => new SummingEmitter(plan, relaxed).emit();

/** Puts the slices' sums together. Parameters: their pointer, and one for each result. */
export function emitTogether(plan: SummingPlan): Fn {
  const { sizes, sums, keeps } = plan;
  const f = kernelOf(1 + sums.length);
  const kept = keptOf(plan);
  const [at, left, counter] = locals(f, I32, 3);
  const [low, high, all] = locals(f, V128, 3);
  sums.forEach((_, s) => {
    const some = (lanes: number) => {
      f.get(0)
        .i32(8 * s * kept)
        .add()
        .set(at);
      f.vzero().tee(low).set(high);
      times(f, counter, sizes[0], () => {
        f.get(low).get(at).vload().op("f64x2.add").set(low);
        f.get(high).get(at).vload(VECTOR).op("f64x2.add").set(high);
        f.increase(at, 8 * sums.length * kept);
      });
      f.get(low).op("f32x4.demote_f64x2_zero").get(high).op("f32x4.demote_f64x2_zero").shuffleWords(0, 1, 4, 5);
      f.set(all);
      storeLanes(f, 1 + s, all, 0, lanes);
      f.increase(0, 8 * LANES).increase(1 + s, VECTOR);
    };
    const count = sizes[keeps];
    times(f, left, count >> 2, () => some(LANES));
    if (count % LANES) some(count % LANES);
    f.increase(0, -8 * kept);
  });
  return f;
}
