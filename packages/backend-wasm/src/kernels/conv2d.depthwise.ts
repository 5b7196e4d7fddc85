// Depthwise convolution, each channel with a kernel of its own, and its gradients on channels-last images: channels are in the lanes.
// The limit is the cache: each element of a window is loaded with its weight, and by the gradients stored, for one multiplication.
import { sizeOf } from "@lamina/core";
import { type Fn, I32, V128 } from "../assembler.ts";
import type { ConvAttrs } from "./convolution.ts";
import { address, hoistingKernelOf, kernelOf, LANES, locals, storeLanes, times, VECTOR } from "./emit.ts";
import type { Lowered, Stage } from "./lowered.ts";
import { type Body, eachRow, outputRow, type Places, type Shape, slicesOf, windowsOf } from "./windows.channelsLast.ts";
import type { Windows } from "./windows.ts";

const file = "conv2d.depthwise";
/** Sums of weights that are kept apart until the end: as many slices, for as many threads. */
const PARTS = 4;

interface Depthwise {
  readonly windows: Windows;
  readonly channels: number;
  readonly kernel: readonly number[];
  readonly taps: number;
  /** Bytes of the weights of one tap, those of all channels beside each other. */
  readonly tapBytes: number;
  readonly flops: number;
}
function depthwise(x: Shape, y: Shape, kernel: readonly number[], { stride, padding, dilation }: ConvAttrs): Depthwise {
  const taps = kernel[0] * kernel[1];
  return {
    windows: windowsOf(x, y, { kernel, stride, padding: [padding[0], padding[2]], dilation }),
    channels: x[3],
    kernel,
    taps,
    tapBytes: VECTOR * Math.ceil(x[3] / LANES),
    flops: 2 * sizeOf(y) * taps,
  };
}

/** Parameters of all stages. In the gradient of the weights the second array is dy, and `SCRATCH` holds sums of weights. */
const [FIRST, SECOND, OUT, SCRATCH, SLICE] = [0, 1, 2, 3, 4];

/** The weights as [tap][channel]: a slice is a tap. */
const packed = ({ channels, taps, tapBytes }: Depthwise): Stage => ({
  key: "weights",
  slices: taps,
  weights: channels * taps,
  emit: () => {
    const f = kernelOf(5);
    const [from, to, left] = locals(f, I32, 3);
    address(f, from, SECOND, [SLICE, 4]);
    address(f, to, SCRATCH, [SLICE, tapBytes]);
    times(f, left, channels, () => {
      f.get(to).get(from).loadi().storei();
      f.increase(from, 4 * taps).increase(to, 4);
    });
    return f;
  },
});

/** Locals of an element of a window: its four channels, their weights, and where those of the window's row lie. */
interface Element {
  readonly v: number;
  readonly w: number;
  readonly taps: number;
}
/** A row of outputs. Elements and their weights are loaded before they are visited. */
function row(
  f: Fn,
  { windows, channels, kernel, tapBytes }: Depthwise,
  at: Parameters<typeof outputRow>[3],
  weights: number,
  make: (places: Places, element: Element) => Body,
): void {
  const [pixel, taps] = locals(f, I32, 2);
  const [v, w] = locals(f, V128, 2);
  const rowBytes = kernel[1] * tapBytes;
  outputRow(f, windows, channels, at, (places) => {
    const body = make(places, { v, w, taps });
    return {
      startPixel: () => address(f, pixel, weights, [places.from, rowBytes]),
      start: (lanes, run) => {
        f.get(pixel).set(taps);
        body.start(lanes, run);
      },
      visit: (offset, k, lanes) => {
        f.get(places.at).vload(offset).set(v);
        f.get(taps)
          .vload(k * tapBytes)
          .set(w);
        body.visit(offset, k, lanes);
      },
      nextRow: () => void f.increase(taps, rowBytes),
      finish: (lanes) => {
        body.finish(lanes);
        f.increase(pixel, VECTOR);
      },
    };
  });
}

export function lowerDepthwise(key: string, x: Shape, y: Shape, kernel: readonly number[], attrs: ConvAttrs): Lowered {
  const conv = depthwise(x, y, kernel, attrs);
  const rows: Stage = {
    key: "rows",
    slices: slicesOf(y),
    rows: { count: slicesOf(y), perSlice: 1 },
    emit: (relaxed) => {
      const f = hoistingKernelOf(5, relaxed);
      const sum = f.local(V128);
      row(f, conv, { image: FIRST, outputs: OUT, slice: SLICE }, SCRATCH, ({ out }, { v, w }) => ({
        start: () => void f.vzero().set(sum),
        visit: () => void f.fma(sum, v, w),
        finish: (lanes) => storeLanes(f, out, sum, 0, lanes),
      }));
      return f.finished();
    },
  };
  return { key, file, flops: conv.flops, scratchBytes: conv.taps * conv.tapBytes + 64, stages: [packed(conv), rows] };
}

/** Each dy, times the kernel, added to its window. */
export function lowerDepthwiseGradInput(
  key: string,
  dy: Shape,
  dx: Shape,
  kernel: readonly number[],
  attrs: ConvAttrs,
): Lowered {
  const conv = depthwise(dx, dy, kernel, attrs);
  const [images, H, W, C] = dx;
  const all: Stage = {
    key: "images",
    slices: images,
    rows: { count: images, perSlice: 1 },
    emit: (relaxed) => {
      const f = hoistingKernelOf(5, relaxed);
      const gradient = f.local(V128);
      const target = f.local(I32);
      const bytes = 4 * H * W * C;
      address(f, target, OUT, [SLICE, bytes]);
      f.get(target).i32(0).i32(bytes).memoryFill();
      eachRow(f, SLICE, dy[1], (slice) => {
        row(f, conv, { image: OUT, outputs: FIRST, slice }, SCRATCH, ({ at, out: from }, { v, w }) => ({
          start: () => void f.get(from).vload().set(gradient),
          visit: (offset, _, lanes) => {
            f.fma(v, gradient, w);
            storeLanes(f, at, v, offset, lanes);
          },
          finish: () => {},
        }));
      });
      return f.finished();
    },
  };
  return { key, file, flops: conv.flops, scratchBytes: conv.taps * conv.tapBytes + 64, stages: [packed(conv), all] };
}

/** For each tap the sum of x times dy, those of every so many images apart; then they are added up. */
export function lowerDepthwiseGradWeight(
  key: string,
  x: Shape,
  dy: Shape,
  kernel: readonly number[],
  attrs: ConvAttrs,
): Lowered {
  const conv = depthwise(x, dy, kernel, attrs);
  const { channels, taps: count, tapBytes, flops } = conv;
  const parts = Math.max(1, Math.min(PARTS, x[0]));
  const partBytes = count * tapBytes;
  const sums: Stage = {
    key: "sums",
    slices: parts,
    emit: (relaxed) => {
      const f = hoistingKernelOf(5, relaxed);
      const gradient = f.local(V128);
      const [image, part] = locals(f, I32, 2);
      address(f, part, SCRATCH, [SLICE, partBytes]);
      f.get(part).i32(0).i32(partBytes).memoryFill();
      f.get(SLICE).set(image);
      f.loop(() => {
        eachRow(f, image, dy[1], (slice) => {
          row(f, conv, { image: FIRST, outputs: SECOND, slice }, part, ({ out: from }, { v, w: sum, taps }) => ({
            start: () => void f.get(from).vload().set(gradient),
            visit: (_, k) => {
              f.fma(sum, v, gradient);
              f.get(taps)
                .get(sum)
                .vstore(k * tapBytes);
            },
            finish: () => {},
          }));
        });
        f.get(image).i32(parts).add().tee(image).i32(x[0]).op("i32.lt_u");
      });
      return f.finished();
    },
  };
  const together: Stage = {
    key: "weights",
    slices: count,
    weights: channels * count,
    emit: () => {
      const f = kernelOf(5);
      const [from, to, left] = locals(f, I32, 3);
      address(f, from, SCRATCH, [SLICE, tapBytes]);
      address(f, to, OUT, [SLICE, 4]);
      times(f, left, channels, () => {
        f.get(to).get(from).loadf();
        for (let part = 1; part < parts; part++)
          f.get(from)
            .loadf(part * partBytes)
            .op("f32.add");
        f.storef();
        f.increase(from, 4).increase(to, 4 * count);
      });
      return f;
    },
  };
  return { key, file, flops, scratchBytes: parts * partBytes + 64, stages: [sums, together] };
}
