// Functions of the host that wasm has no instruction for, in double precision. Every module imports all of them in this
// order, so that a function's code is the same in each.
import { F64, type Import } from "../assembler.ts";

/** erf(x) near 0 by its series (Abramowitz and Stegun 7.1.6), beyond by erfc. */
function erf(x: number): number {
  if (Math.abs(x) > 2) return x > 0 ? 1 - erfcFarOut(x) : erfcFarOut(-x) - 1;
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
/** 1 - erf(x) for x > 2 by its continued fraction (7.1.14): nothing cancels, however small it is. */
function erfcFarOut(x: number): number {
  let fraction = x;
  for (let k = 40; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
const erfc = (x: number): number => (x > 2 ? erfcFarOut(x) : 1 - erf(x));

/** As C and IEEE 754 have it; JavaScript says NaN where the base is 1 or -1 and the exponent does not matter. */
function pow(x: number, y: number): number {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
}
/** x - floor(x/y)*y without its rounding: the remainder of truncated division, moved to the sign of y. */
function remainder(x: number, y: number): number {
  const r = x % y;
  return r !== 0 && r < 0 !== y < 0 ? r + y : r;
}
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const gelu = (x: number): number => (x * erfc(-x * Math.SQRT1_2)) / 2;

/** What a kernel calls that was given an index it cannot follow: the run ends here. @param op 0 for gather, 1 for scatterAdd. */
function indexOutOfRange(op: number, index: number, axis: number, size: number): number {
  const name = op === 0 ? "gather" : "scatterAdd";
  throw new Error(
    `${name}: index ${index} is out of range for axis ${axis} of size ${size}; indices must lie in 0..${size - 1}`,
  );
}

const functions = {
  indexOutOfRange,
  softplus,
  gelu,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  expm1: Math.expm1,
  log1p: Math.log1p,
  erf,
  pow,
  remainder,
  atan2: Math.atan2,
} as const;
export type HostName = keyof typeof functions;

const names = Object.keys(functions) as HostName[];
/** As modules import them. */
export const hostFunctions: Readonly<Record<string, (...x: number[]) => number>> = functions;
export const hostImports: readonly Import[] = names.map((name) => ({
  name,
  params: new Array<number>(functions[name].length).fill(F64),
  results: [F64],
}));
export const hostIndex = (name: HostName): number => names.indexOf(name);
