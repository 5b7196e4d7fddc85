// Average pooling and its gradient on channels-last images: channels are in the lanes. The limit is the cache that elements are read
// from and, by the gradient, written to, once for each window that they lie in.
import { type Fn, I32, V128 } from "../assembler.ts";
import { type AvgPoolAttrs, averageKey, counted, Divisors, divide } from "./averaging.ts";
import { address, hoistingKernelOf, locals, storeLanes } from "./emit.ts";
import type { Lowered } from "./lowered.ts";
import {
  type Body,
  eachRow,
  outputRow,
  type Places,
  type Run,
  type Shape,
  slicesOf,
  windowsOf,
} from "./windows.channelsLast.ts";
import { tiles, type Windows, windowAxis, windowKey } from "./windows.ts";

const file = "avgPool2d.channelsLast";

/** Walks over a row of outputs with what they are divided by at hand. */
function averagedRow(
  f: Fn,
  windows: Windows,
  attrs: AvgPoolAttrs,
  channels: number,
  at: Parameters<typeof outputRow>[3],
  make: (places: Places, divideBy: (local: number) => void) => Body,
): void {
  const { uniform } = new Divisors(windows, attrs);
  const [rows, columns] = [windowAxis(windows, 0), windowAxis(windows, 1)];
  const divisor = f.local(V128);
  const counts = f.local(I32);
  const row = (places: Places): Body => {
    const body = make(places, (local) => divide(f, local, uniform, () => void f.get(divisor)));
    if (uniform !== undefined) return { ...body, startRun: () => void f.vconst(uniform).set(divisor) };
    if (attrs.countIncludePad) {
      f.i32(rows.size - 2 * rows.first)
        .get(at.slice)
        .i32(rows.count)
        .op("i32.rem_u")
        .i32(rows.stride)
        .mul()
        .sub();
      f.set(counts);
      f.get(counts).i32(rows.kernel).get(counts).i32(rows.kernel).op("i32.lt_s").op("select").set(counts);
    } else f.get(places.length).set(counts);
    const startRun = ({ kind }: Run) =>
      void f.get(counts).i32(kind).mul().op("i32x4.splat").op("f32x4.convert_i32x4_s").set(divisor);
    return { ...body, startRun };
  };
  outputRow(f, windows, channels, at, row, (j) => counted(columns, j, attrs.countIncludePad));
}

export function avgPool2dChannelsLast(x: Shape, out: Shape, attrs: AvgPoolAttrs): Lowered {
  const [X, OUT, SLICE] = [0, 1, 2];
  const windows = windowsOf(x, out, attrs);
  return {
    key: `avgPool2d channels-last ${x} ${out} ${windowKey(attrs)} ${averageKey(attrs)}`,
    file,
    slices: slicesOf(out),
    emit: () => {
      const f = hoistingKernelOf(3);
      const sum = f.local(V128);
      const at = { image: X, outputs: OUT, slice: SLICE };
      averagedRow(f, windows, attrs, x[3], at, ({ at, out: to }, divideBy) => ({
        start: () => void f.vzero().set(sum),
        visit: (offset) => void f.get(sum).get(at).vload(offset).op("f32x4.add").set(sum),
        finish: (lanes) => {
          divideBy(sum);
          storeLanes(f, to, sum, 0, lanes);
        },
      }));
      return f.finished();
    },
  };
}

export function avgPool2dGradChannelsLast(dy: Shape, dx: Shape, attrs: AvgPoolAttrs): Lowered {
  const [DY, DX, IMAGE] = [0, 1, 2];
  const windows = windowsOf(dx, dy, attrs);
  const [images, H, W, C] = dx;
  const isTiled = tiles(windows);
  return {
    key: `avgPool2dGrad channels-last ${dy} ${dx} ${windowKey(attrs)} ${averageKey(attrs)}`,
    file,
    slices: images,
    emit: () => {
      const f = hoistingKernelOf(3);
      const [share, sum] = locals(f, V128, 2);
      const target = f.local(I32);
      const bytes = 4 * H * W * C;
      address(f, target, DX, [IMAGE, bytes]);
      if (!isTiled) f.get(target).i32(0).i32(bytes).memoryFill();
      eachRow(f, IMAGE, dy[1], (slice) => {
        averagedRow(f, windows, attrs, C, { image: DX, outputs: DY, slice }, ({ at, out: from }, divideBy) => ({
          start: () => {
            f.get(from).vload().set(share);
            divideBy(share);
          },
          visit: (offset, _, lanes) => {
            if (isTiled) return storeLanes(f, at, share, offset, lanes);
            f.get(at).vload(offset).get(share).op("f32x4.add").set(sum);
            storeLanes(f, at, sum, offset, lanes);
          },
          finish: () => {},
        }));
      });
      return f.finished();
    },
  };
}
