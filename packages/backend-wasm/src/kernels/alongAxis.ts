// What softmax, logSoftmax and their gradients share: passes along the lines of an axis that fold them into one number or
// write a result of the same shape.
import { type Fn, V128 } from "../assembler.ts";
import { Accumulator, type Combination } from "./accumulator.ts";
import { type Cursor, Lines, loadElements, storeElements } from "./elements.ts";
import { kernelOf } from "./emit.ts";
import type { Lower } from "./lowered.ts";

/** What a formula is written with. Everything is four lanes wide. */
interface Along {
  readonly f: Fn;
  readonly inputs: readonly Cursor[];
  readonly out: Cursor;
  /** A local that is free. */
  readonly v: number;
  readonly temp: () => number;
  /** Leaves what the pass is at on the stack. */
  load(x: Cursor): void;
  /** A pass: combines what `term` leaves on the stack; gives a local with the line's result in its lanes. */
  fold(combination: Combination, term: (lanes: number) => void): number;
  /** A pass: writes what `value` leaves on the stack. */
  store(value: () => void): void;
}

/** An op by its passes over one line, or four of them side by side. */
export const alongAxis =
  (name: string, formula: (a: Along) => void): Lower =>
  (inputs, { axis }: { axis: number }, { shape }) => ({
    key: `${name} ${shape} along ${axis}`,
    emit: (relaxed) => {
      const f = kernelOf(inputs.length + 1, relaxed);
      const lines = new Lines(f, shape, axis);
      const cursors = inputs.map((_, i) => lines.cursor(i, "float32"));
      const out = lines.cursor(inputs.length, "float32");
      lines.each(() => formula(passes(f, lines, cursors, out)));
      return f;
    },
  });

function passes(f: Fn, lines: Lines, inputs: readonly Cursor[], out: Cursor): Along {
  const temp = () => f.local(V128);
  const [v, term, result] = [temp(), temp(), temp()];
  return {
    f,
    inputs,
    out,
    v,
    temp,
    load: (x) => void loadElements(f, "float32", x.at),
    fold: (combination, value) => {
      const sum = new Accumulator(f, combination, "float32");
      const all = temp();
      sum.clear();
      lines.along((lanes) => {
        value(lanes);
        f.set(term);
        lines.masked(term, lanes, () => sum.neutral()).set(term);
        sum.add(term);
      });
      (lines.single ? sum.total() : sum.lanes()).set(all);
      return all;
    },
    store: (value) =>
      lines.along((lanes) => {
        value();
        f.set(result);
        storeElements(f, "float32", out.at, result, lanes);
      }),
  };
}
