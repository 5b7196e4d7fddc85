// Copies between strided places of one element size: what permute, slice, pad, flip and cat come down to.
import type { Copy, StridedPlace } from "@lamina/core/passes";
import { type Fn, I32, V128 } from "../assembler.ts";
import { advance, nest, repeat, type Walker } from "../nest.ts";

/** Runs at least this long are left to the engine's memory.copy. */
const LONG = 256;

/** Adds the copy to `f`; `source` and `target` are locals that hold the arrays' addresses and stay as they are. */
export function emitCopy(f: Fn, source: number, target: number, copy: Copy, bytes: number): void {
  const { sizes, from, to } = copy;
  if (sizes.includes(0)) return;
  const src = startAt(f, source, from, bytes);
  const dst = startAt(f, target, to, bytes);
  const last = sizes.length - 1;
  const size = sizes[last];
  if (from.strides[last] === 1 && to.strides[last] === 1) {
    nest(
      f,
      sizes,
      [src, dst],
      () => copyRun(f, src.local, dst.local, size * bytes),
      () => 0,
    );
    return;
  }
  const square = bytes === 4 ? transposable(sizes, from, to) : undefined;
  if (square !== undefined) return emitTransposes(f, sizes, src, dst, square);
  nest(
    f,
    sizes,
    [src, dst],
    () => copyElements(f, size, src, dst, bytes),
    (w) => size * w.strides[last],
  );
}

function startAt(f: Fn, array: number, { offset, strides }: StridedPlace, bytes: number): Walker {
  const local = f.local(I32);
  f.get(array)
    .i32(offset * bytes)
    .add()
    .set(local);
  return { local, strides: strides.map((s) => s * bytes) };
}

/** `bytes` bytes that follow each other in both places. */
function copyRun(f: Fn, src: number, dst: number, bytes: number): void {
  if (bytes >= LONG) {
    f.get(dst).get(src).i32(bytes).memoryCopy();
    return;
  }
  let at = 0;
  for (; at + 16 <= bytes; at += 16) f.get(dst).get(src).vload(at).vstore(at);
  for (; at + 4 <= bytes; at += 4) f.get(dst).get(src).loadi(at).storei(at);
  for (; at < bytes; at++) f.get(dst).get(src).loadu8(at).storeu8(at);
}

function copyElements(f: Fn, count: number, src: Walker, dst: Walker, bytes: number): void {
  const last = src.strides.length - 1;
  repeat(f, count, () => {
    f.get(dst.local).get(src.local);
    if (bytes === 4) f.loadi(0).storei(0);
    else f.loadu8(0).storeu8(0);
    advance(f, src, src.strides[last]);
    advance(f, dst, dst.strides[last]);
  });
}

/** The axis along which the source runs on, if the target does so along the last one: then blocks of 4 x 4 can be turned. */
function transposable(sizes: readonly number[], from: StridedPlace, to: StridedPlace): number | undefined {
  const last = sizes.length - 1;
  if (to.strides[last] !== 1 || from.strides[last] < 0 || sizes[last] < 4) return undefined;
  const axis = from.strides.indexOf(1);
  return axis >= 0 && axis !== last && sizes[axis] >= 4 ? axis : undefined;
}

/** Moves the axis along which the source runs on beside the last one, and copies the plane they span in blocks. */
function emitTransposes(f: Fn, sizes: readonly number[], src: Walker, dst: Walker, axis: number): void {
  const last = sizes.length - 1;
  const order = [...sizes.keys()].filter((i) => i !== axis && i !== last);
  const outer = order.map((i) => sizes[i]);
  const walk = (w: Walker): Walker => ({ local: w.local, strides: [...order.map((i) => w.strides[i]), 0] });
  const plane = { rows: sizes[axis], columns: sizes[last], across: src.strides[last], down: dst.strides[axis] };
  nest(
    f,
    [...outer, 1],
    [walk(src), walk(dst)],
    () => emitPlane(f, src.local, dst.local, plane),
    () => 0,
  );
}

/** target[r*down + 4c] = source[4r + c*across], in bytes; r below `rows`, c below `columns`. */
interface Plane {
  readonly rows: number;
  readonly columns: number;
  readonly across: number;
  readonly down: number;
}

function emitPlane(f: Fn, source: number, target: number, { rows, columns, across, down }: Plane): void {
  const src: Walker = { local: f.local(I32), strides: [16, 4 * across] };
  const dst: Walker = { local: f.local(I32), strides: [4 * down, 16] };
  const whole = [rows >> 2, columns >> 2];
  f.get(source).set(src.local).get(target).set(dst.local);
  nest(
    f,
    whole,
    [src, dst],
    () =>
      repeat(f, whole[1], () => {
        turnBlock(f, src.local, dst.local, across, down);
        advance(f, src, src.strides[1]);
        advance(f, dst, dst.strides[1]);
      }),
    (w) => whole[1] * w.strides[1],
  );
  const rest = (row: number, column: number, r: number, c: number) => {
    if (r === 0 || c === 0) return;
    const a: Walker = { local: src.local, strides: [4, across] };
    const b: Walker = { local: dst.local, strides: [down, 4] };
    f.get(source)
      .i32(4 * row + column * across)
      .add()
      .set(a.local);
    f.get(target)
      .i32(row * down + 4 * column)
      .add()
      .set(b.local);
    nest(
      f,
      [r, c],
      [a, b],
      () => copyElements(f, c, a, b, 4),
      (w) => c * w.strides[1],
    );
  };
  rest(rows & ~3, 0, rows & 3, columns);
  rest(0, columns & ~3, rows & ~3, columns & 3);
}

/** Four rows of four elements, columns made rows. */
function turnBlock(f: Fn, src: number, dst: number, across: number, down: number): void {
  const [a, b, c, d, ab, cd] = Array.from({ length: 6 }, () => f.local(V128));
  [a, b, c, d].forEach(
    (v, i) =>
      void f
        .get(src)
        .vload(i * across)
        .set(v),
  );
  const half = (low: boolean) => {
    const k = low ? 0 : 2;
    f.get(a)
      .get(b)
      .shuffleWords(k, 4 + k, k + 1, 5 + k)
      .set(ab);
    f.get(c)
      .get(d)
      .shuffleWords(k, 4 + k, k + 1, 5 + k)
      .set(cd);
    f.get(dst)
      .get(ab)
      .get(cd)
      .shuffleWords(0, 1, 4, 5)
      .vstore(k * down);
    f.get(dst)
      .get(ab)
      .get(cd)
      .shuffleWords(2, 3, 6, 7)
      .vstore((k + 1) * down);
  };
  half(true);
  half(false);
}
