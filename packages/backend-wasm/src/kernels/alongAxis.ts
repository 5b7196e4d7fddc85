// What softmax, logSoftmax and their gradients share: passes along the lines of an axis that fold them into one number or
// write a result of the same shape. A line stays in the cache from pass to pass, so that the limit is the arithmetic of exp
// (about 25 instructions for a vector), and without exp the memory.
import { type Fn, V128 } from "../assembler.ts";
import type { Temp } from "../pointwise/vector.ts";
import { Accumulator, addUp } from "./accumulator.ts";
import { type Cursor, Lines, loadElements, type Part, storeElements } from "./elements.ts";
import { hoistingKernelOf, locals } from "./emit.ts";
import type { Lower } from "./lowered.ts";

/** For each vector of a turn a local with its lines' results. */
type Folded = readonly number[];

/** What a formula is written with. Everything is four lanes wide. */
interface Along {
  readonly f: Fn;
  readonly inputs: readonly Cursor[];
  readonly out: Cursor;
  /** In a pass, leaves an array's elements, or a line's result, on the stack. */
  load(x: Cursor): void;
  get(line: Folded): void;
  /** Replaces what is on the stack by a function of it. */
  apply(emit: (f: Fn, x: number, temp: Temp) => void): void;
  /** A pass: the largest of what `term` leaves on the stack. A NaN is never the largest: it shows in the sum. */
  largest(term: () => void): Folded;
  /** A pass: the sum, in float64. `keep` writes the terms to the result. */
  sum(term: () => void, keep?: boolean): Folded;
  /** Between passes: replaces a line's result by what `value` leaves on the stack, which finds it there. */
  update(line: Folded, value: () => void): void;
  /** A pass: writes what `value` leaves on the stack. */
  store(value: () => void): void;
}

/** Vectors in a turn: their sums are independent, and lines that lie beside each other fill cache lines. */
const VECTORS = 4;

/** An op by its passes over one line, or several of them side by side. */
export const alongAxis =
  (name: string, formula: (a: Along) => void): Lower =>
  (inputs, { axis }: { axis: number }, { shape }) => {
    const slices = Lines.slices(shape, axis);
    const out = inputs.length;
    return {
      key: `${name} ${shape} along ${axis}`,
      slices,
      emit: (relaxed) => {
        const f = hoistingKernelOf(slices ? out + 2 : out + 1, relaxed);
        const lines = new Lines(f, shape, axis, VECTORS);
        const cursors = [...inputs, shape].map((_, i) => lines.cursor(i, "float32"));
        const passes = new Passes(f, lines, cursors.slice(0, out), cursors[out]);
        lines.each(slices ? out + 1 : undefined, () => formula(passes));
        return f.finished();
      },
    };
  };

class Passes implements Along {
  readonly f: Fn;
  readonly inputs: readonly Cursor[];
  readonly out: Cursor;
  private readonly lines: Lines;
  /** What a turn has computed, a vector each. */
  private readonly values: readonly number[];
  private readonly temps: number[] = [];
  private usedTemps = 0;
  /** Where the pass is. */
  private part: Part = { index: 0, lanes: 0, offset: 0 };

  constructor(f: Fn, lines: Lines, inputs: readonly Cursor[], out: Cursor) {
    this.f = f;
    this.lines = lines;
    this.inputs = inputs;
    this.out = out;
    this.values = locals(f, V128, VECTORS);
  }
  load(x: Cursor): void {
    loadElements(this.f, "float32", x.at, 4 * this.part.offset);
  }
  get(line: Folded): void {
    this.f.get(line[this.part.index]);
  }
  apply(emit: (f: Fn, x: number, temp: Temp) => void): void {
    this.usedTemps = 0;
    const x = this.temp();
    this.f.set(x);
    emit(this.f, x, () => this.temp());
  }
  private temp(): number {
    if (this.usedTemps === this.temps.length) this.temps.push(this.f.local(V128));
    return this.temps[this.usedTemps++];
  }

  largest(term: () => void): Folded {
    const { f, lines } = this;
    const max = locals(f, V128, lines.parts.length);
    const none = () => f.vconst(-Infinity);
    for (const m of max) none().set(m);
    this.pass(term, none, (values) => values.forEach((v, i) => void f.get(max[i]).get(v).op("f32x4.pmax").set(max[i])));
    if (!lines.single) return max;
    const [all, ...others] = max;
    for (const other of others) f.get(all).get(other).op("f32x4.pmax").set(all);
    f.get(all).get(all).get(all).shuffleWords(2, 3, 0, 1).op("f32x4.pmax").set(all);
    f.get(all).get(all).get(all).shuffleWords(1, 0, 3, 2).op("f32x4.pmax").set(all);
    return max.map(() => all);
  }
  sum(term: () => void, keep = false): Folded {
    const { f, lines } = this;
    const sums = (lines.single ? [0] : lines.parts).map(() => new Accumulator(f, "sum", "float32"));
    for (const sum of sums) sum.clear();
    const zero = () => f.vzero();
    this.pass(
      term,
      zero,
      (values) => {
        if (lines.single) addUp(f, values);
        for (const [i, sum] of sums.entries()) sum.add(values[i]);
      },
      keep,
    );
    const results = sums.map((sum) => {
      const local = f.local(V128);
      (lines.single ? sum.total() : sum.lanes()).set(local);
      return local;
    });
    return lines.single ? lines.parts.map(() => results[0]) : results;
  }
  update(line: Folded, value: () => void): void {
    for (const local of new Set(line)) {
      this.f.get(local);
      value();
      this.f.set(local);
    }
  }
  store(value: () => void): void {
    this.pass(value, undefined, () => {}, true);
  }
  /**
   * `use` gets a turn's values, `neutral` where a line has ended. All are computed before one is stored: so the engine can make
   * one vector of two that are stored side by side (wide mode).
   */
  private pass(
    value: () => void,
    neutral: (() => Fn) | undefined,
    use: (values: readonly number[]) => void,
    keep = false,
  ): void {
    const { f, lines, values, out } = this;
    lines.along((turn) => {
      for (const part of turn) {
        this.part = part;
        value();
        f.set(values[part.index]);
      }
      if (keep)
        for (const { index, lanes, offset } of turn)
          storeElements(f, "float32", out.at, values[index], lanes, 4 * offset);
      if (neutral) for (const { index, lanes } of turn) lines.masked(values[index], lanes, neutral).set(values[index]);
      use(values.slice(0, turn.length));
    });
  }
}
