// Copies of images with zeros (or another value) left and right of each row, so that taps over the edge read those.
import { type Fn, I32, V128 } from "../assembler.ts";
import { each, LANES, storeLanes, times } from "./emit.ts";

export interface Padded {
  readonly rows: number;
  readonly width: number;
  readonly left: number;
  readonly right: number;
}
/** Of a padded row. */
export const paddedWidth = ({ left, width, right }: Padded): number => left + width + right;
export const paddedBytes = (p: Padded): number => 4 * p.rows * paddedWidth(p);

/** Emits the copy; both locals stay as they are. */
export function padRows(f: Fn, source: number, target: number, padded: Padded, value = 0): void {
  const { rows, width, left } = padded;
  const [src, dst, counter] = [f.local(I32), f.local(I32), f.local(I32)];
  const fill = f.local(V128);
  f.get(source).set(src).get(target).set(dst).vconst(value).set(fill);
  each(f, rows, () => {
    fillRun(f, dst, fill, left, counter);
    copyRun(f, src, dst, width, counter);
    fillRun(f, dst, fill, padded.right, counter);
  });
}

/** Vectors in a turn of a loop. */
const UNROLL = 4;

function copyRun(f: Fn, src: number, dst: number, count: number, counter: number): void {
  run(f, count, counter, [src, dst], (offset, lanes, v) => {
    f.get(src).vload(offset).set(v);
    storeLanes(f, dst, v, offset, lanes);
  });
}
function fillRun(f: Fn, dst: number, fill: number, count: number, counter: number): void {
  run(f, count, counter, [dst], (offset, lanes) => storeLanes(f, dst, fill, offset, lanes));
}
/** `visit` for each vector of `count` elements; the pointers move past them. */
function run(
  f: Fn,
  count: number,
  counter: number,
  pointers: readonly number[],
  visit: (offset: number, lanes: number, v: number) => void,
): void {
  const v = f.local(V128);
  const turn = UNROLL * LANES;
  const some = (elements: number) => {
    for (let at = 0; at < elements; at += LANES) visit(4 * at, Math.min(LANES, elements - at), v);
    for (const p of pointers) f.increase(p, 4 * elements);
  };
  times(f, counter, Math.floor(count / turn), () => some(turn));
  some(count % turn);
}
