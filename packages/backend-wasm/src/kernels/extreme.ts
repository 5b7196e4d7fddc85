// What argmax and argmin share: the best element so far and its index, in each lane.
import type { DType } from "@lamina/core";
import { type Fn, type Instruction, V128 } from "../assembler.ts";
import { countOf, Lines, loadElements, storeElements } from "./elements.ts";
import { address, kernelOf, LANES, locals } from "./emit.ts";
import type { Lower } from "./lowered.ts";

interface Side {
  readonly name: "argmax" | "argmin";
  readonly float: Instruction;
  readonly int: Instruction;
  /** What every number beats or equals. */
  readonly worst: number;
  readonly worstInt: number;
}
const sides: Record<"argmax" | "argmin", Side> = {
  argmax: { name: "argmax", float: "f32x4.gt", int: "i32x4.gt_s", worst: -Infinity, worstInt: -(2 ** 31) },
  argmin: { name: "argmin", float: "f32x4.lt", int: "i32x4.lt_s", worst: Infinity, worstInt: 2 ** 31 - 1 },
};

export const extreme =
  (name: Side["name"]): Lower =>
  ([{ shape, dtype }], { axis }: { axis: number }) => {
    const slices = Lines.slices(shape, axis);
    return {
      key: `${name} ${dtype} ${shape} along ${axis}`,
      slices,
      emit: () => {
        const f = kernelOf(slices ? 3 : 2);
        const lines = new Lines(f, shape, axis);
        if (slices) address(f, OUT, OUT, [SLICE, 4 * lines.linesOfSlice]);
        new Extreme(f, sides[name], dtype).emit(lines, slices ? SLICE : undefined);
        return f;
      },
    };
  };

const [X, OUT, SLICE] = [0, 1, 2];

class Extreme {
  private readonly f: Fn;
  private readonly side: Side;
  private readonly dtype: DType;
  // locals: best element and its index, an element and its index
  private readonly best: number;
  private readonly bestAt: number;
  private readonly value: number;
  private readonly at: number;
  private readonly mask: number;

  constructor(f: Fn, side: Side, dtype: DType) {
    this.f = f;
    this.side = side;
    this.dtype = dtype;
    [this.best, this.bestAt, this.value, this.at, this.mask] = locals(f, V128, 5);
  }
  private get float(): boolean {
    return this.dtype === "float32";
  }
  emit(lines: Lines, slice: number | undefined): void {
    const { f, best, bestAt, value, at, dtype } = this;
    const x = lines.cursor(X, dtype);
    lines.each(slice, (count) => {
      this.worst();
      f.set(best);
      countOf(f, 0, lines.single ? 1 : 0)
        .tee(bestAt)
        .set(at);
      lines.along(([{ lanes }]) => {
        loadElements(f, dtype, x.at).set(value);
        lines.masked(value, lanes, () => this.worst()).set(value);
        this.beats(value, best).set(this.mask);
        this.take();
        f.get(at)
          .viconst(lines.single ? LANES : 1)
          .op("i32x4.add")
          .set(at);
      });
      if (lines.single) this.across();
      storeElements(f, "int32", OUT, bestAt, count);
      f.increase(OUT, 4 * count);
    });
  }
  private worst(): void {
    if (this.float) this.f.vconst(this.side.worst);
    else this.f.viconst(this.side.worstInt);
  }
  /** Leaves on the stack where a beats b: it is further out, or it is the first NaN. */
  private beats(a: number, b: number): Fn {
    const { f, side, float } = this;
    f.get(a)
      .get(b)
      .op(float ? side.float : side.int);
    if (!float) return f;
    return f.get(a).get(a).op("f32x4.ne").get(b).get(b).op("f32x4.eq").op("v128.and").op("v128.or");
  }
  /** Takes value and index where the mask says so. */
  private take(): void {
    const { f, best, bestAt, value, at, mask } = this;
    f.get(value).get(best).get(mask).op("v128.bitselect").set(best);
    f.get(at).get(bestAt).get(mask).op("v128.bitselect").set(bestAt);
  }
  /** The best of the four lanes, in every lane; of equals the one that comes first. */
  private across(): void {
    const { f, best, bestAt, value, at, mask } = this;
    for (const [a, b, c, d] of [
      [2, 3, 0, 1],
      [1, 0, 3, 2],
    ]) {
      f.get(best).get(best).shuffleWords(a, b, c, d).set(value);
      f.get(bestAt).get(bestAt).shuffleWords(a, b, c, d).set(at);
      this.beats(value, best).set(mask);
      // neither beats the other, and the index is smaller
      this.beats(best, value).get(mask).op("v128.or").op("v128.not");
      f.get(at).get(bestAt).op("i32x4.lt_s").op("v128.and").get(mask).op("v128.or").set(mask);
      this.take();
    }
  }
}
