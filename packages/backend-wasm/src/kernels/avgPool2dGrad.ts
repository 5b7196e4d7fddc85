// avgPool2dGrad: each window's dy over its divisor, added to all its elements.
import { bytesOf } from "@lamina/core";
import { F32, type Fn, I32, V128 } from "../assembler.ts";
import { type AvgPoolAttrs, averageKey, Divisors, divide } from "./averaging.ts";
import { avgPool2dGradChannelsLast } from "./avgPool2d.channelsLast.ts";
import { address, countdown, each, kernelOf, LANES, locals, storeLanes, tapsInside, times } from "./emit.ts";
import type { Lower } from "./lowered.ts";
import { tiles, toImage, type WindowAxis, type Windows, windowAxis, windowKey, windowsOfOne } from "./windows.ts";

const [DY, DX, OWN] = [0, 1, 2];

export const avgPool2dGrad: Lower = ([dy], attrs: AvgPoolAttrs, out) => {
  if (attrs.channelsLast) return avgPool2dGradChannelsLast(dy.shape, out.shape, attrs);
  const windows = windowsOfOne(out.shape, dy.shape, attrs);
  const divisors = new Divisors(windows, attrs);
  const ownBytes = divisors.bytes || undefined;
  return {
    key: `avgPool2dGrad ${dy.shape} ${out.shape} ${windowKey(attrs)} ${averageKey(attrs)}`,
    ownBytes,
    slices: out.shape[0],
    emit: () => {
      const slice = ownBytes ? 3 : 2;
      const f = kernelOf(slice + 1);
      toImage(f, slice, [DY, dy.shape], [DX, out.shape]);
      if (divisors.uniform !== undefined && tiles(windows)) emitTiles(f, windows, divisors.uniform);
      else {
        f.get(DX)
          .i32(0)
          .i32(bytesOf(out) / out.shape[0])
          .memoryFill();
        emitSums(f, windows, divisors);
      }
      return f;
    },
  };
};

/** Each dy, divided, fills its window. */
function emitTiles(f: Fn, windows: Windows, divisor: number): void {
  const [rows, columns] = [windowAxis(windows, 0), windowAxis(windows, 1)];
  const v = f.local(V128);
  const left = f.local(I32);
  const put = (some: number) => {
    divide(f, v, divisor, () => f.vconst(divisor));
    if (columns.kernel === 2) fillPairs(f, v, rows.kernel, columns.size, some);
    else fillRuns(f, v, rows.kernel, columns.size, columns.kernel);
    f.increase(DY, 4 * some).increase(DX, 4 * some * columns.kernel);
  };
  each(f, windows.planes * rows.count, () => {
    if (columns.kernel === 2) {
      const vector = (some: number) => {
        f.get(DY).vload().set(v);
        put(some);
      };
      times(f, left, columns.count >> 2, () => vector(LANES));
      if (columns.count % LANES) vector(columns.count % LANES);
    } else
      times(f, left, columns.count, () => {
        f.get(DY).vsplatload().set(v);
        put(1);
      });
    f.increase(DX, 4 * (rows.kernel - 1) * columns.size);
  });
}
/** Each of the first `some` lanes twice, in every row. */
function fillPairs(f: Fn, v: number, rows: number, width: number, some: number): void {
  const pairs = f.local(V128);
  for (let half = 0; 2 * half < some; half++) {
    f.get(v)
      .get(v)
      .shuffleWords(2 * half, 2 * half, 2 * half + 1, 2 * half + 1)
      .set(pairs);
    for (let r = 0; r < rows; r++) storeLanes(f, DX, pairs, 4 * r * width + 16 * half, 2 * some - 4 * half);
  }
}
/** The number `count` times, in every row. */
function fillRuns(f: Fn, v: number, rows: number, width: number, count: number): void {
  const [to, rowsLeft] = [f.local(I32), f.local(I32)];
  f.get(DX).set(to);
  times(f, rowsLeft, rows, () => {
    for (let k = 0; k < count; k += LANES) storeLanes(f, to, v, 4 * k, count - k);
    f.increase(to, 4 * width);
  });
}

/** Window by window, element by element. */
function emitSums(f: Fn, windows: Windows, divisors: Divisors): void {
  const [rows, columns] = [windowAxis(windows, 0), windowAxis(windows, 1)];
  const [row, rowFrom, rowCount, column, columnFrom, columnCount, line, at, left] = locals(f, I32, 9);
  const v = f.local(V128);
  const share = f.local(F32);
  const divisorsOf = divisors.prepare(f, OWN);
  const inside = (axis: WindowAxis, i: number, first: number, from: number, length: number) => {
    f.get(i).i32(axis.stride).mul().i32(axis.first).add().set(first);
    tapsInside(f, { first, step: axis.step, count: axis.kernel, size: axis.size, from, length });
    f.get(first).get(from).i32(axis.step).mul().add().set(first);
  };
  each(f, windows.planes, () => {
    each(f, rows.count, (i) =>
      each(f, columns.count, (j) => {
        f.get(DY).vsplatload().set(v);
        divide(f, v, divisors.uniform, () => divisorsOf(i, j));
        f.get(v).lane("f32x4.extract_lane", 0).set(share);
        inside(rows, i, row, rowFrom, rowCount);
        inside(columns, j, column, columnFrom, columnCount);
        address(f, line, DX, [row, 4 * columns.size], [column, 4]);
        countdown(f, rowCount, () => {
          f.get(line).set(at).get(columnCount).set(left);
          countdown(f, left, () => {
            f.get(at).get(at).loadf().get(share).op("f32.add").storef();
            f.increase(at, 4 * columns.step);
          });
          f.increase(line, 4 * rows.step * columns.size);
        });
        f.increase(DY, 4);
      }),
    );
    f.increase(DX, 4 * rows.size * columns.size);
  });
}
