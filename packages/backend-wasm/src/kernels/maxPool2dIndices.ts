// maxPool2dIndices: h*W+w of each window's first maximum, or first NaN; 0 where the window lies in the padding.
import { type Fn, I32, V128 } from "../assembler.ts";
import { countOf } from "./elements.ts";
import { hoistingKernelOf, locals, storeLanes } from "./emit.ts";
import type { Lower } from "./lowered.ts";
import { maxPool2dIndicesChannelsLast } from "./maxPool2d.channelsLast.ts";
import { tableBytes, writeTable } from "./table.ts";
import {
  insideOf,
  isInside,
  type Place,
  type Pool,
  toImage,
  type WindowAttrs,
  type Windows,
  WindowWalk,
  windowAxis,
  windowKey,
  windowScratchBytes,
  windowsOfOne,
} from "./windows.ts";

const [X, OUT, OWN, SLICE] = [0, 1, 2, 3];

export const maxPool2dIndices: Lower = ([x], attrs: WindowAttrs, out) => {
  if (attrs.channelsLast) return maxPool2dIndicesChannelsLast(x.shape, out.shape, attrs);
  const windows = windowsOfOne(x.shape, out.shape, attrs);
  return {
    key: `maxPool2dIndices ${x.shape} ${out.shape} ${windowKey(attrs)}`,
    ownBytes: tableBytes(windows.pooled[1]) + windowScratchBytes(windows),
    slices: x.shape[0],
    emit: (relaxed) => {
      const f = hoistingKernelOf(4, relaxed);
      toImage(f, SLICE, [X, x.shape], [OUT, out.shape]);
      const table = f.local(I32);
      f.get(OWN).set(table).increase(OWN, tableBytes(windows.pooled[1]));
      new WindowWalk(f, windows, OWN).emit(new Indices(f, windows, table));
      return f.finished();
    },
  };
};

class Indices implements Pool {
  readonly outside = -Infinity;
  private readonly f: Fn;
  private readonly windows: Windows;
  /** The first column in the image of the windows of each output column; -1 if there is none. */
  private readonly table: number;
  private readonly best: number;
  private readonly bestAt: number;
  /** Index of the window's element in the row in hand and the first kernel column; and of another element. */
  private readonly start0: number;
  private readonly mask: number;

  constructor(f: Fn, windows: Windows, table: number) {
    this.f = f;
    this.windows = windows;
    this.table = table;
    [this.best, this.bestAt, this.start0, this.mask] = locals(f, V128, 4);
    const columns = windowAxis(windows, 1);
    writeTable(f, table, columns.count, (j) => insideOf(columns, j)[0] ?? -1);
  }
  start({ j, row, rows }: Place): void {
    const { f, windows, best, bestAt, start0, table } = this;
    const [, W] = windows.image;
    const columns = windowAxis(windows, 1);
    f.vconst(-Infinity).set(best);
    f.get(row).i32(W).mul().get(j).i32(columns.stride).mul().add().i32(columns.first).add().op("i32x4.splat");
    countOf(f, 0, columns.stride).op("i32x4.add").set(start0);
    if (isInside(columns) && isInside(windowAxis(windows, 0))) {
      f.get(start0).set(bestAt);
      return;
    }
    // the first element there is: it stays if none is larger than -Infinity
    f.get(row).i32(W).mul().op("i32x4.splat");
    f.get(table).get(j).i32(4).mul().add().vload().tee(this.mask).op("i32x4.add");
    f.get(this.mask).viconst(-1).op("i32x4.gt_s").op("v128.and");
    f.get(rows).i32(0).op("i32.ne").op("i32x4.splat").op("i32x4.neg").op("v128.and").set(bestAt);
  }
  nextRow(): void {
    const { f, start0, windows } = this;
    f.get(start0)
      .viconst(windows.image[1] * windowAxis(windows, 0).step)
      .op("i32x4.add")
      .set(start0);
  }
  visit(v: number, column: number): void {
    const { f, best, bestAt, start0, mask } = this;
    // larger, or the first NaN
    f.get(best).get(best).op("f32x4.eq").get(v).get(best).op("f32x4.le").op("v128.andnot").set(mask);
    f.get(v).get(best).get(mask).laneselect().set(best);
    f.get(start0);
    if (column) f.viconst(column * windowAxis(this.windows, 1).step).op("i32x4.add");
    f.get(bestAt).get(mask).laneselect().set(bestAt);
  }
  finish({ lanes }: Place): void {
    storeLanes(this.f, OUT, this.bestAt, 0, lanes);
  }
}
