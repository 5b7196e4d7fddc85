// erf and gelu, in double precision, so rounded once.
import { type Doubles, inDoubles, type Pair, withSignOf } from "./doubles.ts";
import { exp } from "./exponential.ts";
import type { Lanes, Operand } from "./lanes.ts";

/** erf(x)/x of x*x, for |x| <= 1/2, within 2^-36 of it. */
const NEAR = [
  -0.0007692206268383431, 0.005200271850342826, -0.026863112774017015, 0.11283773749724052, -0.3761263851761569,
  1.1283791670820167,
];
/** (1 - erf(a)) * e^(a*a) * (1 + 2a) of (a - 3)/(a + 3), for a from 0 to 11, within 2^-34. */
const FAR = [
  3.1984018466471066e-5, 0.00012339355262775239, -0.00012927748964394956, -0.0007888519238613676, 0.0018963692860529684,
  0.0025337654595054358, -0.023771577910186782, 0.06830724622018645, -0.11927360057783021, 0.12964521375036256,
  -0.047562295799508325, -0.13562110720382883, 1.2530080582783163,
];
/** Beyond it 1 - erf(a) is below the least float32. */
const FARTHEST = 11;

/** 1 - erf(a) for a >= 0 */
function erfc(d: Doubles, a: Pair): Pair {
  const inside = d.op("f64x2.pmin", a, FARTHEST);
  const t = d.div(d.sub(inside, 3), d.add(inside, 3));
  const decay = exp(d, d.op("f64x2.neg", d.mul(inside, inside)));
  const value = d.div(d.mul(d.polynomial(t, FAR), decay), d.add(d.add(inside, inside), 1));
  return d.select(d.less(FARTHEST, a), 0, value);
}

export function emitErf(e: Lanes, [x]: readonly Operand[]): void {
  inDoubles(e, [x], (d, [a]) => {
    const size = d.abs(a);
    const near = d.mul(size, d.polynomial(d.mul(size, size), NEAR));
    return d.select(d.less(size, 0.5), near, d.sub(1, erfc(d, size)));
  });
  withSignOf(e, x);
}
/** x times the share of the normal distribution that is below x. */
export function emitGelu(e: Lanes, x: readonly Operand[]): void {
  inDoubles(e, x, (d, [a]) => {
    const outside = d.mul(erfc(d, d.mul(d.abs(a), Math.SQRT1_2)), 0.5);
    return d.mul(a, d.select(d.less(a, 0), outside, d.sub(1, outside)));
  });
}
