// Where the windows of 2-D pooling lie, and the walk over outputs, four beside each other at a time. What is done with the
// elements of a window is the pools' business.
import { type Fn, I32, V128 } from "../assembler.ts";
import { address, countdown, each, LANES, locals, tapsInside, times } from "./emit.ts";
import { type Padded, paddedBytes, paddedWidth, padRows } from "./rows.ts";

/** [h, w] each. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
  /** Set where a program keeps images channels-last (channelsLast.ts); shapes are then those of how they lie. */
  readonly channelsLast?: boolean;
}
export interface Windows {
  readonly planes: number;
  /** [h, w] */
  readonly image: readonly number[];
  readonly pooled: readonly number[];
  readonly attrs: WindowAttrs;
}
export const windowsOf = (image: readonly number[], pooled: readonly number[], attrs: WindowAttrs): Windows => ({
  planes: image[0] * image[1],
  image: image.slice(2),
  pooled: pooled.slice(2),
  attrs,
});
/** Of one image: a slice of the pools. */
export const windowsOfOne = (image: readonly number[], pooled: readonly number[], attrs: WindowAttrs): Windows =>
  windowsOf([1, ...image.slice(1)], pooled, attrs);
/** Moves pointers to the slice's image: each to an array of the shape beside it, of 4 bytes an element. */
export function toImage(
  f: Fn,
  slice: number,
  ...arrays: readonly (readonly [pointer: number, shape: readonly number[]])[]
): void {
  for (const [pointer, [, ...shape]] of arrays)
    address(f, pointer, pointer, [slice, 4 * shape.reduce((a, b) => a * b, 1)]);
}
export const windowKey = ({ kernel, stride, padding, dilation }: WindowAttrs): string =>
  `k${kernel} s${stride} p${padding} d${dilation ?? [1, 1]}`;

/** Along one axis (0: rows, 1: columns): window i starts at i*stride + first, its elements are `step` apart. */
export interface WindowAxis {
  readonly count: number;
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly first: number;
  readonly step: number;
}
export function windowAxis({ image, pooled, attrs }: Windows, axis: 0 | 1): WindowAxis {
  const { kernel, stride, padding, dilation = [1, 1] } = attrs;
  return {
    count: pooled[axis],
    size: image[axis],
    kernel: kernel[axis],
    stride: stride[axis],
    first: -padding[axis],
    step: dilation[axis],
  };
}
/** The places of window i that lie in the image. */
export const insideOf = ({ size, kernel, stride, first, step }: WindowAxis, i: number): number[] =>
  Array.from({ length: kernel }, (_, k) => i * stride + first + k * step).filter((at) => at >= 0 && at < size);
/** Whether some window has nothing of the image. */
export const hasEmpty = (windows: Windows): boolean =>
  ([0, 1] as const).some((k) => {
    const axis = windowAxis(windows, k);
    return Array.from({ length: axis.count }, (_, i) => insideOf(axis, i)).some((inside) => inside.length === 0);
  });
const end = ({ count, kernel, stride, first, step }: WindowAxis): number =>
  (count - 1) * stride + first + (kernel - 1) * step;
/** Whether no window runs over an edge. */
export const isInside = (axis: WindowAxis): boolean => axis.first >= 0 && end(axis) < axis.size;
/** Whether every element lies in exactly one window. */
export function tiles(windows: Windows): boolean {
  const covers = (axis: WindowAxis) =>
    isInside(axis) && axis.kernel === axis.stride && axis.step === 1 && axis.count * axis.kernel === axis.size;
  return covers(windowAxis(windows, 0)) && covers(windowAxis(windows, 1));
}

function paddedOf(windows: Windows): Padded {
  const columns = windowAxis(windows, 1);
  const right = Math.max(0, end(columns) - columns.size + 1);
  return { rows: windows.image[0], width: windows.image[1], left: -columns.first, right };
}
/** 64 more: a vector may be read past the end. */
export function windowScratchBytes(windows: Windows): number {
  const { rows, width, left, right } = paddedOf(windows);
  return left || right ? paddedBytes({ rows, width, left, right }) + 64 : 0;
}

/** Where the walk is. */
export interface Place {
  /** Row and first column of up to four outputs. */
  readonly i: number;
  readonly j: number;
  /** The first row of the windows that lies in the image, and how many do. */
  readonly row: number;
  readonly rows: number;
  /** How many outputs. */
  readonly lanes: number;
}
/** A window's element in up to four windows: `v` has them, in kernel column `column`. */
type Visit = (v: number, column: number) => void;

const [X, OUT] = [0, 1];

/** A pool: for each vector of outputs `start`, `visit` for the elements, row by row, and `finish`, which leaves the result. */
export interface Pool {
  /** What lies left and right of the image. */
  readonly outside: number;
  start(place: Place): void;
  /** After a row of each window. */
  nextRow?(): void;
  visit: Visit;
  finish(place: Place): void;
}

export class WindowWalk {
  private readonly f: Fn;
  private readonly windows: Windows;
  private readonly rows: WindowAxis;
  private readonly columns: WindowAxis;
  private readonly padded: Padded;
  private readonly scratch: number;
  // locals
  private readonly image: number;
  private readonly at: number;
  private readonly pointer: number;
  private readonly from: number;
  private readonly length: number;
  private readonly row: number;
  private readonly counter: number;
  private readonly v: readonly number[];

  /** @param scratch local with the address of `windowScratchBytes` bytes. */
  constructor(f: Fn, windows: Windows, scratch: number) {
    this.f = f;
    this.windows = windows;
    this.scratch = scratch;
    this.rows = windowAxis(windows, 0);
    this.columns = windowAxis(windows, 1);
    this.padded = paddedOf(windows);
    [this.image, this.at, this.pointer, this.from, this.length, this.row, this.counter] = locals(f, I32, 7);
    this.v = locals(f, V128, 3);
  }

  emit(pool: Pool): void {
    const { f, windows, padded, rows } = this;
    const planeBytes = 4 * windows.image[0] * windows.image[1];
    if (windows.pooled[0] * windows.pooled[1] === 0) return;
    each(f, windows.planes, () => {
      if (padded.left || padded.right) {
        f.get(this.scratch).set(this.image);
        padRows(f, X, this.image, padded, pool.outside);
      } else f.get(X).set(this.image);
      each(f, rows.count, (i) => this.outputRow(pool, i));
      f.increase(X, planeBytes);
    });
  }

  private outputRow(pool: Pool, i: number): void {
    const { f, rows, columns, row, from, length } = this;
    const [j, left] = [f.local(I32), f.local(I32)];
    f.get(i).i32(rows.stride).mul().i32(rows.first).add().set(row);
    tapsInside(f, { first: row, step: rows.step, count: rows.kernel, size: rows.size, from, length });
    f.get(row).get(from).i32(rows.step).mul().add().set(row);
    f.get(this.image)
      .get(row)
      .i32(4 * paddedWidth(this.padded))
      .mul()
      .add()
      .set(this.at);
    f.i32(0).set(j);
    const some = (lanes: number) => {
      const place = { i, j, row, rows: length, lanes };
      pool.start(place);
      this.window(pool, lanes);
      pool.finish(place);
      f.increase(this.at, 4 * LANES * columns.stride)
        .increase(OUT, 4 * lanes)
        .increase(j, LANES);
    };
    times(f, left, columns.count >> 2, () => some(LANES));
    if (columns.count % LANES) some(columns.count % LANES);
  }

  private window(pool: Pool, lanes: number): void {
    const { f, rows, pointer, counter } = this;
    const rowBytes = 4 * rows.step * paddedWidth(this.padded);
    const one = () => {
      this.windowRow((v, k) => pool.visit(v, k), lanes);
      pool.nextRow?.();
      f.increase(pointer, rowBytes);
    };
    f.get(this.at).set(pointer);
    if (isInside(rows)) times(f, counter, rows.kernel, one);
    else {
      f.get(this.length).set(counter);
      countdown(f, counter, one);
    }
  }
  private windowRow(visit: Visit, lanes: number): void {
    const { f, columns, pointer, v } = this;
    const { kernel, stride, step } = columns;
    for (let k = 0; k < kernel; k++) {
      const offset = 4 * k * step;
      if (stride === 1) f.get(pointer).vload(offset).set(v[0]);
      else if (stride === 2 && step === 1) this.everySecond(k, lanes);
      else this.gather(offset, lanes);
      visit(v[0], k);
    }
  }
  /** Elements 0, 2, 4, 6 from kernel column k; what lies between them is that of the column after. */
  private everySecond(k: number, lanes: number): void {
    const { f, pointer, v } = this;
    const [result, low, high] = v;
    if (k % 2 === 0) {
      f.get(pointer)
        .vload(4 * k)
        .set(low);
      if (lanes > 2)
        f.get(pointer)
          .vload(4 * k + 16)
          .set(high);
    }
    if (k % 2 === 0) f.get(low).get(high).shuffleWords(0, 2, 4, 6).set(result);
    else f.get(low).get(high).shuffleWords(1, 3, 5, 7).set(result);
  }
  private gather(offset: number, lanes: number): void {
    const { f, columns, pointer, v } = this;
    f.get(pointer).vsplatload(offset).set(v[0]);
    for (let lane = 1; lane < lanes; lane++)
      f.get(pointer)
        .get(v[0])
        .laneAccess("v128.load32_lane", lane, offset + 4 * lane * columns.stride)
        .set(v[0]);
  }
}
