// Products that move more than they multiply, as the linear layers of a small batch: the large matrix is read or written once, in
// the order in which it lies, and nothing is packed.
import { type Fn, I32, type Relaxed, V128 } from "../assembler.ts";
import { address, countdown, kernelOf, LANES, locals, storeLanes, times, VECTOR } from "./emit.ts";
import type { Stage } from "./lowered.ts";
import type { Product } from "./matmul.ts";
import { Tile, tileRows } from "./tile.ts";

/** Rows (or steps, for the third) up to which this pays. */
const FEW = 16;
/** Elements of the large matrix, and steps, from which on it does. */
const LARGE = 16_384;
const LONG = 64;

interface Work {
  readonly file: string;
  readonly scratchBytes: number;
  readonly ownBytes: number;
  readonly stages: readonly Stage[];
}
const [X, Y, OUT, , OWN, SLICE] = [0, 1, 2, 3, 4, 5];

/** Undefined where the general way is better. */
export function lowerFew(p: Product): Work | undefined {
  const { batch, m, n, k, transposeX, transposeY } = p;
  if (batch !== 1) return undefined;
  if (!transposeX && m <= FEW && n * k >= LARGE && k >= LONG)
    return transposeY
      ? one("dot products", n, DOTS, 64, (f) => dots(f, p))
      : one("rows of y", n, COLUMNS, m * SUM_BYTES, (f) => columns(f, p));
  if (!(transposeX && !transposeY && k <= FEW && m * n >= LARGE)) return undefined;
  const work = one("outer products", m, rowsOf(p), 64, (f) => outer(f, p));
  return { ...work, stages: work.stages.map((stage) => ({ ...stage, rows: { count: m, perSlice: rowsOf(p) } })) };
}
function one(key: string, size: number, perSlice: number, ownBytes: number, body: (f: Fn) => void): Work {
  const emit = (relaxed: Relaxed): Fn => {
    const f = kernelOf(6, relaxed);
    body(f);
    return f;
  };
  return {
    file: "matmul.few",
    scratchBytes: 64,
    ownBytes,
    stages: [{ key, slices: Math.ceil(size / perSlice), emit }],
  };
}
/** count = what of `size` falls to the slice. */
function share(f: Fn, count: number, size: number, perSlice: number): void {
  f.i32(size).get(SLICE).i32(perSlice).mul().sub().set(count);
  f.get(count).i32(perSlice).get(count).i32(perSlice).op("i32.lt_u").op("select").set(count);
}

// ---- y stored transposed: rows of x times rows of y, four products at a time in the lanes -----------------------------------
/** Rows of y in a slice, and in a tile with as many as four of x. */
const DOTS = 32;
const PAIR = 2;
const FOUR = 4;

function dots(f: Fn, { m, n, k }: Product): void {
  const [count, y, out, left, x, outAt, xv, yv, steps] = locals(f, I32, 9);
  const sums = locals(f, V128, FOUR * PAIR);
  const [xs, ...ys] = locals(f, V128, 1 + PAIR);
  share(f, count, n, DOTS);
  address(f, y, Y, [SLICE, 4 * DOTS * k]);
  address(f, out, OUT, [SLICE, 4 * DOTS]);
  /** `rows` of x and `wide` of y. */
  const tile = (rows: number, wide: number) => {
    const at = (r: number, c: number) => sums[r * PAIR + c];
    const each = (visit: (r: number, c: number) => void) => {
      for (let r = 0; r < rows; r++) for (let c = 0; c < wide; c++) visit(r, c);
    };
    const step = (offset: number, load: (pointer: number, at: number) => void) => {
      for (let c = 0; c < wide; c++) {
        load(yv, 4 * c * k + offset);
        f.set(ys[c]);
      }
      for (let r = 0; r < rows; r++) {
        load(xv, 4 * r * k + offset);
        f.set(xs);
        for (let c = 0; c < wide; c++) f.fma(at(r, c), xs, ys[c]);
      }
    };
    each((r, c) => void f.vzero().set(at(r, c)));
    f.get(x).set(xv).get(y).set(yv);
    times(f, steps, Math.floor(k / (2 * LANES)), () => {
      for (let u = 0; u < 2; u++) step(VECTOR * u, (p, offset) => void f.get(p).vload(offset));
      f.increase(xv, 2 * VECTOR).increase(yv, 2 * VECTOR);
    });
    for (let i = 0; i < k % (2 * LANES); i++)
      step(4 * i, (p, offset) => void f.get(p).access("v128.load32_zero", offset));
    each((r, c) => {
      const sum = at(r, c);
      f.get(sum).get(sum).get(sum).shuffleWords(2, 3, 0, 1).op("f32x4.add").set(sum);
      f.get(outAt).get(sum).get(sum).get(sum).shuffleWords(1, 0, 3, 2).op("f32x4.add");
      f.lane("f32x4.extract_lane", 0).storef(4 * (r * n + c));
    });
    f.increase(x, 4 * rows * k).increase(outAt, 4 * rows * n);
  };
  const all = (wide: number) => {
    f.get(X).set(x).get(out).set(outAt);
    const rows = f.local(I32);
    times(f, rows, Math.floor(m / FOUR), () => tile(FOUR, wide));
    if (m % FOUR) tile(m % FOUR, wide);
    f.increase(y, 4 * wide * k).increase(out, 4 * wide);
  };
  f.get(count).i32(1).op("i32.shr_u").set(left);
  countdown(f, left, () => all(PAIR));
  if (n % PAIR)
    f.get(count)
      .i32(1)
      .op("i32.and")
      .if(() => all(1));
}

// ---- y as it is: its rows, six at a time, are added to all rows of the result -----------------------------------------------
/** Columns of a slice: sums of them stay in the first-level cache, in rows that do not crowd the same sets of it. */
const COLUMNS = 1024;
const SUM_BYTES = 4 * COLUMNS + 64;
const SIX = 6;

function columns(f: Fn, { m, n, k }: Product): void {
  const [count, y, out, x, left, yAt, outAt, xAt, rows, row, vectors] = locals(f, I32, 11);
  const held = locals(f, V128, SIX * 2);
  const [spread, ...sums] = locals(f, V128, 3);
  share(f, count, n, COLUMNS);
  address(f, y, Y, [SLICE, 4 * COLUMNS]);
  f.get(X).set(x);
  /** Two vectors of columns (or one, of which some lanes count) of `height` rows of y. */
  const some = (height: number, wide: number, lanes: number, isFirst: boolean) => {
    for (let r = 0; r < height; r++)
      for (let v = 0; v < wide; v++)
        f.get(yAt)
          .vload(4 * r * n + VECTOR * v)
          .set(held[2 * r + v]);
    f.get(x).set(xAt).get(outAt).set(row);
    times(f, rows, m, () => {
      for (let v = 0; v < wide; v++) {
        if (isFirst) f.vzero();
        else f.get(row).vload(VECTOR * v);
        f.set(sums[v]);
      }
      for (let r = 0; r < height; r++) {
        f.get(xAt)
          .vsplatload(4 * r)
          .set(spread);
        for (let v = 0; v < wide; v++) f.fma(sums[v], spread, held[2 * r + v]);
      }
      for (let v = 0; v < wide; v++) storeLanes(f, row, sums[v], VECTOR * v, lanes - LANES * v);
      f.increase(xAt, 4 * k).increase(row, SUM_BYTES);
    });
    f.increase(yAt, VECTOR * wide).increase(outAt, VECTOR * wide);
  };
  const block = (height: number, isFirst: boolean) => {
    f.get(y).set(yAt).get(OWN).set(outAt).get(count).i32(3).op("i32.shr_u").set(vectors);
    countdown(f, vectors, () => some(height, 2, 2 * LANES, isFirst));
    const rest = n % (2 * LANES);
    if (rest)
      f.get(count)
        .i32(COLUMNS)
        .op("i32.ne")
        .if(() => some(height, Math.ceil(rest / LANES), rest, isFirst));
    f.increase(y, 4 * height * n).increase(x, 4 * height);
  };
  block(SIX, true);
  times(f, left, Math.floor(k / SIX) - 1, () => block(SIX, false));
  if (k % SIX) block(k % SIX, false);
  address(f, out, OUT, [SLICE, 4 * COLUMNS]);
  f.get(OWN).set(row);
  times(f, rows, m, () => {
    f.get(out).get(row).get(count).i32(2).op("i32.shl").memoryCopy();
    f.increase(out, 4 * n).increase(row, SUM_BYTES);
  });
}

// ---- x stored transposed: few steps, and a large result, written row by row --------------------------------------------------
/** Bytes of a slice's results: a part of a second-level cache, where a loop that is linked to them finds them. */
const SLICE_BYTES = 300_000;
const rowsOf = ({ n }: Product): number => SIX * Math.max(1, Math.min(8, Math.floor(SLICE_BYTES / (4 * SIX * n))));

function outer(f: Fn, p: Product): void {
  const { m, n, k } = p;
  const perSlice = rowsOf(p);
  const height = tileRows(2, f.relaxed);
  const tile = new Tile(f, height, 2);
  const [count, x, out, y, outAt, left, panels] = locals(f, I32, 7);
  share(f, count, m, perSlice);
  address(f, x, X, [SLICE, 4 * perSlice]);
  address(f, out, OUT, [SLICE, 4 * perSlice * n]);
  const row = (rows: number) => {
    const one = (lanes: number) => {
      const wide = Math.ceil(lanes / LANES);
      tile.clear(rows, wide);
      for (let step = 0; step < k; step++) {
        const offsets = Array.from({ length: rows }, (_, r) => 4 * (step * m + r));
        tile.step(x, offsets, y, 4 * step * n, wide);
      }
      tile.store(rows, lanes, outAt, 4 * n);
      f.increase(y, 4 * lanes).increase(outAt, 4 * lanes);
    };
    f.get(Y).set(y).get(out).set(outAt);
    times(f, panels, Math.floor(n / (2 * LANES)), () => one(2 * LANES));
    if (n % (2 * LANES)) one(n % (2 * LANES));
    f.increase(x, 4 * rows).increase(out, 4 * rows * n);
  };
  f.get(count).i32(height).op("i32.div_u").set(left);
  countdown(f, left, () => row(height));
  const whole = perSlice % height;
  const last = (m % perSlice) % height;
  if (whole)
    f.get(count)
      .i32(perSlice)
      .op("i32.eq")
      .if(() => row(whole));
  if (last)
    f.get(count)
      .i32(perSlice)
      .op("i32.ne")
      .if(() => row(last));
}
