// Max pooling, its indices and its gradient on channels-last images: channels are in the lanes, so that windows may lie anyhow. The
// limit is the instructions for each element of a window.
import { I32, V128 } from "../assembler.ts";
import { address, hoistingKernelOf, locals, storeLanes } from "./emit.ts";
import { Largest } from "./largest.ts";
import type { Lowered } from "./lowered.ts";
import { eachRow, outputRow, type Shape, slicesOf, windowsOf } from "./windows.channelsLast.ts";
import { type WindowAttrs, windowKey } from "./windows.ts";

const file = "maxPool2d.channelsLast";

const [X, OUT, SLICE] = [0, 1, 2];

export function maxPool2dChannelsLast(x: Shape, out: Shape, attrs: WindowAttrs): Lowered {
  const windows = windowsOf(x, out, attrs);
  return {
    key: `maxPool2d channels-last ${x} ${out} ${windowKey(attrs)}`,
    file,
    slices: slicesOf(out),
    emit: () => {
      const f = hoistingKernelOf(3);
      const v = f.local(V128);
      const largest = new Largest(f);
      outputRow(f, windows, x[3], { image: X, outputs: OUT, slice: SLICE }, ({ at, out: to }) => ({
        start: () => largest.start(),
        visit: (offset) => {
          f.get(at).vload(offset).set(v);
          largest.visit(v);
        },
        finish: (lanes) => storeLanes(f, to, largest.finish(), 0, lanes),
      }));
      return f.finished();
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
      const f = hoistingKernelOf(3, relaxed);
      const [best, bestAt, v, here, mask] = locals(f, V128, 5);
      const step = attrs.dilation ?? [1, 1];
      outputRow(f, windows, x[3], { image: X, outputs: OUT, slice: SLICE }, ({ at, out: to, row, column, length }) => ({
        start: (_, { from: first }) => {
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
      return f.finished();
    },
  };
}

/** dy at the places that `indices` names; `attrs` are those of the pooling that made them. */
export function maxPool2dGradChannelsLast(dy: Shape, dx: Shape, attrs: WindowAttrs): Lowered {
  const windows = windowsOf(dx, dy, attrs);
  const [images, H, W, C] = dx;
  const step = attrs.dilation ?? [1, 1];
  return {
    key: `maxPool2dGrad channels-last ${dy} ${dx} ${windowKey(attrs)}`,
    file,
    slices: images,
    emit: () => {
      const f = hoistingKernelOf(4);
      const [DY, INDICES, DX, IMAGE] = [0, 1, 2, 3];
      const [gradient, index, here, moved] = locals(f, V128, 4);
      const [target, sources] = locals(f, I32, 2);
      address(f, target, DX, [IMAGE, 4 * H * W * C]);
      f.get(target)
        .i32(0)
        .i32(4 * H * W * C)
        .memoryFill();
      f.get(INDICES).get(DY).sub().set(sources);
      eachRow(f, IMAGE, dy[1], (slice) => {
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
      });
      return f.finished();
    },
  };
}
