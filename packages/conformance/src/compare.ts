// Holds what a backend computed against what the oracle says, in units in the last place. How much is allowed is in tolerance.ts.
import type { TypedArray } from "@lamina/core";

const f32 = new Float32Array(1);
const bits = new Uint32Array(f32.buffer);

/** The distance from |x| to the next float32 above it. */
export function ulpOf(x: number): number {
  f32[0] = Math.abs(x);
  const exponent = bits[0] >>> 23;
  return 2 ** (Math.max(Math.min(exponent, 254), 1) - 150);
}

export interface Measure {
  /** How many units are allowed; 0.5 is rounded correctly, 0 is the same number. */
  readonly ulps: number;
  /** What the units are those of, element by element; the expected values themselves if left out. */
  readonly of?: ArrayLike<number> | number | undefined;
  /** Allowed on top, whatever the value: for functions that lose everything near a zero. */
  readonly floor?: number | undefined;
  /** -0 and 0 differ. */
  readonly signedZero?: boolean | undefined;
}

export interface Difference {
  /** The largest error, in units. */
  readonly ulps: number;
  /** What is wrong, or undefined. */
  readonly message: string | undefined;
}

/** @param expected in double precision. NaN must be NaN, and what overflows float32 infinite. */
export function compare(actual: TypedArray, expected: TypedArray, measure: Measure): Difference {
  if (actual.length !== expected.length)
    return { ulps: Infinity, message: `${actual.length} elements instead of ${expected.length}` };
  let worst = 0;
  let wrong = 0;
  let first: string | undefined;
  for (let i = 0; i < expected.length; i++) {
    const error = errorAt(actual[i], expected[i], i, measure);
    if (error > worst) worst = error;
    if (error <= measure.ulps) continue;
    wrong++;
    first ??= `element ${i} is ${text(actual[i])} but must be ${text(expected[i])} (${show(error)} ulp, ${show(measure.ulps)} allowed)`;
  }
  return {
    ulps: worst,
    message: first && (wrong > 1 ? `${first}, and ${wrong - 1} more of ${expected.length}` : first),
  };
}

/** In units; what the floor forgives is 0. */
function errorAt(actual: number, expected: number, i: number, { of, floor = 0, signedZero }: Measure): number {
  if (Object.is(actual, expected)) return 0;
  if (signedZero && actual === 0 && expected === 0) return Infinity;
  if (actual === expected) return 0;
  const error = Math.abs(actual - expected);
  if (Number.isNaN(error) || error === Infinity) {
    const overflows = Math.fround(expected) === actual && !Number.isFinite(actual);
    return overflows || (Number.isNaN(actual) && Number.isNaN(expected)) ? 0 : Infinity;
  }
  if (error <= floor) return 0;
  const scale = of === undefined ? expected : typeof of === "number" ? of : of[i];
  return error / ulpOf(Math.max(Math.abs(scale), Math.abs(expected)));
}
const text = (x: number): string => (Object.is(x, -0) ? "-0" : String(x));
export const show = (ulps: number): string => String(Number(ulps.toPrecision(3)));

/** Bit for bit; returns what differs, or undefined. */
export function sameBits(actual: TypedArray, expected: TypedArray): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(actual[i], expected[i])) return `element ${i} is ${text(actual[i])} but was ${text(expected[i])}`;
  return undefined;
}

/** The largest finite magnitude in the lists, at least `least`. */
export function largest(lists: readonly ArrayLike<number>[], least = 0): number {
  let most = least;
  for (const list of lists)
    for (let i = 0; i < list.length; i++) {
      const size = Math.abs(list[i]);
      if (size > most && size < Infinity) most = size;
    }
  return most;
}
