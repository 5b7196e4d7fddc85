// Functions made of e^x and ln(x): expm1, log1p, softplus, sinh, cosh, pow. In double precision, so rounded once.
import { type Doubles, inDoubles, type Pair, ROUNDER, type Term, withSignOf } from "./doubles.ts";
import type { Lanes, Operand } from "./lanes.ts";
import { specialLogs } from "./vector.ts";

/** (e^r - 1)/r for |r| <= ln(2)/2, within 2^-32 of it: minimax, by Remez' exchange, as all polynomials here. */
const EXPM1 = [
  0.00019841241872848062, 0.0013941109450869894, 0.008333403208169094, 0.041666353197977186, 0.16666666246855727,
  0.5000000046931935, 1.0000000000314768,
];
/** ln((1 + s)/(1 - s))/s of s*s, for (1 + s)/(1 - s) from sqrt(1/2) to sqrt(2), within 2^-45. */
const LOG = [
  0.19610582828395764, 0.22174077891621166, 0.2857217029206437, 0.39999994851243864, 0.6666666667971751,
  1.9999999999999465,
];
/** Where e^x and e^-x are far outside of float32, and far inside of float64. */
const FAR = 200;
const BIAS = 1023;

/** e^x = power + power*small, where power is the power of 2 next to it: x = n*ln(2) + r, small = e^r - 1. */
function parts(d: Doubles, x: Term): { power: Pair; small: Pair } {
  const inside = d.clamp(x, -FAR, FAR);
  // n + BIAS in the lowest bits, from where a shift makes it an exponent
  const bits = d.add(d.mul(inside, Math.LOG2E), ROUNDER + BIAS);
  const r = d.sub(inside, d.mul(d.sub(bits, ROUNDER + BIAS), Math.LN2));
  return { power: d.shift(bits, "left", 52), small: d.mul(r, d.polynomial(r, EXPM1)) };
}
export function exp(d: Doubles, x: Term): Pair {
  const { power, small } = parts(d, x);
  return d.add(d.mul(power, small), power);
}
function expm1(d: Doubles, x: Term): Pair {
  const { power, small } = parts(d, x);
  return d.add(d.mul(power, small), d.sub(power, 1));
}

/**
 * ln(x) for what is above 0 and finite; elsewhere a number that means nothing.
 * @param less1 x - 1, if it is known better than x.
 */
function log(d: Doubles, x: Pair, less1?: Pair): Pair {
  // x = m*2^k with m from sqrt(1/2) to sqrt(2): a subtraction of bits, then k + 1021 is what is above the mantissa
  const k1021 = d.shift(d.subBits(x, Math.SQRT1_2 * 2 ** -1021), "right", 52);
  const m = d.addBits(d.subBits(x, d.shift(k1021, "left", 52)), 2 ** (1021 - BIAS));
  const k = d.sub(d.addBits(k1021, ROUNDER), ROUNDER + 1021);
  const mLess1 = d.sub(m, 1);
  const f = less1 ? d.select(d.equal(k, 0), less1, mLess1) : mLess1;
  const s = d.div(f, d.add(f, 2));
  return d.add(d.mul(k, Math.LN2), d.mul(s, d.polynomial(d.mul(s, s), LOG)));
}
const log1p = (d: Doubles, x: Pair): Pair => log(d, d.add(x, 1), x);

export function emitExpm1(e: Lanes, [x]: readonly Operand[]): void {
  inDoubles(e, [x], (d, [a]) => expm1(d, a));
  withSignOf(e, x);
}
export function emitLog1p(e: Lanes, [x]: readonly Operand[]): void {
  const [above, value] = [e.temp(), e.temp()];
  e.f.get(x.local).vconst(1).op("f32x4.add").set(above);
  inDoubles(e, [x], (d, [a]) => log1p(d, a));
  e.f.set(value);
  specialLogs(e.f, above, value);
  withSignOf(e, x);
}
/** max(x, 0) + ln(1 + e^-|x|) */
export function emitSoftplus(e: Lanes, x: readonly Operand[]): void {
  inDoubles(e, x, (d, [a]) => {
    const decay = exp(d, d.op("f64x2.neg", d.abs(a)));
    return d.add(d.op("f64x2.max", a, 0), log1p(d, decay));
  });
}
/** (m + m/(m + 1))/2 with m = e^|x| - 1, and x's sign. */
export function emitSinh(e: Lanes, [x]: readonly Operand[]): void {
  inDoubles(e, [x], (d, [a]) => {
    const m = expm1(d, d.abs(a));
    return d.mul(d.add(m, d.div(m, d.add(m, 1))), 0.5);
  });
  withSignOf(e, x);
}
/** (e^|x| + 1/e^|x|)/2 */
export function emitCosh(e: Lanes, x: readonly Operand[]): void {
  inDoubles(e, x, (d, [a]) => {
    const large = exp(d, d.abs(a));
    return d.mul(d.add(large, d.div(1, large)), 0.5);
  });
}

/** e^(y*ln|x|), then what the sign of x makes of it; special cases as in C. */
export function emitPow(e: Lanes, [x, y]: readonly Operand[]): void {
  const { f } = e;
  const [value, whole, exception] = [e.temp(), e.temp(), e.temp()];
  inDoubles(e, [x, y], (d, [a, b]) => {
    const size = d.abs(a);
    const finite = d.select(d.less(size, Infinity), log(d, size), size); // infinity and NaN stay
    return exp(d, d.mul(b, d.select(d.equal(size, 0), -Infinity, finite)));
  });
  f.set(value);
  // a negative base and an odd exponent: minus
  f.get(y.local).op("f32x4.floor").get(y.local).op("f32x4.eq").set(whole);
  f.get(y.local).vconst(0.5).op("f32x4.mul").tee(exception).op("f32x4.floor").get(exception).op("f32x4.ne");
  f.get(whole).op("v128.and").get(x.local).op("v128.and").viconst(-0x80000000).op("v128.and");
  f.get(value).op("v128.xor").set(value);
  // a negative base, not -infinity, and an exponent that is no integer: NaN
  f.get(x.local).vzero().op("f32x4.lt").get(x.local).vconst(-Infinity).op("f32x4.gt").op("v128.and");
  f.get(whole).op("v128.andnot").set(exception);
  f.vconst(NaN).get(value).get(exception).op("v128.bitselect").set(value);
  // x^0, 1^y, and (-1)^±infinity are 1, whatever the other is
  f.get(y.local).op("f32x4.abs").vconst(Infinity).op("f32x4.eq").get(x.local).vconst(-1).op("f32x4.eq").op("v128.and");
  f.get(y.local).vzero().op("f32x4.eq").op("v128.or").get(x.local).vconst(1).op("f32x4.eq").op("v128.or");
  f.set(exception).vconst(1).get(value).get(exception).op("v128.bitselect");
}
