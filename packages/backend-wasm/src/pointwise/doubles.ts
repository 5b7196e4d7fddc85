// Arithmetic on two float64 at a time. A function of float32 that is worked out in double precision needs neither parts that
// cancel out nor the order of its terms to be watched: what it rounds at the end is right but for some thousandth of a unit.
import type { Fn, Instruction } from "../assembler.ts";
import type { Lanes, Operand } from "./lanes.ts";

/** Two float64 in a local, or two equal ones. */
export type Term = Pair | number;
export interface Pair {
  readonly local: number;
}

/** Adding it to a number below 2^51 leaves that number, rounded, in the lowest bits. */
export const ROUNDER = 1.5 * 2 ** 52;

/** Each method emits one step and keeps its result in a local of its own. */
export class Doubles {
  private readonly f: Fn;
  private readonly temp: () => number;
  constructor({ f, temp }: { readonly f: Fn; readonly temp: () => number }) {
    this.f = f;
    this.temp = temp;
  }
  private push(term: Term): void {
    if (typeof term === "number") this.f.dconst(term);
    else this.f.get(term.local);
  }
  /** What is on the stack. */
  popped(): Pair {
    const local = this.temp();
    this.f.set(local);
    return { local };
  }
  op(instruction: Instruction, ...terms: readonly Term[]): Pair {
    for (const term of terms) this.push(term);
    this.f.op(instruction);
    return this.popped();
  }
  add(a: Term, b: Term): Pair {
    return this.op("f64x2.add", a, b);
  }
  sub(a: Term, b: Term): Pair {
    return this.op("f64x2.sub", a, b);
  }
  mul(a: Term, b: Term): Pair {
    return this.op("f64x2.mul", a, b);
  }
  div(a: Term, b: Term): Pair {
    return this.op("f64x2.div", a, b);
  }
  abs(a: Term): Pair {
    return this.op("f64x2.abs", a);
  }
  sqrt(a: Term): Pair {
    return this.op("f64x2.sqrt", a);
  }
  /** A mask. */
  less(a: Term, b: Term): Pair {
    return this.op("f64x2.lt", a, b);
  }
  equal(a: Term, b: Term): Pair {
    return this.op("f64x2.eq", a, b);
  }
  select(mask: Pair, a: Term, b: Term): Pair {
    return this.op("v128.bitselect", a, b, mask);
  }
  /** NaN stays NaN. */
  clamp(a: Term, least: number, most: number): Pair {
    return this.op("f64x2.pmax", this.op("f64x2.pmin", a, most), least);
  }
  /** c[0]*x^n + … + c[n] */
  polynomial(x: Pair, [first, ...rest]: readonly number[]): Pair {
    let p: Term = first;
    for (const c of rest) p = this.add(this.mul(p, x), c);
    return p as Pair;
  }
  // bits as integers
  addBits(a: Term, b: Term): Pair {
    return this.op("i64x2.add", a, b);
  }
  subBits(a: Term, b: Term): Pair {
    return this.op("i64x2.sub", a, b);
  }
  shift(a: Pair, to: "left" | "right", bits: number): Pair {
    this.push(a);
    this.f.i32(bits).op(to === "left" ? "i64x2.shl" : "i64x2.shr_u");
    return this.popped();
  }
}

/** Leaves the four float32 that `compute` gives of the operands, two and two, on the stack. */
export function inDoubles(
  e: Lanes,
  operands: readonly Operand[],
  compute: (d: Doubles, x: readonly Pair[]) => Pair,
): void {
  const d = new Doubles({ f: e.f, temp: () => e.temp() });
  const halves = [false, true].map((high) => {
    const wide = operands.map(({ local }) => {
      e.f.get(local);
      if (high) e.f.get(local).shuffleWords(2, 3, 2, 3);
      e.f.op("f64x2.promote_low_f32x4");
      return d.popped();
    });
    return d.op("f32x4.demote_f64x2_zero", compute(d, wide));
  });
  for (const { local } of halves) e.f.get(local);
  e.f.shuffleWords(0, 1, 4, 5);
}

/** Gives the float32 on the stack, which may have lost it, the sign of x. */
export function withSignOf(e: Lanes, { local }: Operand): void {
  e.f.get(local).viconst(-0x80000000).op("v128.and").op("v128.or");
}
