// The two products that tiles of registers are good at, over rows that lie in memory as they are: rows times packed panels,
// and the sum of outer products of rows.
import { type Fn, I32 } from "../assembler.ts";
import { countdown, eachPiece, LANES, locals, split, times, VECTOR } from "./emit.ts";
import { Tile, tileRows } from "./tile.ts";

const VECTORS = 2;
/** Vectors of a tile: in wide mode those of two panels. */
const vectorsOf = (f: Fn): number => (f.wide ? 2 * VECTORS : VECTORS);
/** Rows of a tile with as many of them. */
const rowsOf = (f: Fn, vectors: number): number => tileRows(Math.min(vectors, VECTORS), f.relaxed);
/** Columns of a panel. */
const WIDTH = VECTORS * LANES;
const UNROLL = 4;

/** out[r][j] = sum over k of rows[r][k] * panel[j / 8][k][j % 8]; distances in bytes. */
export interface RowsTimesPanels {
  readonly steps: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly outStride: number;
  /** Adds to what `out` holds. */
  readonly adds?: boolean;
}
interface Rest {
  readonly rows: number;
  readonly when?: () => void;
}
export class RowsTimesPanels8 {
  private readonly f: Fn;
  private readonly p: RowsTimesPanels;
  private readonly tile: Tile;
  readonly height: number;
  private readonly row: number;
  private readonly out: number;
  private readonly number: number;
  private readonly vectors: number;
  private readonly k: number;

  constructor(f: Fn, p: RowsTimesPanels) {
    this.f = f;
    this.p = p;
    this.height = tileRows(VECTORS, f.relaxed);
    this.tile = new Tile(f, this.height, vectorsOf(f));
    [this.row, this.out, this.number, this.vectors, this.k] = locals(f, I32, 5);
  }
  /**
   * Locals: addresses of rows, panels and out, and how many tiles of `height` rows there are; then a rest of rows (their
   * number is known now) where `when` leaves a number other than 0. `some`: a local with how many of the whole panels are meant, and
   * whether the last columns are.
   */
  emit(
    { rows, panels, out, tiles }: Record<"rows" | "panels" | "out" | "tiles", number>,
    rests: readonly Rest[] = [],
    some?: { readonly whole: number; readonly isLast: () => void },
  ): void {
    const { f, p } = this;
    const [panel, outPanel, left, tilesLeft] = locals(f, I32, 4);
    const down = (lanes: number) => {
      f.get(rows).set(this.row).get(outPanel).set(this.out).get(tiles).set(tilesLeft);
      countdown(f, tilesLeft, () => this.one(panel, this.height, lanes));
      for (const { rows: rest, when } of rests.filter((r) => r.rows > 0)) {
        if (!when) this.one(panel, rest, lanes);
        else {
          when();
          f.if(() => this.one(panel, rest, lanes));
        }
      }
      f.increase(panel, 4 * Math.max(WIDTH, lanes) * p.steps).increase(outPanel, 4 * Math.max(WIDTH, lanes));
    };
    f.get(panels).set(panel).get(out).set(outPanel);
    if (some) {
      f.get(some.whole).set(left);
      if (f.wide) {
        f.get(left).i32(1).op("i32.shr_u").set(left);
        countdown(f, left, () => down(2 * WIDTH));
        f.get(some.whole).i32(1).op("i32.and").set(left);
      }
      countdown(f, left, () => down(WIDTH));
    } else {
      const whole = Math.floor(p.columns / WIDTH);
      if (f.wide) times(f, left, whole >> 1, () => down(2 * WIDTH));
      times(f, left, f.wide ? whole & 1 : whole, () => down(WIDTH));
    }
    const last = p.columns % WIDTH;
    if (!last) return;
    if (!some) return down(last);
    some.isLast();
    f.if(() => down(last));
  }
  /** One tile; the pointers to its rows move on. */
  private one(panel: number, height: number, lanes: number): void {
    const { f, p, tile, number, vectors } = this;
    const count = Math.ceil(lanes / LANES);
    const offset = (r: number, v: number) => r * p.outStride + VECTOR * v;
    if (p.adds) tile.visit(height, count, (sum, r, v) => void f.get(this.out).vload(offset(r, v)).set(sum));
    else tile.clear(height, count);
    f.get(this.row).set(number).get(panel).set(vectors);
    const some = (steps: number) => {
      for (let u = 0; u < steps; u++) {
        const offsets = Array.from({ length: height }, (_, r) => r * p.rowStride + 4 * u);
        tile.step(number, offsets, vectors, 4 * WIDTH * u, count, 4 * WIDTH * p.steps);
      }
      f.increase(number, 4 * steps).increase(vectors, 4 * WIDTH * steps);
    };
    times(f, this.k, Math.floor(p.steps / UNROLL), () => some(UNROLL));
    if (p.steps % UNROLL) some(p.steps % UNROLL);
    tile.store(height, lanes, this.out, p.outStride);
    f.increase(this.row, height * p.rowStride).increase(this.out, height * p.outStride);
  }
}

/** sums[i][j] += the sum over lines and steps of left[line][step][i] * right[line][step][j]; distances in bytes. */
export interface OuterProducts {
  readonly rows: number;
  /** A multiple of 4: lanes beyond what is meant may hold anything. */
  readonly columns: number;
  readonly leftStride: number;
  readonly rightStride: number;
  readonly sumStride: number;
  /** Adds to what is there. */
  readonly adds: boolean;
  /** From the end of a line to the start of the next. */
  readonly leftGap?: number;
  readonly rightGap?: number;
}
interface OuterPlaces extends Record<"left" | "right" | "sums" | "steps", number> {
  /** Default: one. */
  readonly lines?: number;
}
/** Locals: addresses of left, right and sums, how many steps a line has, and how many lines there are (1 or more each). */
export function outerProducts(f: Fn, p: OuterProducts, { left, right, sums, steps, lines }: OuterPlaces): void {
  const tile = new Tile(f, tileRows(1, f.relaxed), vectorsOf(f));
  const [rightAt, sumsAt, leftAt, sum, number, vectors, k, panels, line] = locals(f, I32, 9);
  const one = (height: number, count: number) => {
    const offset = (r: number, v: number) => r * p.sumStride + VECTOR * v;
    const some = (n: number) => {
      for (let u = 0; u < n; u++) {
        const offsets = Array.from({ length: height }, (_, r) => 4 * r + u * p.leftStride);
        tile.step(number, offsets, vectors, u * p.rightStride, count);
      }
      f.increase(number, n * p.leftStride).increase(vectors, n * p.rightStride);
    };
    const run = () => {
      f.get(steps)
        .i32(1)
        .op("i32.and")
        .if(() => some(1));
      f.get(steps).i32(1).op("i32.shr_u").set(k);
      countdown(f, k, () => some(2));
    };
    if (p.adds) tile.visit(height, count, (local, r, v) => void f.get(sum).vload(offset(r, v)).set(local));
    else tile.clear(height, count);
    f.get(leftAt).set(number).get(rightAt).set(vectors);
    if (lines === undefined) run();
    else {
      f.get(lines).set(line);
      f.loop(() => {
        run();
        f.increase(number, p.leftGap ?? 0).increase(vectors, p.rightGap ?? 0);
        f.get(line).i32(1).sub().tee(line);
      });
    }
    tile.visit(height, count, (local, r, v) => void f.get(sum).get(local).vstore(offset(r, v)));
    f.increase(leftAt, 4 * height).increase(sum, height * p.sumStride);
  };
  const panel = (count: number) => {
    f.get(left).set(leftAt).get(sumsAt).set(sum);
    eachPiece(f, split(p.rows, rowsOf(f, count)), (height) => one(height, count));
    f.increase(rightAt, VECTOR * count).increase(sumsAt, VECTOR * count);
  };
  f.get(right).set(rightAt).get(sums).set(sumsAt);
  const whole = Math.floor(p.columns / WIDTH);
  if (f.wide) times(f, panels, whole >> 1, () => panel(2 * VECTORS));
  times(f, panels, f.wide ? whole & 1 : whole, () => panel(VECTORS));
  if (p.columns % WIDTH) panel(1);
}
