// The register tile of the products: each invocation holds `rows` rows of `vectors` vectors of four columns of the result,
// and adds to them, step by step, the outer product of one column of the left operand and one row of the right.
export interface Tile {
  readonly rows: number;
  readonly vectors: number;
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
export const lines = (count: number, line: (i: number) => string): string => range(count).map(line).join("\n");

const eachVector = ({ rows, vectors }: Tile, line: (r: number, v: number) => string): string =>
  lines(rows, (r) =>
    range(vectors)
      .map((v) => line(r, v))
      .join(" "),
  );

export const declareTile = (tile: Tile): string => eachVector(tile, (r, v) => `var sum${r}_${v} = vec4<f32>();`);

/** A step of the sum: `left(r)` is an f32, `right(v)` a vector of four columns. */
export interface Step {
  readonly left: (r: number) => string;
  readonly right: (v: number) => string;
}
/** Adds the products of some steps, row by row: so a row's sums stay in registers for all of them. */
export const addProducts = (tile: Tile, steps: readonly Step[]): string =>
  lines(tile.rows, (r) =>
    steps
      .map(({ left, right }) => {
        const sums = range(tile.vectors).map((v) => `sum${r}_${v} = fma(left, ${right(v)}, sum${r}_${v});`);
        return `{ let left = vec4<f32>(${left(r)}); ${sums.join(" ")} }`;
      })
      .join(" "),
  );

/**
 * The tile as an array `sums`, row by row, for loops over it: written out line by line, what is done with each sum would be
 * most of the shader.
 */
export const tileAsArray = ({ rows, vectors }: Tile): string => {
  const all = range(rows).flatMap((r) => range(vectors).map((v) => `sum${r}_${v}`));
  return `var sums = array<vec4<f32>, ${rows * vectors}>(${all});`;
};

/** How many rows a tile has: as few tiles as `most` allows, and these as equal as can be. */
export const rowsOf = (rows: number, most: number): number => Math.ceil(rows / Math.ceil(rows / most));

/**
 * Numbers that all four invocations of a quad need, one for each row: with subgroups each of the four fetches every fourth,
 * and they tell each other. `fetch(r)` is the number of row r, an expression.
 */
export function sharedRows(rows: number, name: string, quads: boolean, fetch: (row: string) => string) {
  if (!quads || rows < 2)
    return { fetched: lines(rows, (r) => `let ${name}${r} = ${fetch(`${r}u`)};`), row: (r: number) => `${name}${r}` };
  return {
    fetched: lines(Math.ceil(rows / 4), (k) => `let ${name}${k} = ${fetch(`(${4 * k}u + quad)`)};`),
    row: (r: number) => `quadBroadcast(${name}${r >> 2}, ${r & 3}u)`,
  };
}

/**
 * Whether a sum is NaN, by its bits: compilers may assume that there are none. Zeros stand for what is outside an image, and
 * infinity times zero is NaN where the definition has no product; so what comes out as NaN is worked out again, without them.
 */
export const isNaNFunction = "fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }";
