// What avgPool2d and its adjoint divide by: a number, or the product of a row's and a column's, which depend on how much of a
// window is counted.
import { type Fn, I32 } from "../assembler.ts";
import { tableBytes, writeTable } from "./table.ts";
import { insideOf, isInside, type WindowAttrs, type WindowAxis, type Windows, windowAxis } from "./windows.ts";

export interface AvgPoolAttrs extends WindowAttrs {
  readonly countIncludePad: boolean;
  /** 0: none */
  readonly divisor: number;
}
export const averageKey = ({ countIncludePad, divisor }: AvgPoolAttrs): string => `${countIncludePad} ${divisor}`;

/** What counts of window i along an axis: its real elements, or all up to the end of the padding. */
export function counted(axis: WindowAxis, i: number, countIncludePad: boolean): number {
  if (!countIncludePad) return insideOf(axis, i).length;
  return Math.min(axis.kernel, axis.size - 2 * axis.first - i * axis.stride);
}

export class Divisors {
  /** If every window has the same. */
  readonly uniform: number | undefined;
  private readonly rows: WindowAxis;
  private readonly columns: WindowAxis;
  private readonly countIncludePad: boolean;

  constructor(windows: Windows, { divisor, countIncludePad }: AvgPoolAttrs) {
    this.rows = windowAxis(windows, 0);
    this.columns = windowAxis(windows, 1);
    this.countIncludePad = countIncludePad;
    if (divisor) this.uniform = divisor;
    else if (isInside(this.rows) && isInside(this.columns)) this.uniform = this.rows.kernel * this.columns.kernel;
  }
  get bytes(): number {
    return this.uniform === undefined ? tableBytes(this.rows.count) + tableBytes(this.columns.count) : 0;
  }
  /** Writes the tables at the address in `at`, which moves past them; gives what leaves the four divisors of (i, j) to (i, j+3). */
  prepare(f: Fn, at: number): (i: number, j: number) => void {
    if (this.uniform !== undefined) {
      const { uniform } = this;
      return () => void f.vconst(uniform);
    }
    const [rows, columns] = [this.table(f, at, this.rows), this.table(f, at, this.columns)];
    return (i, j) => {
      f.get(rows).get(i).i32(4).mul().add().vsplatload();
      f.get(columns).get(j).i32(4).mul().add().vload().op("i32x4.mul").op("f32x4.convert_i32x4_s");
    };
  }
  private table(f: Fn, at: number, axis: WindowAxis): number {
    const table = f.local(I32);
    f.get(at).set(table);
    writeTable(f, table, axis.count, (i) => counted(axis, i, this.countIncludePad));
    f.increase(at, tableBytes(axis.count));
    return table;
  }
}

/** local = local divided by what `divisors` leaves; powers of two by multiplication, which is exact, too. */
export function divide(f: Fn, local: number, uniform: number | undefined, divisors: () => void): void {
  f.get(local);
  if (uniform !== undefined && Number.isInteger(Math.log2(uniform))) f.vconst(1 / uniform).op("f32x4.mul");
  else {
    divisors();
    f.op("f32x4.div");
  }
  f.set(local);
}
