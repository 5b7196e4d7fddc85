// The gradient of weights on channels-last images, directly: for each tap the sum of outer products of a pixel of x and one of dy.
import { type Fn, I32, V128 } from "../assembler.ts";
import type { ConvAttrs } from "./convolution.ts";
import { address, countdown, each, kernelOf, LANES, locals, tapsInside, times, VECTOR } from "./emit.ts";
import type { Lowered, Stage } from "./lowered.ts";
import { outerProducts } from "./product.ts";
import { rowBytes } from "./winograd.ts";

export interface DirectWeightGradient {
  /** [images, h, w, channels] */
  readonly x: readonly number[];
  readonly dy: readonly number[];
  readonly kernel: readonly number[];
  readonly attrs: ConvAttrs;
}

/** Bytes of x and dy that are gone over for each tap and tile: a part of a second-level cache. */
const BLOCK_BYTES = 300_000;
/** Sums that are kept apart until the end: as many slices, for as many threads. */
const PARTS = 4;

const file = "conv2dGradWeight.channelsLast";
const [X, DY, DW, SCRATCH, OWN, SLICE] = [0, 1, 2, 3, 4, 5];

/** Functions get x, dy, the result, scratch, own memory and the slice. */
export function lowerDirectWeightGradient(key: string, gradient: DirectWeightGradient): Lowered {
  return isPlain(gradient) ? lowerPixels(key, gradient) : lowerTaps(key, gradient);
}

// ---- a kernel of one tap: the outer products of all pixels ---------------------------------------------------------------
/** Pixels of a block: their rows, copied so that they do not crowd the same sets of the cache, are read for each tile. */
const PIXELS = 128;

function lowerPixels(key: string, { x: [images, h, w, C], dy: [, , , O] }: DirectWeightGradient): Lowered {
  const pixels = images * h * w;
  const rows = { x: rowBytes(PIXELS, C), dy: rowBytes(PIXELS, O) };
  const columns = LANES * Math.ceil(O / LANES);
  const blocks = Math.ceil(pixels / PIXELS);
  const parts = Math.min(PARTS, blocks);
  const partBytes = 4 * C * columns;
  const stage = stageOf(6);
  return {
    key,
    file,
    flops: 2 * pixels * C * O,
    scratchBytes: Math.max(1, parts) * partBytes + 64,
    ownBytes: PIXELS * (rows.x + rows.dy) + 64,
    stages: [
      stage("sums", parts, (f) => {
        const [block, sums, left, right, steps] = locals(f, I32, 5);
        address(f, sums, SCRATCH, [SLICE, partBytes]);
        f.get(sums).i32(0).i32(partBytes).memoryFill();
        f.get(OWN)
          .i32(PIXELS * rows.x)
          .add()
          .set(right);
        f.get(SLICE).set(block);
        f.loop(() => {
          f.i32(pixels).get(block).i32(PIXELS).mul().sub().set(steps);
          f.get(steps).i32(PIXELS).get(steps).i32(PIXELS).op("i32.lt_u").op("select").set(steps);
          copyRows(f, X, OWN, block, steps, 4 * C, rows.x);
          copyRows(f, DY, right, block, steps, 4 * O, rows.dy);
          f.get(OWN).set(left);
          const shape = {
            rows: C,
            columns,
            leftStride: rows.x,
            rightStride: rows.dy,
            sumStride: 4 * columns,
            adds: true,
          };
          outerProducts(f, shape, { left, right, sums, steps });
          f.get(block).i32(parts).add().tee(block).i32(blocks).op("i32.lt_u");
        });
      }),
      {
        ...stage("weights", columns / LANES, (f) => emitWeights(f, C, O, 1, { parts, partBytes, columns })),
        weights: C * O,
      },
    ],
  };
}
/** The rows of a block, `bytes` each, to rows `stride` apart. */
function copyRows(
  f: Fn,
  source: number,
  target: number,
  block: number,
  count: number,
  bytes: number,
  stride: number,
): void {
  const [from, to, left] = locals(f, I32, 3);
  address(f, from, source, [block, PIXELS * bytes]);
  f.get(target).set(to).get(count).set(left);
  countdown(f, left, () => {
    f.get(to).get(from).i32(bytes).memoryCopy();
    f.increase(from, bytes).increase(to, stride);
  });
}

const stageOf =
  (parameters: number) =>
  (name: string, slices: number, body: (f: Fn) => void): Stage => ({
    key: name,
    slices,
    emit: (relaxed) => {
      const f = kernelOf(parameters, relaxed);
      body(f);
      return f;
    },
  });

// ---- kernels of several taps ---------------------------------------------------------------------------------------------
function lowerTaps(key: string, shape: DirectWeightGradient): Lowered {
  const { x, dy, kernel, attrs } = shape;
  const taps = kernel[0] * kernel[1];
  const [images, oh, ow, O] = dy;
  const C = x[3];
  const columns = LANES * Math.ceil(O / LANES);
  const rows = Math.max(1, Math.min(oh, Math.floor(BLOCK_BYTES / (4 * (C * attrs.stride[0] * x[2] + O * ow)))));
  const blocks = images * Math.ceil(oh / rows);
  const parts = Math.min(PARTS, blocks);
  const partBytes = 4 * taps * C * columns;
  const stage = stageOf(6);
  return {
    key,
    file,
    flops: 2 * images * oh * ow * taps * C * O,
    scratchBytes: Math.max(1, parts) * partBytes + 64,
    ownBytes: 64,
    stages: [
      stage("sums", parts, (f) => emitSums(f, shape, { rows, blocks, parts, partBytes, columns })),
      {
        ...stage("weights", columns / LANES, (f) => emitWeights(f, C, O, taps, { parts, partBytes, columns })),
        weights: taps * C * O,
      },
    ],
  };
}
const isPlain = ({ x, dy, kernel, attrs }: DirectWeightGradient): boolean =>
  [...kernel, ...attrs.stride].every((n) => n === 1) && attrs.padding.every((n) => n === 0) && x[1] === dy[1];
interface Cut {
  readonly rows: number;
  readonly blocks: number;
  readonly parts: number;
  readonly partBytes: number;
  readonly columns: number;
}

/** A part's sums, [tap][channel in][channel out]: blocks of rows SLICE, SLICE + parts, … */
function emitSums(f: Fn, { x: [, H, W, C], dy: [, oh, ow, O], kernel, attrs }: DirectWeightGradient, cut: Cut): void {
  const { stride, padding, dilation } = attrs;
  const [block, image, first, last, sums, base, tap] = locals(f, I32, 7);
  const perImage = Math.ceil(oh / cut.rows);
  address(f, base, SCRATCH, [SLICE, cut.partBytes]);
  f.get(base).i32(0).i32(cut.partBytes).memoryFill();
  f.get(SLICE).set(block);
  f.loop(() => {
    f.get(block).i32(perImage).op("i32.div_u").set(image);
    f.get(block).i32(perImage).op("i32.rem_u").i32(cut.rows).mul().set(first);
    f.get(first).i32(cut.rows).add().set(last);
    f.get(last).i32(oh).get(last).i32(oh).op("i32.lt_u").op("select").set(last);
    f.get(base).set(sums);
    each(f, kernel[0], (p) => {
      const [from, length, start, xRow, dyRow] = locals(f, I32, 5);
      // rows of the block that meet this kernel row in the image
      f.get(p).i32(dilation[0]).mul().i32(padding[0]).sub().set(start);
      tapsInside(f, { first: start, step: stride[0], count: oh, size: H, from, length });
      f.get(length).get(from).add().set(length);
      f.get(length).get(last).get(length).get(last).op("i32.lt_s").op("select").set(length);
      f.get(from).get(first).get(from).get(first).op("i32.gt_s").op("select").set(from);
      f.get(length).get(from).sub().set(length);
      f.get(image).i32(H).mul().get(from).i32(stride[0]).mul().add().get(start).add().set(xRow);
      address(f, xRow, X, [xRow, 4 * W * C]);
      f.get(image).i32(oh).mul().get(from).add().set(dyRow);
      address(f, dyRow, DY, [dyRow, 4 * ow * O]);
      for (let q = 0; q < kernel[1]; q++) {
        // columns that meet this tap in the image
        const at = q * dilation[1] - padding[2];
        const low = Math.max(0, Math.ceil(-at / stride[1]));
        const count = Math.min(ow, Math.floor((W - 1 - at) / stride[1]) + 1) - low;
        if (count > 0) {
          f.get(length).i32(0).op("i32.gt_s");
          f.if(() => {
            const [left, right, steps] = locals(f, I32, 3);
            f.get(xRow)
              .i32(4 * C * (low * stride[1] + at))
              .add()
              .set(left);
            f.get(dyRow)
              .i32(4 * O * low)
              .add()
              .set(right);
            f.i32(count).set(steps).get(sums).set(tap);
            const shape = {
              rows: C,
              columns: cut.columns,
              leftStride: 4 * C * stride[1],
              rightStride: 4 * O,
              sumStride: 4 * cut.columns,
              adds: true,
              leftGap: 4 * C * (stride[0] * W - count * stride[1]),
              rightGap: 4 * O * (ow - count),
            };
            outerProducts(f, shape, { left, right, sums: tap, steps, lines: length });
          });
        }
        f.increase(sums, 4 * C * cut.columns);
      }
    });
    f.get(block).i32(cut.parts).add().tee(block).i32(cut.blocks).op("i32.lt_u");
  });
}

/** Four output channels' weights: the parts added up, as [out channel][in channel][tap]. */
function emitWeights(
  f: Fn,
  C: number,
  O: number,
  taps: number,
  { parts, partBytes, columns }: Pick<Cut, "parts" | "partBytes" | "columns">,
): void {
  const [from, to, left] = locals(f, I32, 3);
  const total = f.local(V128);
  const some = (lanes: number) =>
    each(f, taps, (tap) => {
      address(f, to, DW, [SLICE, LANES * 4 * C * taps], [tap, 4]);
      times(f, left, C, () => {
        if (parts) f.get(from).vload();
        else f.vzero();
        for (let part = 1; part < parts; part++)
          f.get(from)
            .vload(part * partBytes)
            .op("f32x4.add");
        f.set(total);
        for (let lane = 0; lane < lanes; lane++)
          f.get(to)
            .get(total)
            .laneAccess("v128.store32_lane", lane, 4 * lane * C * taps);
        f.increase(from, 4 * columns).increase(to, 4 * taps);
      });
    });
  address(f, from, SCRATCH, [SLICE, VECTOR]);
  const rest = O % LANES;
  if (!rest) return some(LANES);
  f.get(SLICE)
    .i32(Math.floor(O / LANES))
    .op("i32.lt_u")
    .if(
      () => some(LANES),
      () => some(rest),
    );
}
