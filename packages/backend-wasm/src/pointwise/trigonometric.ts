// sin, cos, tan, and their inverses, in double precision, so rounded once. Angles beyond 2^20 need more digits of pi than two
// numbers hold: a vector with such an angle goes to the host.
import { type Doubles, inDoubles, type Pair, ROUNDER, type Term, withSignOf } from "./doubles.ts";
import type { HostName } from "./host.ts";
import type { Lanes, Operand } from "./lanes.ts";

/** sin(r)/r of r*r, for |r| <= pi/4, within 2^-37 of it. */
const SIN = [
  2.7171451070601224e-6, -0.00019839177517092907, 0.008333328687346786, -0.16666666630416904, 0.999999999995446,
];
/** cos(r) of r*r, within 2^-34. */
const COS = [
  2.4372593242110485e-5, -0.0013886528199492279, 0.04166661320129415, -0.4999999957121465, 0.999999999943883,
];
/** atan(t)/t of t*t, for |t| <= tan(pi/8), within 2^-35. */
const ATAN = [
  0.047121569606564856, -0.08458771522915053, 0.11041007384983355, -0.14281636744614074, 0.1999988586436889,
  -0.3333333212837402, 0.9999999999791642,
];

const MOST_ANGLE = 2 ** 20;
/** pi/2 in two parts. The first has 33 bits, so that its product with a number of 20 is exact. */
const HALF_PI_HIGH = 1.5707963267341256;
const HALF_PI_LOW = 6.077100506506192e-11;

/** x = n*pi/2 + r: sin(r), cos(r), and n in the lowest bits of `turns`. */
function parts(d: Doubles, x: Pair): { sin: Pair; cos: Pair; turns: Pair } {
  const turns = d.add(d.mul(x, 2 / Math.PI), ROUNDER);
  const n = d.sub(turns, ROUNDER);
  const r = d.sub(d.sub(x, d.mul(n, HALF_PI_HIGH)), d.mul(n, HALF_PI_LOW));
  const square = d.mul(r, r);
  return { sin: d.mul(r, d.polynomial(square, SIN)), cos: d.polynomial(square, COS), turns };
}
/** All bits of n's lowest, as a mask. */
const isOdd = (d: Doubles, turns: Pair): Pair => d.less(d.op("v128.or", d.shift(turns, "left", 63), 1), 0);
/** Bit 1 of n, where the sign is. */
const isSecondHalf = (d: Doubles, turns: Pair): Pair => d.op("v128.and", d.shift(turns, "left", 62), -0);

function sinOfParts(d: Doubles, { sin, cos, turns }: ReturnType<typeof parts>): Pair {
  return d.op("v128.xor", d.select(isOdd(d, turns), cos, sin), isSecondHalf(d, turns));
}
const functions = {
  sin: (d: Doubles, x: Pair): Pair => sinOfParts(d, parts(d, x)),
  /** The sine a quarter further. */
  cos: (d: Doubles, x: Pair): Pair => {
    const { sin, cos, turns } = parts(d, x);
    return sinOfParts(d, { sin, cos, turns: d.add(turns, 1) });
  },
  tan: (d: Doubles, x: Pair): Pair => {
    const { sin, cos, turns } = parts(d, x);
    const odd = isOdd(d, turns);
    const top = d.select(odd, d.op("f64x2.neg", cos), sin);
    return d.div(top, d.select(odd, sin, cos));
  },
} satisfies { [K in HostName]?: unknown };

export const emitTrigonometric =
  (name: keyof typeof functions) =>
  (e: Lanes, x: readonly Operand[]): void => {
    const value = e.temp();
    e.f.get(x[0].local).op("f32x4.abs").vconst(MOST_ANGLE).op("f32x4.gt").op("v128.any_true");
    e.f.if(
      () => {
        e.host(name, [x[0].local]);
        e.f.set(value);
      },
      () => {
        inDoubles(e, x, (d, [a]) => functions[name](d, a));
        e.f.set(value);
      },
    );
    e.f.get(value);
  };

/** In place of infinity: so far above float32 that a quotient with it is 0. */
const BEYOND = 1e200;
/** In place of 0 below a bar: so far below float32 that 0 over it is 0, and anything over it infinite. */
const BELOW = 1e-200;

/** The angle of (x, y) without y's sign: atan2(|y|, x). */
function angle(d: Doubles, y: Term, x: Term): Pair {
  const up = d.op("f64x2.pmin", d.abs(y), BEYOND);
  const along = d.op("f64x2.max", d.op("f64x2.pmin", d.abs(x), BEYOND), BELOW);
  // t = tan(angle - base), where base is 0, pi/4 or pi/2, and |t| <= tan(pi/8)
  const isSteep = d.less(d.mul(along, Math.SQRT2 + 1), up);
  const isFlat = d.less(up, d.mul(along, Math.SQRT2 - 1));
  const isDiagonal = d.op("v128.not", d.op("v128.or", isSteep, isFlat));
  const top = d.select(isSteep, d.op("f64x2.neg", along), d.select(isDiagonal, d.sub(up, along), up));
  const bottom = d.select(isSteep, up, d.select(isDiagonal, d.add(up, along), along));
  const base = d.select(isSteep, Math.PI / 2, d.op("v128.and", isDiagonal, Math.PI / 4));
  const t = d.div(top, bottom);
  const acute = d.add(base, d.mul(t, d.polynomial(d.mul(t, t), ATAN)));
  if (typeof x === "number") return acute;
  // behind: its supplement
  const isBehind = d.less(d.op("v128.or", d.op("v128.and", x, -0), 1), 0);
  return d.select(isBehind, d.sub(Math.PI, acute), acute);
}
/** sqrt(1 - x*x) */
const other = (d: Doubles, x: Pair): Pair => d.sqrt(d.mul(d.sub(1, x), d.add(1, x)));

export function emitAtan(e: Lanes, [x]: readonly Operand[]): void {
  inDoubles(e, [x], (d, [a]) => angle(d, a, 1));
  withSignOf(e, x);
}
export function emitAtan2(e: Lanes, [y, x]: readonly Operand[]): void {
  inDoubles(e, [y, x], (d, [a, b]) => angle(d, a, b));
  withSignOf(e, y);
}
export function emitAsin(e: Lanes, [x]: readonly Operand[]): void {
  inDoubles(e, [x], (d, [a]) => angle(d, a, other(d, a)));
  withSignOf(e, x);
}
export function emitAcos(e: Lanes, x: readonly Operand[]): void {
  inDoubles(e, x, (d, [a]) => angle(d, other(d, a), a));
}
