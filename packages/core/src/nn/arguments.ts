// How layers are called: as in Python, the first arguments by position and the rest by name. Which arguments a layer
// has, and what they default to, the layer says.

import type { Pair } from "../ops/functions.ts";

export type { Pair };

const isNamed = (x: unknown): x is Record<string, unknown> =>
  typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/**
 * The arguments by name. `names` lists them in PyTorch's order; the last of `args` may be an object that names the rest.
 * Those that are undefined count as not given.
 * @throws if an argument is not known, is given twice, or is one too many: a silent `stide` would cost an afternoon.
 */
export function named<T extends object>(
  layer: string,
  names: readonly (keyof T & string)[],
  args: readonly unknown[],
): T {
  const last = args.at(-1);
  const byName = isNamed(last) ? last : {};
  const byPosition = isNamed(last) ? args.slice(0, -1) : args;
  if (byPosition.length > names.length)
    throw new Error(
      `${layer}: ${byPosition.length} arguments were given but it takes ${names.length} (${names.join(", ")})`,
    );
  const out: Record<string, unknown> = {};
  byPosition.forEach((value, i) => {
    if (value !== undefined) out[names[i]] = value;
  });
  for (const [name, value] of Object.entries(byName)) {
    if (!names.includes(name as keyof T & string))
      throw new Error(`${layer}: there is no argument ${name}; it takes ${names.join(", ")}`);
    if (name in out) throw new Error(`${layer}: ${name} was given twice, by position and by name; give it once`);
    if (value !== undefined) out[name] = value;
  }
  return out as T;
}

/** A size that must be a whole number from 1. */
export function positive(layer: string, name: string, value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1)
    throw new Error(`${layer}: ${name} is ${String(value)} but must be a whole number from 1; pass one`);
  return value as number;
}
