// Nested loops over axes whose sizes are known, with pointers that walk along. The innermost loop is the caller's.
import { type Fn, I32 } from "./assembler.ts";

/** A pointer and by how many bytes it moves for a step along each axis. */
export interface Walker {
  readonly local: number;
  readonly strides: readonly number[];
}

/** Runs `body` a fixed number of times. */
export function repeat(f: Fn, times: number, body: () => void): void {
  if (times === 1) return body();
  const left = f.local(I32);
  f.i32(times).set(left);
  f.loop(() => {
    body();
    f.get(left).i32(1).sub().tee(left);
  });
}

export function advance(f: Fn, { local }: Walker, bytes: number): void {
  if (bytes !== 0) f.get(local).i32(bytes).add().set(local);
}

/**
 * Loops over all axes but the last, for which `inner` is emitted.
 * @param moved by how many bytes `inner` moves a pointer.
 * @param first the axis to begin with: those before it are the caller's.
 */
export function nest(
  f: Fn,
  sizes: readonly number[],
  walkers: readonly Walker[],
  inner: () => void,
  moved: (w: Walker) => number,
  first = 0,
): void {
  const last = sizes.length - 1;
  const axis = (i: number): void => {
    if (i === last) return inner();
    repeat(f, sizes[i], () => {
      axis(i + 1);
      for (const w of walkers)
        advance(f, w, w.strides[i] - (i + 1 === last ? moved(w) : sizes[i + 1] * w.strides[i + 1]));
    });
  };
  axis(first);
}
