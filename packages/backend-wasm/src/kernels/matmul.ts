// matmul: stacks of x [m,k] times y [k,n], either of them stored transposed. Blocks of y are packed in panels of eight columns,
// so that a tile of six rows reads them one after the other (Goto and van de Geijn, Anatomy of high-performance matrix
// multiplication, 2008); x is read in place unless it is stored transposed.
import { sizeOf } from "@lamina/core";
import { type Fn, I32 } from "../assembler.ts";
import { address, countdown, each, kernelOf, LANES, storeLanes, VECTOR } from "./emit.ts";
import type { Lower } from "./lowered.ts";
import { Packer } from "./pack.ts";
import { Tile, tileRows } from "./tile.ts";

/** Steps of a block: a panel of each operand stays in the first-level cache. */
const STEPS = 256;
/** Rows of a block: with STEPS, half of a second-level cache. A multiple of every height of a tile. */
const ROWS = 180;
/** Columns of a block: with STEPS, a megabyte. */
const COLUMNS = 1024;
const VECTORS = 2;
const WIDTH = VECTORS * LANES;
const UNROLL = 4;

interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeX: boolean;
  readonly transposeY: boolean;
}

export const matmul: Lower = (
  [x, y],
  { transposeX, transposeY }: { transposeX: boolean; transposeY: boolean },
  out,
) => {
  const [m, n] = out.shape.slice(-2);
  const k = x.shape.at(transposeX ? -2 : -1)!;
  const product = { batch: sizeOf(out.shape.slice(0, -2)), m, n, k, transposeX, transposeY };
  return {
    key: `matmul ${x.shape} ${y.shape} ${transposeX} ${transposeY}`,
    scratchBytes: columnBytes(product) + rowBytes(product) + 64,
    emit: (relaxed) => {
      const f = kernelOf(4, relaxed);
      new Multiplication(f, product).emit();
      return f;
    },
  };
};

const columnBytes = ({ n, k }: Product): number =>
  4 * Math.min(k, STEPS) * Math.ceil(Math.min(n, COLUMNS) / WIDTH) * WIDTH;
const rowBytes = ({ m, k, transposeX }: Product): number =>
  transposeX ? 4 * Math.min(k, STEPS) * Math.min(m, ROWS) : 0;

const [X, Y, OUT, SCRATCH] = [0, 1, 2, 3];

/** A dimension in blocks, and these in panels: `count` says how many panels of full size the block in hand has. */
interface Blocks {
  readonly size: number;
  readonly panel: number;
  readonly perBlock: number;
  readonly blocks: number;
  readonly rest: number;
  readonly count: number;
}

class Multiplication {
  private readonly f: Fn;
  private readonly p: Product;
  private readonly tile: Tile;
  private readonly rows: Blocks;
  private readonly columns: Blocks;
  /** Bytes from row to row and from step to step of x, as tiles read it; for panels the first is that of one panel. */
  private readonly rowStride: number;
  private readonly stepStride: number;
  // locals
  private readonly steps: number;
  private readonly left: number;
  private readonly xBlock: number;
  private readonly yBlock: number;
  private readonly outBlock: number;
  private readonly packedX: number;
  private readonly number: number;
  private readonly vectors: number;
  private readonly out: number;

  constructor(f: Fn, product: Product) {
    const { m, n, k, transposeX } = product;
    const local = () => f.local(I32);
    const height = tileRows(VECTORS, f.relaxed);
    this.f = f;
    this.p = product;
    this.tile = new Tile(f, height, VECTORS);
    this.rows = blocksOf(m, height, ROWS / height, local());
    this.columns = blocksOf(n, WIDTH, COLUMNS / WIDTH, local());
    this.rowStride = transposeX ? 4 : 4 * k;
    this.stepStride = transposeX ? 4 * height : 4;
    [this.steps, this.left, this.xBlock, this.yBlock, this.outBlock] = Array.from({ length: 5 }, local);
    [this.packedX, this.number, this.vectors, this.out] = Array.from({ length: 4 }, local);
  }

  emit(): void {
    const { f } = this;
    const { batch, m, n, k, transposeX, transposeY } = this.p;
    if (batch * m * n === 0) return;
    if (k === 0) {
      f.get(OUT)
        .i32(0)
        .i32(4 * batch * m * n)
        .memoryFill();
      return;
    }
    f.get(SCRATCH).i32(columnBytes(this.p)).add().set(this.packedX);
    const [xRow, xStep] = transposeX ? [4, 4 * m] : [4 * k, 4];
    const [yColumn, yStep] = transposeY ? [4 * k, 4] : [4, 4 * n];
    each(f, batch, () => {
      eachBlock(f, this.columns, (j, lastColumns) => {
        each(f, Math.ceil(k / STEPS), (l) => {
          f.i32(k).get(l).i32(STEPS).mul().sub().set(this.steps);
          f.get(this.steps).i32(STEPS).get(this.steps).i32(STEPS).op("i32.lt_s").op("select").set(this.steps);
          address(f, this.yBlock, Y, [j, COLUMNS * yColumn], [l, STEPS * yStep]);
          this.pack(this.yBlock, SCRATCH, this.columns, lastColumns, yColumn, yStep, WIDTH);
          eachBlock(f, this.rows, (i, lastRows) => {
            address(f, this.xBlock, X, [i, ROWS * xRow], [l, STEPS * xStep]);
            if (transposeX) {
              this.pack(this.xBlock, this.packedX, this.rows, lastRows, xRow, xStep, this.rows.panel);
              f.get(this.packedX).set(this.xBlock);
            }
            address(f, this.outBlock, OUT, [i, ROWS * 4 * n], [j, 4 * COLUMNS]);
            this.multiply(l, lastRows, lastColumns);
          });
        });
      });
      f.increase(X, 4 * m * k)
        .increase(Y, 4 * k * n)
        .increase(OUT, 4 * m * n);
    });
  }

  /** The panels of a block, one after the other. */
  private pack(
    block: number,
    to: number,
    b: Blocks,
    last: () => void,
    rowStride: number,
    stepStride: number,
    width: number,
  ): void {
    const { f, steps } = this;
    const [start, source, target, left] = [f.local(I32), f.local(I32), f.local(I32), f.local(I32)];
    const one = (packer: Packer) => {
      f.get(start).set(source);
      packer.runLocal(source, target, steps);
    };
    f.get(block).set(start).get(to).set(target).get(b.count).set(left);
    const full = new Packer(f, { rows: b.panel, width, rowStride, stepStride });
    countdown(f, left, () => {
      one(full);
      f.increase(start, b.panel * rowStride);
    });
    if (b.rest) {
      const restWidth = width === WIDTH ? Math.ceil(b.rest / LANES) * LANES : b.rest;
      last();
      f.if(() => one(new Packer(f, { rows: b.rest, width: restWidth, rowStride, stepStride })));
    }
  }

  /** All tiles of a block: panel by panel of y, panel by panel of x. */
  private multiply(l: number, lastRows: () => void, lastColumns: () => void): void {
    const { f, columns, rows } = this;
    const [panel, outPanel, left] = [f.local(I32), f.local(I32), f.local(I32)];
    const [rowsAt, rowsLeft] = [f.local(I32), f.local(I32)];
    const tileOf = (height: number, lanes: number) => {
      f.get(rowsAt).set(this.number).get(panel).set(this.vectors);
      this.sum(height, lanes);
      this.store(height, lanes, l);
    };
    const down = (lanes: number) => {
      f.get(this.xBlock).set(rowsAt).get(outPanel).set(this.out).get(rows.count).set(rowsLeft);
      countdown(f, rowsLeft, () => {
        tileOf(rows.panel, lanes);
        this.nextRows(rowsAt);
        f.increase(this.out, 4 * this.p.n * rows.panel);
      });
      if (rows.rest) {
        lastRows();
        f.if(() => tileOf(rows.rest, lanes));
      }
      f.get(this.steps)
        .i32(VECTOR * Math.ceil(lanes / LANES))
        .mul()
        .get(panel)
        .add()
        .set(panel);
      f.increase(outPanel, 4 * lanes);
    };
    f.get(SCRATCH).set(panel).get(this.outBlock).set(outPanel).get(columns.count).set(left);
    countdown(f, left, () => down(WIDTH));
    if (columns.rest) {
      lastColumns();
      f.if(() => down(columns.rest));
    }
  }
  private nextRows(at: number): void {
    const { f, rows, rowStride, p } = this;
    if (p.transposeX)
      f.get(at)
        .get(this.steps)
        .i32(4 * rows.panel)
        .mul()
        .add()
        .set(at);
    else f.increase(at, rows.panel * rowStride);
  }

  private sum(height: number, lanes: number): void {
    const { f, tile, left, number, rowStride, p } = this;
    const vectors = Math.ceil(lanes / LANES);
    const stepStride = p.transposeX ? 4 * height : this.stepStride;
    const some = (count: number) => {
      for (let u = 0; u < count; u++) {
        const offsets = Array.from({ length: height }, (_, r) => r * rowStride + u * stepStride);
        tile.step(number, offsets, this.vectors, u * VECTOR * vectors, vectors);
      }
      f.increase(number, count * stepStride).increase(this.vectors, count * VECTOR * vectors);
    };
    tile.clear(height, vectors);
    f.get(this.steps).i32(Math.log2(UNROLL)).op("i32.shr_u").set(left);
    countdown(f, left, () => some(UNROLL));
    f.get(this.steps)
      .i32(UNROLL - 1)
      .op("i32.and")
      .set(left);
    countdown(f, left, () => some(1));
  }

  /** Writes the tile, or adds it to what earlier steps have left. */
  private store(height: number, lanes: number, l: number): void {
    const { f, tile, out, p } = this;
    const vectors = Math.ceil(lanes / LANES);
    const offset = (r: number, v: number) => 4 * r * p.n + VECTOR * v;
    if (p.k > STEPS) {
      f.get(l);
      f.if(() =>
        tile.visit(
          height,
          vectors,
          (sum, r, v) => void f.get(out).vload(offset(r, v)).get(sum).op("f32x4.add").set(sum),
        ),
      );
    }
    tile.visit(height, vectors, (sum, r, v) => storeLanes(f, out, sum, offset(r, v), lanes - v * LANES));
  }
}

function blocksOf(size: number, panel: number, perBlock: number, count: number): Blocks {
  return { size, panel, perBlock, blocks: Math.ceil(size / (panel * perBlock)), rest: size % panel, count };
}
/** `body` for each block, whose `count` is set before; its second argument leaves on the stack whether it is the last. */
function eachBlock(
  f: Fn,
  { size, panel, perBlock, blocks, count }: Blocks,
  body: (i: number, last: () => void) => void,
): void {
  each(f, blocks, (i) => {
    f.i32(Math.floor(size / panel))
      .get(i)
      .i32(perBlock)
      .mul()
      .sub()
      .set(count);
    f.get(count).i32(perBlock).get(count).i32(perBlock).op("i32.lt_s").op("select").set(count);
    body(
      i,
      () =>
        void f
          .get(i)
          .i32(blocks - 1)
          .op("i32.eq"),
    );
  });
}
