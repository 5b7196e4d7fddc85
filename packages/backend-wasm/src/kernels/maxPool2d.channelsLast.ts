// Max pooling, its indices and its gradient on channels-last images: channels are in the lanes, so that windows may lie anyhow.
import { type Fn, I32, V128 } from "../assembler.ts";
import { address, countdown, kernelOf, LANES, locals, storeLanes, tapsInside, times, VECTOR } from "./emit.ts";
import type { Lowered } from "./lowered.ts";
import { insideOf, type WindowAttrs, type WindowAxis, type Windows, windowAxis, windowKey } from "./windows.ts";

const file = "maxPool2d.channelsLast";

/** [images, h, w, channels] */
type Shape = readonly number[];

const windowsOf = ([n, h, w, c]: Shape, [, oh, ow]: Shape, attrs: WindowAttrs): Windows => ({
  planes: n * c,
  image: [h, w],
  pooled: [oh, ow],
  attrs,
});

/** Output columns beside each other whose windows have the same columns inside the image. */
interface Run {
  readonly start: number;
  count: number;
  /** Kernel columns from, to (without it). */
  readonly from: number;
  readonly to: number;
}
function runsOf(axis: WindowAxis): Run[] {
  const runs: Run[] = [];
  for (let j = 0; j < axis.count; j++) {
    const inside = insideOf(axis, j);
    const from = inside.length ? (inside[0] - j * axis.stride - axis.first) / axis.step : 0;
    const to = from + inside.length;
    const last = runs.at(-1);
    if (last && last.from === from && last.to === to) last.count++;
    else runs.push({ start: j, count: 1, from, to });
  }
  return runs;
}

/** What is done with the four channels of an output that are at hand. */
interface Body {
  /** Also given: the first kernel column that is inside the image. */
  start(lanes: number, column: number): void;
  /** For an element of the window: its distance in bytes from the pointer, its kernel column, and how many channels count. */
  visit(offset: number, column: number, lanes: number): void;
  /** After each row of the window. */
  nextRow?(): void;
  finish(lanes: number): void;
}
interface Places {
  /** Locals: the four channels in the row of the window at hand, and among the outputs. */
  readonly at: number;
  readonly out: number;
  /** Locals: the window's first row in the image, and its first column, which may lie outside. */
  readonly row: number;
  readonly column: number;
  /** Local: how many of the window's rows are in the image. */
  readonly length: number;
}

/** One row of outputs of one image, the number of which is in `slice`. */
function outputRow(
  f: Fn,
  windows: Windows,
  channels: number,
  { image, outputs, slice }: Record<"image" | "outputs" | "slice", number>,
  make: (places: Places) => Body,
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
  const body = make({ at: pointer, out, row, column, length });
  for (const run of runsOf(columns)) {
    const first = run.start * columns.stride + columns.first;
    f.get(base)
      .i32(pixel * first)
      .add()
      .set(start);
    f.i32(first).set(column);
    const some = (lanes: number) => {
      body.start(lanes, run.from);
      f.get(at).set(pointer).get(length).set(count);
      countdown(f, count, () => {
        for (let k = run.from; k < run.to; k++) body.visit(pixel * k * columns.step, k, lanes);
        body.nextRow?.();
        f.increase(pointer, pixel * columns.size * rows.step);
      });
      body.finish(lanes);
      f.increase(at, VECTOR).increase(out, 4 * lanes);
    };
    times(f, left, run.count, () => {
      f.get(start).set(at);
      times(f, vectors, Math.floor(channels / LANES), () => some(LANES));
      if (channels % LANES) some(channels % LANES);
      f.increase(start, pixel * columns.stride).increase(column, columns.stride);
    });
  }
}

const [X, OUT, SLICE] = [0, 1, 2];
const slicesOf = ([n, oh]: Shape): number => n * oh;

export function maxPool2dChannelsLast(x: Shape, out: Shape, attrs: WindowAttrs): Lowered {
  const windows = windowsOf(x, out, attrs);
  return {
    key: `maxPool2d channels-last ${x} ${out} ${windowKey(attrs)}`,
    file,
    slices: slicesOf(out),
    emit: () => {
      const f = kernelOf(3);
      const [max, v, nan, signs] = locals(f, V128, 4);
      outputRow(f, windows, x[3], { image: X, outputs: OUT, slice: SLICE }, ({ at, out: to }) => ({
        start: () => void f.vconst(-Infinity).set(max).vzero().set(nan).viconst(-1).set(signs),
        // half of the machine's instructions that f32x4.max takes, which keeps NaN, and 0 before -0, by itself
        visit: (offset) => {
          f.get(max).get(at).vload(offset).tee(v).op("f32x4.pmax").set(max);
          f.get(v).get(v).op("f32x4.ne").get(nan).op("v128.or").set(nan);
          f.get(v).get(signs).op("v128.and").set(signs);
        },
        finish: (lanes) => {
          // if the largest is a 0, and all that was seen had a minus, it is -0
          f.get(signs).viconst(-0x80000000).op("v128.and").get(max);
          f.get(max).vzero().op("f32x4.eq").op("v128.bitselect").get(nan).op("v128.or").set(max);
          storeLanes(f, to, max, 0, lanes);
        },
      }));
      return f;
    },
  };
}

/** h*W + w of the first maximum, or the first NaN; 0 where the window lies in the padding. */
export function maxPool2dIndicesChannelsLast(x: Shape, out: Shape, attrs: WindowAttrs): Lowered {
  const windows = windowsOf(x, out, attrs);
  return {
    key: `maxPool2dIndices channels-last ${x} ${out} ${windowKey(attrs)}`,
    file,
    slices: slicesOf(out),
    emit: (relaxed) => {
      const f = kernelOf(3, relaxed);
      const [best, bestAt, v, here, mask] = locals(f, V128, 5);
      const step = attrs.dilation ?? [1, 1];
      outputRow(f, windows, x[3], { image: X, outputs: OUT, slice: SLICE }, ({ at, out: to, row, column, length }) => ({
        start: (_, first) => {
          f.vconst(-Infinity).set(best);
          f.get(row).i32(x[2]).mul().get(column).add().op("i32x4.splat").tee(here);
          f.viconst(first * step[1])
            .op("i32x4.add")
            .set(bestAt);
        },
        visit: (offset, k) => {
          // larger, or the first NaN
          f.get(at).vload(offset).set(v);
          f.get(best).get(best).op("f32x4.eq").get(v).get(best).op("f32x4.le").op("v128.andnot").set(mask);
          f.get(v).get(best).get(mask).laneselect().set(best);
          f.get(here)
            .viconst(k * step[1])
            .op("i32x4.add")
            .get(bestAt)
            .get(mask)
            .laneselect()
            .set(bestAt);
        },
        nextRow: () =>
          void f
            .get(here)
            .viconst(x[2] * step[0])
            .op("i32x4.add")
            .set(here),
        finish: (lanes) => {
          // 0 if there was nothing
          f.get(bestAt).i32(0).get(length).i32(0).op("i32.gt_s").sub().op("i32x4.splat").op("v128.and").set(bestAt);
          storeLanes(f, to, bestAt, 0, lanes);
        },
      }));
      return f;
    },
  };
}

/** dy at the places that `indices` names; `attrs` are those of the pooling that made them. */
export function maxPool2dGradChannelsLast(dy: Shape, dx: Shape, attrs: WindowAttrs): Lowered {
  const windows = windowsOf(dx, dy, attrs);
  const [images, H, W, C] = dx;
  const oh = dy[1];
  const step = attrs.dilation ?? [1, 1];
  return {
    key: `maxPool2dGrad channels-last ${dy} ${dx} ${windowKey(attrs)}`,
    file,
    slices: images,
    emit: () => {
      const f = kernelOf(4);
      const [DY, INDICES, DX, IMAGE] = [0, 1, 2, 3];
      const [gradient, index, here, moved] = locals(f, V128, 4);
      const [row, slice, target, sources] = locals(f, I32, 4);
      address(f, target, DX, [IMAGE, 4 * H * W * C]);
      f.get(target)
        .i32(0)
        .i32(4 * H * W * C)
        .memoryFill();
      f.get(INDICES).get(DY).sub().set(sources);
      f.get(IMAGE).i32(oh).mul().set(slice);
      times(f, row, oh, () => {
        outputRow(f, windows, C, { image: DX, outputs: DY, slice }, ({ at, out: from, row: top, column }) => ({
          start: () => {
            const indices = f.local(I32);
            f.get(from).vload().set(gradient);
            f.get(from).get(sources).add().tee(indices).vload().set(index);
            f.get(top).i32(W).mul().get(column).add().op("i32x4.splat").set(here);
          },
          visit: (offset, k, lanes) => {
            f.get(here)
              .viconst(k * step[1])
              .op("i32x4.add")
              .get(index)
              .op("i32x4.eq")
              .get(gradient)
              .op("v128.and");
            f.get(at).vload(offset).op("f32x4.add").set(moved);
            storeLanes(f, at, moved, offset, lanes);
          },
          nextRow: () =>
            void f
              .get(here)
              .viconst(W * step[0])
              .op("i32x4.add")
              .set(here),
          finish: () => {},
        }));
        f.increase(slice, 1);
      });
      return f;
    },
  };
}
