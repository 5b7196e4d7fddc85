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

/** Heights of tiles: few, because each is code of its own. */
const HEIGHTS = [1, 2, 3, 4, 6, 8];
/** What a tile costs besides its rows, in rows. */
const PER_TILE = 3;

/** How many rows a tile has, up to `most`: what leaves few rows of tiles empty, and makes few tiles. */
export function rowsOf(rows: number, most: number): number {
  const cost = (height: number) => Math.ceil(rows / height) * (height + PER_TILE);
  return HEIGHTS.filter((height) => height <= most).reduce((best, height) =>
    cost(height) <= cost(best) ? height : best,
  );
}

/**
 * Numbers that all four invocations of a quad need, one for each row: with subgroups each of the four fetches every fourth,
 * and they tell each other. `places` declares, before the loops, where row r lies: r * `stride`; `fetch(place)` reads a number.
 */
export function sharedRows(rows: number, quads: boolean, stride: string) {
  const shared = quads && rows >= 2;
  const each = shared ? range(Math.ceil(rows / 4)).map((k) => `(${4 * k}u + quad)`) : range(rows).map((r) => `${r}u`);
  return {
    places: each.map((row, k) => `let place${k} = ${row} * ${stride};`).join(" "),
    fetched: (name: string, fetch: (place: string) => string) =>
      each.map((_, k) => `let ${name}${k} = ${fetch(`place${k}`)};`).join("\n"),
    row: (name: string, r: number) => (shared ? `quadBroadcast(${name}${r >> 2}, ${r & 3}u)` : `${name}${r}`),
  };
}

/**
 * Whether a sum is NaN, by its bits: compilers may assume that there are none. Zeros stand for what is outside an image, and
 * infinity times zero is NaN where the definition has no product; so what comes out as NaN is worked out again, without them.
 */
export const isNaNFunction = "fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }";
