// Sizes as numbers of a dispatch, `p.NAME` in WGSL. What is a number and no text is the same code for every size, so a network
// of many sizes compiles few shaders.

/** A number that is known before the run. */
export interface Fixed {
  readonly name: string;
  readonly type: "u32";
  readonly value: number;
}
/** One u32 each. A number below 0 is taken modulo 2^32, which is right wherever it is added to something. */
export const numbers = (values: Readonly<Record<string, number>>): Fixed[] =>
  Object.entries(values).map(([name, value]) => ({ name, type: "u32", value }));
