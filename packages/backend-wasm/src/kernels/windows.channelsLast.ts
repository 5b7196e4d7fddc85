// The windows of pooling on channels-last images: the walk over a row of outputs, four channels at a time. What is done with the
// elements of a window is the pools' business.
import { type Fn, I32 } from "../assembler.ts";
import { address, countdown, LANES, locals, tapsInside, times, VECTOR } from "./emit.ts";
import { insideOf, type WindowAttrs, type WindowAxis, type Windows, windowAxis } from "./windows.ts";

/** [images, h, w, channels] */
export type Shape = readonly number[];

export const windowsOf = ([n, h, w, c]: Shape, [, oh, ow]: Shape, attrs: WindowAttrs): Windows => ({
  planes: n * c,
  image: [h, w],
  pooled: [oh, ow],
  attrs,
});

/** A slice is a row of outputs. */
export const slicesOf = ([n, oh]: Shape): number => n * oh;

/** Output columns beside each other whose windows have the same columns inside the image, and the same `kind`. */
export interface Run {
  readonly start: number;
  count: number;
  /** Kernel columns from, to (without it). */
  readonly from: number;
  readonly to: number;
  readonly kind: number;
}
function runsOf(axis: WindowAxis, kindOf: (column: number) => number): Run[] {
  const runs: Run[] = [];
  for (let j = 0; j < axis.count; j++) {
    const inside = insideOf(axis, j);
    const from = inside.length ? (inside[0] - j * axis.stride - axis.first) / axis.step : 0;
    const to = from + inside.length;
    const last = runs.at(-1);
    const kind = kindOf(j);
    if (last && last.from === from && last.to === to && last.kind === kind) last.count++;
    else runs.push({ start: j, count: 1, from, to, kind });
  }
  return runs;
}

/** What is done with the four channels of an output that are at hand. */
export interface Body {
  /** Before the outputs of a run. */
  startRun?(run: Run): void;
  /** Before the channels of an output. */
  startPixel?(): void;
  start(lanes: number, run: Run): void;
  /** For an element of the window: its distance in bytes from the pointer, its kernel column, and how many channels count. */
  visit(offset: number, column: number, lanes: number): void;
  /** After each row of the window. */
  nextRow?(): void;
  finish(lanes: number): void;
}
export interface Places {
  /** Locals: the four channels in the row of the window at hand, and among the outputs. */
  readonly at: number;
  readonly out: number;
  /** Locals: the window's first row in the image, and its first column, which may lie outside. */
  readonly row: number;
  readonly column: number;
  /** Locals: the first of the window's rows that is in the image, and how many are. */
  readonly from: number;
  readonly length: number;
}

/** `body` for each of an image's rows of outputs; its argument is the local with the row's number among those of all images. */
export function eachRow(f: Fn, image: number, rows: number, body: (slice: number) => void): void {
  const [left, slice] = locals(f, I32, 2);
  f.get(image).i32(rows).mul().set(slice);
  times(f, left, rows, () => {
    body(slice);
    f.increase(slice, 1);
  });
}

/** One row of outputs of one image, the number of which is in `slice`. */
export function outputRow(
  f: Fn,
  windows: Windows,
  channels: number,
  { image, outputs, slice }: Record<"image" | "outputs" | "slice", number>,
  make: (places: Places) => Body,
  kindOf: (column: number) => number = () => 0,
): void {
  const rows = windowAxis(windows, 0);
  const columns = windowAxis(windows, 1);
  const pixel = 4 * channels;
  const [n, row, from, length, base, at, out, left, column, pointer, count, vectors, start] = locals(f, I32, 13);
  f.get(slice).i32(rows.count).op("i32.div_u").set(n);
  f.get(slice).i32(rows.count).op("i32.rem_u").i32(rows.stride).mul().i32(rows.first).add().set(row);
  tapsInside(f, { first: row, step: rows.step, count: rows.kernel, size: rows.size, from, length });
  f.get(row).get(from).i32(rows.step).mul().add().set(row);
  f.get(n).i32(rows.size).mul().get(row).add().set(base);
  address(f, base, image, [base, pixel * columns.size]);
  address(f, out, outputs, [slice, pixel * columns.count]);
  const body = make({ at: pointer, out, row, column, from, length });
  for (const run of runsOf(columns, kindOf)) {
    const first = run.start * columns.stride + columns.first;
    // the first column inside: an address before the memory's start is none
    f.get(base)
      .i32(pixel * (first + run.from * columns.step))
      .add()
      .set(start);
    f.i32(first).set(column);
    body.startRun?.(run);
    const some = (lanes: number) => {
      body.start(lanes, run);
      f.get(at).set(pointer).get(length).set(count);
      countdown(f, count, () => {
        for (let k = run.from; k < run.to; k++) body.visit(pixel * (k - run.from) * columns.step, k, lanes);
        body.nextRow?.();
        f.increase(pointer, pixel * columns.size * rows.step);
      });
      body.finish(lanes);
      f.increase(at, VECTOR).increase(out, 4 * lanes);
    };
    times(f, left, run.count, () => {
      f.get(start).set(at);
      body.startPixel?.();
      times(f, vectors, Math.floor(channels / LANES), () => some(LANES));
      if (channels % LANES) some(channels % LANES);
      f.increase(start, pixel * columns.stride).increase(column, columns.stride);
    });
  }
}
