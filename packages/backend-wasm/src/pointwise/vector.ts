// exp, log, tanh and sigmoid on four lanes: range reduction and polynomials, after S. Moshier's Cephes library (expf, logf,
// tanhf), with special values and numbers below the normal range treated as IEEE 754 functions are.
// Each takes x in a local, which it leaves as it is, and leaves its value on the stack.
import type { Fn } from "../assembler.ts";

/** Gives a v128 local that is free while one function is emitted. */
export type Temp = () => number;

const LN_2_HIGH = 0.693359375;
const LN_2_LOW = -2.1219444e-4;
/** Adding it to a small number leaves that number, rounded, in the lowest bits. */
const ROUNDER = 1.5 * 2 ** 23;

/** p = p*x + c for each c that follows the first. */
function polynomial(f: Fn, p: number, x: number, next: number, coefficients: readonly number[]): void {
  f.vconst(coefficients[0]).set(p);
  for (const c of coefficients.slice(1)) {
    f.vconst(c).set(next).fma(next, p, x);
    f.get(next).set(p);
  }
}

/**
 * x*log2(e) = n + r/ln(2), so e^x = 2^n * e^r: leaves e^r, from x in the local `r`, with n + `bias` in the low bits of `bits`.
 */
function emitReduced(f: Fn, r: number, bits: number, temp: Temp, bias = 0): void {
  const [n, p, t] = Array.from({ length: 3 }, temp);
  f.vconst(ROUNDER + bias)
    .set(bits)
    .vconst(Math.LOG2E)
    .set(t)
    .fma(bits, r, t);
  f.get(bits)
    .vconst(ROUNDER + bias)
    .op("f32x4.sub")
    .set(n);
  f.vconst(-LN_2_HIGH).set(t).fma(r, n, t);
  f.vconst(-LN_2_LOW).set(t).fma(r, n, t);
  polynomial(f, p, r, t, EXP);
  // e^r = 1 + r + r*r*p
  f.get(r).vconst(1).op("f32x4.add").set(t);
  f.get(r).get(r).op("f32x4.mul").set(r).fma(t, r, p);
  f.get(t);
}
const EXP = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];

/** e^x */
export function emitExp(f: Fn, x: number, temp: Temp): void {
  const [r, bits, half] = Array.from({ length: 3 }, temp);
  f.get(x).vconst(100).op("f32x4.pmin").vconst(-110).op("f32x4.pmax").set(r); // in this order NaN is kept
  emitReduced(f, r, bits, temp);
  // times 2^n in two steps, since 2^n alone may be out of range
  const power = () => f.viconst(127).op("i32x4.add").i32(23).op("i32x4.shl");
  f.get(bits).vconst(ROUNDER).op("i32x4.sub").tee(bits).i32(1).op("i32x4.shr_s").tee(half);
  power().op("f32x4.mul").get(bits).get(half).op("i32x4.sub");
  power().op("f32x4.mul");
}

/** e^-|x| = e^r * 2^(n + 64) * 2^-64: the middle one stays in range, and the last rounds what is too small for it. */
export function emitDecay(f: Fn, x: number, temp: Temp): void {
  const [r, bits] = [temp(), temp()];
  f.get(x).viconst(-0x80000000).op("v128.or").vconst(-110).op("f32x4.pmax").set(r);
  emitReduced(f, r, bits, temp, 64 + 127);
  f.get(bits)
    .i32(23)
    .op("i32x4.shl")
    .op("f32x4.mul") // of a NaN the bits must not be added to
    .vconst(2 ** -64)
    .op("f32x4.mul");
}
/** The larger of e^-|x| and 1 on x's side, over their sum: e^-|x| cannot overflow. Takes it from local `e`. */
function emitLogistic(f: Fn, x: number, e: number): void {
  f.get(e).vconst(1).get(x).vzero().op("f32x4.lt").op("v128.bitselect");
  f.get(e).vconst(1).op("f32x4.add").op("f32x4.div");
}
/** 1/(1 + e^-x) */
export function emitSigmoid(f: Fn, x: number, temp: Temp): void {
  const e = temp();
  emitDecay(f, x, temp);
  f.set(e);
  emitLogistic(f, x, e);
}
/** x/(1 + e^-x) */
export function emitSilu(f: Fn, x: number, temp: Temp): void {
  emitSigmoid(f, x, temp);
  f.get(x).op("f32x4.mul");
}

/** Near 0 x + x^3*P(x^2), else (1 - e)/(1 + e) with x's sign, e being e^-2|x|. */
export function emitTanh(f: Fn, x: number, temp: Temp): void {
  const [a, near, p, t] = Array.from({ length: 4 }, temp);
  f.get(x).get(x).op("f32x4.mul").set(a);
  polynomial(f, p, a, t, [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]);
  f.get(a).get(x).op("f32x4.mul").set(t).get(x).set(near).fma(near, t, p);
  f.get(x).get(x).op("f32x4.add").set(a);
  emitDecay(f, a, temp);
  f.set(t).vconst(1).get(t).op("f32x4.sub").vconst(1).get(t).op("f32x4.add").op("f32x4.div");
  f.get(x).viconst(-0x80000000).op("v128.and").op("v128.or").get(near);
  f.get(a).op("f32x4.abs").vconst(1.25).op("f32x4.ge").op("v128.bitselect");
}

const SMALLEST_NORMAL = 2 ** -126;

/** ln(x): x = m*2^e with m from sqrt(1/2) to sqrt(2). */
export function emitLog(f: Fn, x: number, temp: Temp): void {
  const [m, e, small, p, t, z] = Array.from({ length: 6 }, temp);
  // below the normal range: times 2^23, and 23 less in the exponent
  f.get(x).vconst(SMALLEST_NORMAL).op("f32x4.lt").set(small);
  f.get(x)
    .vconst(2 ** 23)
    .op("f32x4.mul")
    .get(x)
    .get(small)
    .op("v128.bitselect")
    .set(m);
  f.get(m).i32(23).op("i32x4.shr_u").viconst(126).op("i32x4.sub").op("f32x4.convert_i32x4_s");
  f.vconst(23).get(small).op("v128.and").op("f32x4.sub").set(e);
  f.get(m).viconst(0x007fffff).op("v128.and").viconst(0x3f000000).op("v128.or").set(m);
  f.get(m).vconst(Math.SQRT1_2).op("f32x4.lt").set(small);
  f.get(e).vconst(1).get(small).op("v128.and").op("f32x4.sub").set(e);
  f.get(m).get(m).get(small).op("v128.and").op("f32x4.add").vconst(1).op("f32x4.sub").set(m);
  polynomial(
    f,
    p,
    m,
    t,
    [
      7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
      2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    ],
  );
  // ln(x) = m - m*m/2 + m^3*P(m) + e*ln(2)
  f.get(m).get(m).op("f32x4.mul").set(z);
  f.get(z).get(m).op("f32x4.mul").get(p).op("f32x4.mul").set(p);
  f.vconst(LN_2_LOW).set(t).fma(p, e, t);
  f.vconst(-0.5).set(t).fma(p, z, t);
  f.get(m).get(p).op("f32x4.add").set(m);
  f.vconst(LN_2_HIGH).set(t).fma(m, e, t);
  specialLogs(f, x, m);
}
/** Infinity stays; 0 gives -infinity; what is below 0, or NaN, NaN. */
export function specialLogs(f: Fn, x: number, value: number): void {
  f.get(value).get(x).get(x).vconst(Infinity).op("f32x4.lt").op("v128.bitselect").set(value);
  f.vconst(-Infinity).get(value).get(x).vzero().op("f32x4.eq").op("v128.bitselect").set(value);
  f.vconst(NaN).get(value).get(x).vzero().op("f32x4.lt").op("v128.bitselect");
}
