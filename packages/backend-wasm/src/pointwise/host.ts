// Functions of the host that wasm has no instruction for, in double precision. Every module imports all of them in this
// order, so that a function's code is the same in each.
import { F64, type Import } from "../assembler.ts";

/** It refers to nothing outside of itself, so that a worker can be given its text. */
export function makeHost() {
  /** x - floor(x/y)*y without its rounding: the remainder of truncated division, moved to the sign of y. */
  function remainder(x: number, y: number): number {
    const r = x % y;
    return r !== 0 && r < 0 !== y < 0 ? r + y : r;
  }
  /** What a kernel calls that was given an index it cannot follow: the run ends here. @param op 0 for gather, 1 for scatterAdd. */
  function indexOutOfRange(op: number, index: number, axis: number, size: number): number {
    const name = op === 0 ? "gather" : "scatterAdd";
    throw new Error(
      `${name}: index ${index} is out of range for axis ${axis} of size ${size}; indices must lie in 0..${size - 1}`,
    );
  }

  return {
    indexOutOfRange,
    sin: Math.sin,
    cos: Math.cos,
    tan: Math.tan,
    remainder,
  };
}
const functions = makeHost();
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
