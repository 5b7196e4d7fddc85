// arange and random: values that follow from an element's index. Parameters: a pointer to the result, one to the scalars.
import { type DType, type Spec, sizeOf } from "@lamina/core";
import { F64, Fn, I32, V128 } from "../assembler.ts";
import { HoistingFn } from "../hoist.ts";
import { repeat } from "../nest.ts";

/** start + i*step in double precision, converted as typed arrays do. */
export function emitArange({ shape, dtype }: Spec): Fn {
  const f = new Fn("", [I32, I32]);
  const index = f.local(F64);
  const bytes = dtype === "float32" || dtype === "int32" ? 4 : 1;
  repeat(f, sizeOf(shape), () => {
    f.get(0).get(1).f64load(0).get(index).get(1).f64load(8).op("f64.mul").op("f64.add");
    storeDouble(f, dtype);
    f.get(0).i32(bytes).add().set(0);
    f.get(index).f64(1).op("f64.add").set(index);
  });
  return f;
}
function storeDouble(f: Fn, dtype: DType): void {
  if (dtype === "float32") f.op("f32.demote_f64").storef(0);
  else if (dtype === "bool") f.f64(0).op("f64.ne").storeu8(0);
  else {
    f.op("i64.trunc_sat_f64_s").op("i32.wrap_i64");
    if (dtype === "int32") f.storei(0);
    else f.storeu8(0);
  }
}

// ---- Philox 4x32-10 (core's random.ts has the definition), four blocks at a time: word k of the blocks is vector c[k] ----
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;
const BLOCKS = 4;

class Philox {
  private readonly f: Fn;
  private readonly c: number[];
  private readonly key: number[];
  private readonly keyNow: number[];
  private readonly counter: number;
  private readonly fixed: number[];
  private readonly t: number[];
  constructor(f: Fn) {
    const vectors = (n: number) => Array.from({ length: n }, () => f.local(V128));
    this.f = f;
    this.c = vectors(4);
    this.key = vectors(2);
    this.keyNow = vectors(2);
    this.fixed = vectors(2);
    this.t = vectors(6);
    this.counter = f.local(V128);
  }
  private splatScalar(scalars: number, index: number, local: number): void {
    this.f
      .get(scalars)
      .f64load(8 * index)
      .op("i64.trunc_sat_f64_s")
      .op("i32.wrap_i64")
      .op("i32x4.splat")
      .set(local);
  }
  /** Reads seed and counter; the first four blocks are 0, 1, 2, 3. */
  start(scalars: number): void {
    this.splatScalar(scalars, 0, this.key[0]);
    this.splatScalar(scalars, 1, this.key[1]);
    this.splatScalar(scalars, 2, this.fixed[0]);
    this.splatScalar(scalars, 3, this.fixed[1]);
    this.f.e(0xfd, 0x0c, ...[0, 1, 2, 3].flatMap((k) => [k, 0, 0, 0])).set(this.counter);
  }
  /** Four blocks as four vectors of uniform numbers, in the order of the elements; moves on. */
  draw(): readonly number[] {
    const { f, c, key, keyNow, fixed, counter } = this;
    f.get(counter).set(c[0]).vzero().set(c[1]).get(fixed[0]).set(c[2]).get(fixed[1]).set(c[3]);
    f.get(key[0]).set(keyNow[0]).get(key[1]).set(keyNow[1]);
    repeat(f, ROUNDS, () => this.round());
    f.get(counter).viconst(BLOCKS).op("i32x4.add").set(counter);
    this.turn();
    for (const v of c) this.toUniform(v);
    return c;
  }
  private round(): void {
    const { f, c, keyNow, t } = this;
    this.product(c[0], M0, t[2], t[3]);
    this.product(c[2], M1, t[4], t[5]);
    f.get(t[4]).get(c[1]).op("v128.xor").get(keyNow[0]).op("v128.xor").set(c[0]);
    f.get(t[2]).get(c[3]).op("v128.xor").get(keyNow[1]).op("v128.xor").set(c[2]);
    f.get(t[5]).set(c[1]).get(t[3]).set(c[3]);
    f.get(keyNow[0]).viconst(W0).op("i32x4.add").set(keyNow[0]);
    f.get(keyNow[1]).viconst(W1).op("i32x4.add").set(keyNow[1]);
  }
  /** The high and low words of x times a constant. */
  private product(x: number, constant: number, high: number, low: number): void {
    const { f, t } = this;
    f.get(x).viconst(constant).op("i64x2.extmul_low_i32x4_u").set(t[0]);
    f.get(x).viconst(constant).op("i64x2.extmul_high_i32x4_u").set(t[1]);
    f.get(t[0]).get(t[1]).shuffleWords(1, 3, 5, 7).set(high);
    f.get(t[0]).get(t[1]).shuffleWords(0, 2, 4, 6).set(low);
  }
  /** Words by block to blocks by word. */
  private turn(): void {
    const { f, c, t } = this;
    for (const [i, k] of [
      [0, 0],
      [1, 2],
    ]) {
      f.get(c[0])
        .get(c[1])
        .shuffleWords(k, 4 + k, k + 1, 5 + k)
        .set(t[2 * i]);
      f.get(c[2])
        .get(c[3])
        .shuffleWords(k, 4 + k, k + 1, 5 + k)
        .set(t[2 * i + 1]);
    }
    for (const i of [0, 1]) {
      f.get(t[2 * i])
        .get(t[2 * i + 1])
        .shuffleWords(0, 1, 4, 5)
        .set(c[2 * i]);
      f.get(t[2 * i])
        .get(t[2 * i + 1])
        .shuffleWords(2, 3, 6, 7)
        .set(c[2 * i + 1]);
    }
  }
  /** (word >>> 8) * 2^-24 */
  private toUniform(v: number): void {
    const { f } = this;
    f.get(v)
      .i32(8)
      .op("i32x4.shr_u")
      .op("f32x4.convert_i32x4_s")
      .vconst(2 ** -24);
    f.op("f32x4.mul").set(v);
  }
}

export function emitRandom({ shape }: Spec): Fn {
  const f = new HoistingFn("", [I32, I32]);
  const philox = new Philox(f);
  const count = sizeOf(shape);
  philox.start(1);
  if (count >= 16)
    repeat(f, count >> 4, () => {
      philox.draw().forEach(
        (v, i) =>
          void f
            .get(0)
            .get(v)
            .vstore(16 * i),
      );
      f.get(0).i32(64).add().set(0);
    });
  if (count & 15) philox.draw().forEach((v, i) => storeLanes(f, v, 16 * i, Math.min(4, (count & 15) - 4 * i)));
  return f.finished();
}
function storeLanes(f: Fn, v: number, offset: number, lanes: number): void {
  if (lanes <= 0) return;
  if (lanes === 4) f.get(0).get(v).vstore(offset);
  else
    for (let i = 0; i < lanes; i++)
      f.get(0)
        .get(v)
        .laneAccess("v128.store32_lane", i, offset + 4 * i);
}
