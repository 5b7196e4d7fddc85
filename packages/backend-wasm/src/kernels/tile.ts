// The inner step of products and convolutions: a tile of sums in registers to which an outer product is added, of `rows`
// numbers, each spread over a vector, with `vectors` vectors.
import { type Fn, V128 } from "../assembler.ts";
import { LANES, locals, storeLanes, VECTOR } from "./emit.ts";

// It is not probed which tile an engine likes best, because none likes one better: with relaxed_madd, GFLOP/s of a tile's inner loop on an EPYC
// were in Node 24 6x8 51.2, 5x8 51.3, 3x12 51.3, 2x16 50.9; in Chromium 156 52.4, 54.6, 53.6, 55.2; in Firefox ESR 56.2, 54.6, 59.0, 52.4
// (the peak is 51 to 59, and readings differ by 5 %); 4x12, which spills, 24 in all. Only without it do they differ: 5x8 40, 47 and 36; 4x8 38, 48 and 44;
// 3x12 47, 49 and 33; 2x16 36, 37 and 52.
/**
 * The most rows for a number of vectors (in wide mode: for pairs of them). V8 on x64 has 15 vector registers for: the tile, the vectors, the spread number
 * and, without fused multiply-add, the product.
 */
export function tileRows(vectors: number, relaxed: boolean): number {
  return Math.floor((15 - vectors - (relaxed ? 1 : 2)) / vectors);
}

export class Tile {
  private readonly f: Fn;
  readonly sums: readonly (readonly number[])[];
  private readonly spread: number;
  private readonly operands: readonly number[];

  constructor(f: Fn, rows: number, vectors: number) {
    this.f = f;
    this.sums = Array.from({ length: rows }, () => locals(f, V128, vectors));
    this.operands = locals(f, V128, vectors);
    this.spread = f.local(V128);
  }
  clear(rows: number, vectors: number): void {
    this.visit(rows, vectors, (sum) => void this.f.vzero().set(sum));
  }
  /**
   * sums[r][v] += the number at `number` + offsets[r] times vector v at `vectorsAt` + vectorOffset; rows without offset stay.
   * @param pair bytes from two vectors to the next two.
   */
  step(
    number: number,
    offsets: readonly (number | undefined)[],
    vectorsAt: number,
    vectorOffset: number,
    vectors: number,
    pair = 2 * VECTOR,
  ): void {
    const { f, operands, spread } = this;
    if (offsets.every((offset) => offset === undefined)) return;
    for (let v = 0; v < vectors; v++)
      f.get(vectorsAt)
        .vload(vectorOffset + (v >> 1) * pair + (v & 1) * VECTOR)
        .set(operands[v]);
    offsets.forEach((offset, r) => {
      if (offset === undefined) return;
      f.get(number).vsplatload(offset).set(spread);
      for (let v = 0; v < vectors; v++) f.fma(this.sums[r][v], spread, operands[v]);
    });
  }
  visit(rows: number, vectors: number, visit: (sum: number, row: number, vector: number) => void): void {
    for (let r = 0; r < rows; r++) for (let v = 0; v < vectors; v++) visit(this.sums[r][v], r, v);
  }
  /** Stores `lanes` lanes of each row, rows `down` bytes apart. */
  store(rows: number, lanes: number, at: number, down: number): void {
    this.visit(rows, Math.ceil(lanes / LANES), (sum, r, v) =>
      storeLanes(this.f, at, sum, r * down + VECTOR * v, lanes - LANES * v),
    );
  }
  /**
   * Stores the tile turned: lane k of row r, `lanes` lanes in all, at address + k*down + r*across bytes.
   * With across = 4 rows lie side by side, so that four of them make vectors.
   */
  storeTurned(rows: number, lanes: number, at: number, down: number, across: number): void {
    for (let v = 0; v * LANES < lanes; v++) {
      const count = Math.min(LANES, lanes - v * LANES);
      for (let r = 0; r < rows; ) {
        const group = across === 4 ? Math.min(LANES, rows - r) : 1;
        this.storeGroup(r, group, v, count, at, down, v * LANES * down + r * across);
        r += group;
      }
    }
  }
  /** Rows r to r+group-1 of vector v. */
  private storeGroup(
    r: number,
    group: number,
    v: number,
    lanes: number,
    at: number,
    down: number,
    offset: number,
  ): void {
    const { f, sums, spread: out } = this;
    const row = (i: number) => sums[r + Math.min(i, group - 1)][v];
    for (let lane = 0; lane < lanes; lane++) {
      if (group === 1) {
        f.get(at)
          .get(row(0))
          .laneAccess("v128.store32_lane", lane, offset + lane * down);
        continue;
      }
      f.get(row(0))
        .get(row(1))
        .shuffleWords(lane, 4 + lane, lane, 4 + lane);
      if (group > 2) {
        f.get(row(2))
          .get(row(3))
          .shuffleWords(lane, 4 + lane, lane, 4 + lane);
        f.shuffleWords(0, 1, 4, 5);
      }
      f.set(out);
      storeLanes(f, at, out, offset + lane * down, group);
    }
  }
}
