// Running sums, products and extremes of four lanes. Sums and products of float32 are kept in float64, so that axes of any
// length lose nothing.
import type { DType } from "@lamina/core";
import { type Fn, type Instruction, V128 } from "../assembler.ts";
import { locals, VECTOR } from "./emit.ts";

export type Combination = "sum" | "prod" | "max" | "min";

interface Form {
  readonly op: Instruction;
  /** The lanes are two vectors of float64. */
  readonly wide: boolean;
  /** What changes nothing. */
  readonly neutral: number;
}
const wide: Record<Combination, Form> = {
  sum: { op: "f64x2.add", wide: true, neutral: 0 },
  prod: { op: "f64x2.mul", wide: true, neutral: 1 },
  max: { op: "f32x4.max", wide: false, neutral: -Infinity },
  min: { op: "f32x4.min", wide: false, neutral: Infinity },
};
const whole: Record<Combination, Form> = {
  sum: { op: "i32x4.add", wide: false, neutral: 0 },
  prod: { op: "i32x4.mul", wide: false, neutral: 1 },
  max: { op: "i32x4.max_s", wide: false, neutral: -(2 ** 31) },
  min: { op: "i32x4.min_s", wide: false, neutral: 2 ** 31 - 1 },
};

/** Adds vectors of float32 up two by two, which rounds as little as float64 would notice: into the first, and uses the others up. */
export function addUp(f: Fn, vectors: readonly number[]): void {
  for (let apart = 1; apart < vectors.length; apart *= 2)
    for (let i = 0; i + apart < vectors.length; i += 2 * apart)
      f.get(vectors[i])
        .get(vectors[i + apart])
        .op("f32x4.add")
        .set(vectors[i]);
}

export class Accumulator {
  private readonly f: Fn;
  private readonly float: boolean;
  private readonly form: Form;
  private readonly parts: readonly number[];

  constructor(f: Fn, combination: Combination, dtype: DType) {
    this.f = f;
    this.float = dtype === "float32";
    this.form = (this.float ? wide : whole)[combination];
    this.parts = locals(f, V128, this.form.wide ? 2 : 1);
  }
  /** Leaves four elements that change nothing on the stack. */
  neutral(): void {
    const { neutral } = this.form;
    if (this.float) this.f.vconst(neutral);
    else this.f.viconst(neutral);
  }
  clear(): void {
    const { f, form } = this;
    for (const part of this.parts) {
      if (form.wide) f.f64(form.neutral).op("f64x2.splat");
      else this.neutral();
      f.set(part);
    }
  }
  add(vector: number): void {
    const { f, form, parts } = this;
    if (!form.wide) {
      f.get(parts[0]).get(vector).op(form.op).set(parts[0]);
      return;
    }
    f.get(parts[0]).get(vector).op("f64x2.promote_low_f32x4").op(form.op).set(parts[0]);
    f.get(parts[1])
      .get(vector)
      .get(vector)
      .shuffleWords(2, 3, 2, 3)
      .op("f64x2.promote_low_f32x4")
      .op(form.op)
      .set(parts[1]);
  }
  merge(other: Accumulator): void {
    this.parts.forEach((part, i) => this.f.get(part).get(other.parts[i]).op(this.form.op).set(part));
  }
  /** Leaves the four lanes' results on the stack. */
  lanes(): Fn {
    const { f, form, parts } = this;
    f.get(parts[0]);
    if (form.wide) f.op("f32x4.demote_f64x2_zero").get(parts[1]).op("f32x4.demote_f64x2_zero").shuffleWords(0, 1, 4, 5);
    return f;
  }
  /** Of a sum of float32: stores the four lanes in float64. */
  storeWide(at: number, offset: number): void {
    this.parts.forEach(
      (part, i) =>
        void this.f
          .get(at)
          .get(part)
          .vstore(offset + VECTOR * i),
    );
  }
  /** Stores the four lanes together in float64. */
  storeTotalWide(at: number, offset: number): void {
    const { f, parts } = this;
    const [all, other] = parts;
    f.get(all).get(other).op("f64x2.add").set(all);
    f.get(at).get(all).lane("f64x2.extract_lane", 0).get(all).lane("f64x2.extract_lane", 1);
    f.op("f64.add").f64store(offset);
  }
  /** Leaves the result of all four lanes together on the stack, in every lane. */
  total(): Fn {
    const { f, form, parts } = this;
    const [all, other] = parts;
    if (form.wide) f.get(all).get(other).op(form.op).set(all);
    f.get(all).get(all).get(all).shuffleWords(2, 3, 0, 1).op(form.op).set(all);
    if (form.wide) return f.get(all).op("f32x4.demote_f64x2_zero").get(all).shuffleWords(0, 0, 0, 0);
    return f.get(all).get(all).get(all).shuffleWords(1, 0, 3, 2).op(form.op);
  }
}
