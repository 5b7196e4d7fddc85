// Functions of the host that wasm has no instruction for, in double precision. Every module imports all of them in this
// order, so that a function's code is the same in each.
import { F64, type Import } from "../assembler.ts";

/** erf(x), by its series near 0 and the continued fraction of erfc beyond (Abramowitz and Stegun 7.1.6 and 7.1.14). */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a > 2.5) return Math.sign(x) * (1 - erfcByFraction(a));
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
function erfcByFraction(x: number): number {
  let fraction = x;
  for (let k = 60; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

const functions = {
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
  pow: Math.pow,
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
