// What every kernel is written with: a function with its pointers, counted loops, ranges of taps inside an image, and
// vectors of which only some lanes are stored.
import { Fn, I32, type Relaxed } from "../assembler.ts";
import { HoistingFn } from "../hoist.ts";

export const LANES = 4;
/** Bytes of a vector. */
export const VECTOR = 16;

/** A function of `pointers` addresses. */
export const kernelOf = (pointers: number, relaxed: Relaxed = false): Fn => new Fn("", params(pointers), [], relaxed);
/** The same, for kernels with more than a few vector constants in a loop; what is returned is its `finished()`. */
export const hoistingKernelOf = (pointers: number, relaxed: Relaxed = false): HoistingFn =>
  new HoistingFn("", params(pointers), [], relaxed);
const params = (pointers: number): number[] => new Array<number>(pointers).fill(I32);

export const locals = (f: Fn, type: number, count: number): number[] =>
  Array.from({ length: count }, () => f.local(type));

/** for (i = 0; i < times; i++) */
export function each(f: Fn, times: number, body: (i: number) => void): void {
  if (times === 0) return;
  const i = f.local(I32);
  f.i32(0).set(i);
  if (times === 1) return body(i);
  f.loop(() => {
    body(i);
    f.get(i).i32(1).add().tee(i).i32(times).op("i32.lt_u");
  });
}

/** Runs `body` as often as the local says, which may be 0 and is 0 afterwards. */
export function countdown(f: Fn, times: number, body: () => void): void {
  f.get(times).if(() =>
    f.loop(() => {
      body();
      f.get(times).i32(1).sub().tee(times);
    }),
  );
}

/** Runs `body` a fixed number of times; the counter is the caller's. */
export function times(f: Fn, counter: number, count: number, body: () => void): void {
  if (count === 0) return;
  if (count === 1) return body();
  f.i32(count).set(counter);
  f.loop(() => {
    body();
    f.get(counter).i32(1).sub().tee(counter);
  });
}

/** target = base + the sum of local*bytes */
export function address(
  f: Fn,
  target: number,
  base: number,
  ...terms: readonly (readonly [local: number, bytes: number])[]
): void {
  f.get(base);
  for (const [local, bytes] of terms) f.get(local).i32(bytes).mul().add();
  f.set(target);
}

/**
 * Which of `count` taps, `step` apart and the first of them at the place in `first`, lie in 0..size-1:
 * `from` is the first, `length` how many (0 if none).
 */
export function tapsInside(
  f: Fn,
  {
    first,
    step,
    count,
    size,
    from,
    length,
  }: { first: number; step: number; count: number; size: number; from: number; length: number },
): void {
  // divisions round toward zero, which is right above 0, and below 0 the bound at 0 or the check for none takes over
  f.i32(step - 1)
    .get(first)
    .sub()
    .i32(step)
    .op("i32.div_s")
    .set(from);
  f.get(from).i32(0).get(from).i32(0).op("i32.gt_s").op("select").set(from);
  f.i32(size - 1 + step)
    .get(first)
    .sub()
    .i32(step)
    .op("i32.div_s")
    .set(length);
  f.get(length).i32(count).get(length).i32(count).op("i32.lt_s").op("select").set(length);
  f.get(length).get(from).sub().set(length);
  f.get(length).i32(0).get(length).i32(0).op("i32.gt_s").op("select").set(length);
}

/** Stores the first `lanes` of the vector, 32 bits each, at address + offset. */
export function storeLanes(f: Fn, at: number, vector: number, offset: number, lanes: number): void {
  if (lanes >= LANES) {
    f.get(at).get(vector).vstore(offset);
    return;
  }
  if (lanes & 2) f.get(at).get(vector).laneAccess("v128.store64_lane", 0, offset);
  if (lanes & 1)
    f.get(at)
      .get(vector)
      .laneAccess("v128.store32_lane", lanes - 1, offset + 4 * (lanes - 1));
}

/** `count` as few pieces of at most `most` as possible, as equal as possible: some of `large`, then some one less. */
export interface Split {
  readonly large: number;
  readonly largeCount: number;
  readonly small: number;
  readonly smallCount: number;
}
export function split(count: number, most: number): Split {
  const pieces = Math.max(1, Math.ceil(count / most));
  const small = Math.floor(count / pieces);
  const largeCount = count - small * pieces;
  return { large: small + 1, largeCount, small, smallCount: pieces - largeCount };
}
/** `body` for each piece: its code is emitted once for each size. */
export function eachPiece(f: Fn, { large, largeCount, small, smallCount }: Split, body: (size: number) => void): void {
  const counter = f.local(I32);
  if (large > 0) times(f, counter, largeCount, () => body(large));
  if (small > 0) times(f, counter, smallCount, () => body(small));
}
