// matmul: stacks of x [m,k] times y [k,n], either of them stored transposed. A slice packs some columns of y in panels of eight
// and multiplies some rows of x with them, which are read in place, or turned first if they are stored transposed. Few rows are
// another matter (matmul.few.ts): then moving y costs more than multiplying.
import { sizeOf } from "@lamina/core";
import { type Fn, I32 } from "../assembler.ts";
import { emitCopy } from "../movement/copy.ts";
import { address, countdown, kernelOf, locals } from "./emit.ts";
import type { Lower, Lowered, Stage } from "./lowered.ts";
import { lowerFew } from "./matmul.few.ts";
import { Packer } from "./pack.ts";
import { RowsTimesPanels8 } from "./product.ts";

const PANEL = 8;
/** Bytes of a packed block of y: half of a second-level cache. */
const BLOCK_BYTES = 500_000;
/** Blocks of columns there should be at least: so many threads can take part in a product of few rows. */
const SHARES = 8;
/** Rows of x that are turned in a slice, at most. */
const TURNED = 32;
/** Rows of a slice, and of the last level of tiles: a multiple of every height of a tile. */
const ROWS = 480;

export interface Product {
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
  const key = `matmul ${x.shape} ${y.shape} ${transposeX} ${transposeY}`;
  const lowered = k === 0 ? nothing(sizeOf(out.shape)) : (lowerFew(product) ?? lowerMany(product));
  return { ...lowered, key, flops: 2 * product.batch * m * n * k };
};

type Work = Omit<Extract<Lowered, { stages: readonly Stage[] }>, "key">;

const [X, Y, OUT, SCRATCH, OWN, SLICE] = [0, 1, 2, 3, 4, 5];

function nothing(size: number): Work {
  const emit = () =>
    kernelOf(3)
      .get(OUT)
      .i32(0)
      .i32(4 * size)
      .memoryFill();
  return { stages: [{ key: "zeros", emit }] };
}

function lowerMany(product: Product): Work {
  const { batch, m, n, k, transposeX } = product;
  const most = Math.min(Math.ceil(Math.ceil(n / PANEL) / SHARES), Math.floor(BLOCK_BYTES / (4 * PANEL * k)));
  const columns = PANEL * Math.max(1, most);
  const slices = batch * Math.ceil(n / columns) * Math.ceil(m / ROWS);
  const multiply: Stage = {
    key: "product",
    slices,
    emit: (relaxed) => {
      const f = kernelOf(6, relaxed);
      emitSlice(f, product, columns);
      return f;
    },
  };
  const rows = divisorOf(m, TURNED);
  const turn: Stage = {
    key: "turn x",
    slices: batch * (m / rows),
    emit: () => {
      const f = kernelOf(6);
      const [from, to, item, first] = locals(f, I32, 4);
      f.get(SLICE)
        .i32(m / rows)
        .op("i32.div_u")
        .set(item);
      f.get(SLICE)
        .i32(m / rows)
        .op("i32.rem_u")
        .set(first);
      address(f, from, X, [item, 4 * m * k], [first, 4 * rows]);
      address(f, to, SCRATCH, [SLICE, 4 * rows * k]);
      const copy = { sizes: [rows, k], from: { offset: 0, strides: [1, m] }, to: { offset: 0, strides: [k, 1] } };
      emitCopy(f, from, to, copy, 4);
      return f;
    },
  };
  return {
    scratchBytes: transposeX ? 4 * batch * m * k + 64 : 64,
    ownBytes: 4 * columns * k + 64,
    stages: transposeX ? [turn, multiply] : [multiply],
  };
}

/** The largest that is at most so much. */
function divisorOf(n: number, most: number): number {
  let divisor = Math.min(n, most);
  while (n % divisor !== 0) divisor--;
  return divisor;
}

/** Some rows times some columns of one product of the stack. */
function emitSlice(f: Fn, { m, n, k, transposeX, transposeY }: Product, columns: number): void {
  const chunks = Math.ceil(n / columns);
  const blocks = Math.ceil(m / ROWS);
  const [item, chunk, block, from, to, panels, rows, out, count, tiles] = locals(f, I32, 10);
  f.get(SLICE).i32(blocks).op("i32.rem_u").set(block);
  f.get(SLICE).i32(blocks).op("i32.div_u").tee(item).i32(chunks).op("i32.rem_u").set(chunk);
  f.get(item).i32(chunks).op("i32.div_u").set(item);
  const [column, step] = transposeY ? [4 * k, 4] : [4, 4 * n];
  address(f, from, Y, [item, 4 * k * n], [chunk, columns * column]);
  f.get(OWN).set(to);
  const pack = (width: number) => {
    const source = f.local(I32);
    f.get(from).set(source);
    new Packer(f, { rows: width, width: PANEL, rowStride: column, stepStride: step }).run(source, to, k);
    f.increase(from, PANEL * column);
  };
  // whole panels of this chunk, and the last columns if it is the last chunk
  f.i32(Math.floor(n / PANEL))
    .get(chunk)
    .i32(columns / PANEL)
    .mul()
    .sub()
    .set(panels);
  const most = columns / PANEL;
  f.get(panels).i32(most).get(panels).i32(most).op("i32.lt_s").op("select").set(panels);
  const isLast = () =>
    void f
      .get(chunk)
      .i32(chunks - 1)
      .op("i32.eq");
  const left = f.local(I32);
  f.get(panels).set(left);
  countdown(f, left, () => pack(PANEL));
  const narrow = n % PANEL;
  if (narrow) {
    isLast();
    f.if(() => pack(narrow));
  }
  f.i32(m).get(block).i32(ROWS).mul().sub().set(count);
  f.get(count).i32(ROWS).get(count).i32(ROWS).op("i32.lt_u").op("select").set(count);
  address(f, rows, transposeX ? SCRATCH : X, [item, 4 * m * k], [block, 4 * ROWS * k]);
  address(f, out, OUT, [item, 4 * m * n], [block, 4 * ROWS * n], [chunk, 4 * columns]);
  const product = new RowsTimesPanels8(f, { steps: k, columns: n, rowStride: 4 * k, outStride: 4 * n });
  f.get(count).i32(product.height).op("i32.div_u").set(tiles);
  const ragged = () => void f.get(count).i32(ROWS).op("i32.ne");
  const rest = { rows: (m % ROWS) % product.height, when: ragged };
  product.emit({ rows, panels: OWN, out, tiles }, [rest], { whole: panels, isLast });
}
