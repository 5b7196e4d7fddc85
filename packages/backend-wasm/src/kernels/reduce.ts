// What sum, prod, max and min share: which elements meet, and in which order. Neighbouring axes of one kind are joined; then
// either the last one is reduced and its elements are in the lanes, or it is kept and outputs beside each other are.
import type { DType, Shape } from "@lamina/core";
import { type Fn, I32, V128 } from "../assembler.ts";
import { bytesPerElement } from "../memory.ts";
import { Accumulator, type Combination } from "./accumulator.ts";
import { loadElements, maskOf, storeElements } from "./elements.ts";
import { address, kernelOf, LANES, times } from "./emit.ts";
import type { Lower, Stage } from "./lowered.ts";

/** Vectors in a turn of a loop, each with an accumulator of its own. */
const UNROLL = 4;

interface Dimension {
  readonly size: number;
  readonly reduced: boolean;
  /** Elements from one to the next. */
  readonly stride: number;
}

/** The axes without those of size 1, neighbours of one kind joined. */
function joined(shape: Shape, axes: readonly number[]): Dimension[] {
  const found: { size: number; reduced: boolean; stride: number }[] = [];
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const reduced = axes.includes(axis);
    if (shape[axis] !== 1) {
      if (found[0]?.reduced === reduced) found[0].size *= shape[axis];
      else found.unshift({ size: shape[axis], reduced, stride });
    }
    stride *= shape[axis];
  }
  return found;
}

export const reduction =
  (combination: Combination): Lower =>
  ([{ shape, dtype }], { axes }: { axes: readonly number[] }) => ({
    key: `${combination} ${dtype} ${shape} over ${axes}`,
    ...sliced(joined(shape, axes), (dimensions, cut) => {
      const f = kernelOf(cut ? 3 : 2);
      if (cut) {
        const [taken, made] = [cut.taken, cut.made].map((elements) => elements * bytesPerElement(dtype));
        address(f, X, X, [SLICE, taken]);
        address(f, OUT, OUT, [SLICE, made]);
      }
      new Reduction(f, combination, dtype, dimensions, cut?.last).emit();
      return f;
    }),
  });

const [X, OUT, SLICE] = [0, 1, 2];

/** Where a slice begins in the input and in the result, in elements. */
interface Cut {
  readonly taken: number;
  readonly made: number;
  /** Leaves whether this is the last slice, which has the rest. */
  readonly last?: { readonly size: number; is(f: Fn): void };
}
/** Elements of the input in a slice, at least. */
const LEAST = 8192;

/** Outputs fall to slices: those of one place along the first axis that is kept, or some of those that lie beside each other. */
function sliced(
  dimensions: readonly Dimension[],
  emit: (dimensions: readonly Dimension[], cut?: Cut) => Fn,
): Pick<Stage, "slices" | "emit"> {
  const kept = dimensions.filter((d) => !d.reduced);
  const first = kept[0];
  const beside = kept.length === 1 && dimensions.at(-1) === first;
  if (first && !beside) {
    const rest = dimensions.filter((d) => d !== first);
    const made = kept.slice(1).reduce((n, { size }) => n * size, 1);
    return { slices: first.size, emit: () => emit(rest, { taken: first.stride, made }) };
  }
  const turn = UNROLL * LANES;
  const lines = dimensions.reduce((n, { size, reduced }) => (reduced ? n * size : n), 1);
  const width = turn * Math.ceil(LEAST / (turn * lines));
  const slices = first ? Math.ceil(first.size / width) : 1;
  if (slices < 2) return { emit: () => emit(dimensions) };
  const size = first.size - (slices - 1) * width;
  const is = (f: Fn) =>
    void f
      .get(SLICE)
      .i32(slices - 1)
      .op("i32.eq");
  const cut = { taken: width, made: width, last: { size, is } };
  return {
    slices,
    emit: () =>
      emit(
        dimensions.map((d) => (d === first ? { ...d, size: width } : d)),
        cut,
      ),
  };
}

class Reduction {
  private readonly f: Fn;
  private readonly rest: Cut["last"];
  private readonly dtype: DType;
  private readonly bytes: number;
  private readonly kept: readonly Dimension[];
  private readonly reduced: readonly Dimension[];
  /** Whether the last dimension is reduced. */
  private readonly inLanes: boolean;
  private readonly sums: readonly Accumulator[];
  private readonly vector: number;
  private readonly pointer: number;
  private readonly counter: number;

  /** @param rest how many outputs lie beside each other in some cases. */
  constructor(
    f: Fn,
    combination: Combination,
    dtype: DType,
    dimensions: readonly Dimension[],
    rest: Cut["last"] = undefined,
  ) {
    this.f = f;
    this.rest = rest;
    this.dtype = dtype;
    this.bytes = bytesPerElement(dtype);
    this.kept = dimensions.filter((d) => !d.reduced);
    this.reduced = dimensions.filter((d) => d.reduced);
    this.inLanes = dimensions.at(-1)?.reduced ?? false;
    this.sums = Array.from({ length: UNROLL }, () => new Accumulator(f, combination, dtype));
    this.vector = f.local(V128);
    this.pointer = f.local(I32);
    this.counter = f.local(I32);
  }

  emit(): void {
    const { f, kept } = this;
    if (this.inLanes) return this.walk(X, kept, (line) => this.one(line));
    const last = kept.at(-1) ?? { size: 1, stride: 1, reduced: false };
    const turn = UNROLL * LANES;
    const start = f.local(I32);
    const left = f.local(I32);
    this.walk(X, kept.slice(0, -1), (line) => {
      f.get(line).set(start);
      const all = (size: number) => {
        times(f, left, Math.floor(size / turn), () => this.beside(start, turn));
        if (size % turn) this.beside(start, size % turn);
      };
      const { rest } = this;
      if (!rest) return all(last.size);
      rest.is(f);
      f.if(
        () => all(rest.size),
        () => all(last.size),
      );
    });
  }

  /** `body` for each position along the dimensions, from the place in `base`. */
  private walk(base: number, dimensions: readonly Dimension[], body: (at: number) => void): void {
    if (!dimensions.length) return body(base);
    const { f } = this;
    const [{ size, stride }, ...rest] = dimensions;
    const [at, left] = [f.local(I32), f.local(I32)];
    f.get(base).set(at);
    times(f, left, size, () => {
      this.walk(at, rest, body);
      f.increase(at, stride * this.bytes);
    });
  }

  /** One output, whose elements along the last dimension are in the lanes. */
  private one(line: number): void {
    const { f, sums, reduced, dtype, bytes } = this;
    const length = reduced[reduced.length - 1].size;
    const used = sums.slice(0, Math.min(UNROLL, Math.max(1, Math.ceil(length / LANES))));
    for (const sum of used) sum.clear();
    this.walk(line, reduced.slice(0, -1), (at) => this.run(at, length));
    for (const sum of used.slice(1)) used[0].merge(sum);
    used[0].total().set(this.vector);
    storeElements(f, dtype, OUT, this.vector, 1);
    f.increase(OUT, bytes);
  }
  private run(at: number, length: number): void {
    const { f, pointer, counter, bytes } = this;
    const turn = UNROLL * LANES;
    f.get(at).set(pointer);
    times(f, counter, Math.floor(length / turn), () => {
      this.some(turn);
      f.increase(pointer, turn * bytes);
    });
    this.some(length % turn);
  }
  /** Adds `count` elements, a vector to each accumulator. */
  private some(count: number): void {
    const { f, sums, vector, pointer, dtype, bytes } = this;
    for (let i = 0; i < count; i += LANES) {
      const sum = sums[i / LANES];
      loadElements(f, dtype, pointer, i * bytes);
      if (count - i < LANES) {
        sum.neutral();
        maskOf(f, count - i).op("v128.bitselect");
      }
      f.set(vector);
      sum.add(vector);
    }
  }

  /** `count` outputs beside each other, which `start` and OUT move past. */
  private beside(start: number, count: number): void {
    const { f, sums, vector, dtype, bytes } = this;
    const used = sums.slice(0, Math.ceil(count / LANES));
    for (const sum of used) sum.clear();
    this.walk(start, this.reduced, (at) =>
      used.forEach((sum, v) => {
        loadElements(f, dtype, at, v * LANES * bytes).set(vector);
        sum.add(vector);
      }),
    );
    used.forEach((sum, v) => {
      sum.lanes().set(vector);
      storeElements(f, dtype, OUT, vector, Math.min(LANES, count - v * LANES), v * LANES * bytes);
    });
    f.increase(start, count * bytes).increase(OUT, count * bytes);
  }
}
