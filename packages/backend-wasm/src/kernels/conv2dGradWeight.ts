// conv2dGradWeight: dw[o,c,p,q] = sum over n,i,j of x[n, c, i*stride - top + p*dilation, j*stride - left + q*dilation] * dy[n,o,i,j].
// One image at a time: dy is packed with its channels in the lanes, and a tile (up to six places of the kernel or channels of
// x, times eight channels of dy) runs over all pixels; what would be read beyond an edge is left out. Sums of images are then
// added up.
import { sizeOf } from "@lamina/core";
import { type Fn, I32, V128 } from "../assembler.ts";
import { lowerDepthwiseGradWeight } from "./conv2d.depthwise.ts";
import { lowerDirectWeightGradient } from "./conv2dGradWeight.channelsLast.ts";
import { lowerWinogradWeightGradient } from "./conv2dGradWeight.winograd.ts";
import { type ConvAttrs, convKey, nchw, winogradOf } from "./convolution.ts";
import { address, countdown, each, eachPiece, kernelOf, LANES, split, tapsInside, times, VECTOR } from "./emit.ts";
import type { Lower, Lowered, Stage } from "./lowered.ts";
import { Packer } from "./pack.ts";
import { blockLanes, channelBlocks } from "./taps.ts";
import { Tile, tileRows } from "./tile.ts";
import type { Tiling, Winograd } from "./winograd.ts";

interface Shapes {
  /** NCHW, however they lie. */
  readonly x: readonly number[];
  readonly dy: readonly number[];
  readonly w: readonly number[];
  readonly attrs: ConvAttrs;
  /** dy lies as [N, h, w, channels]. */
  readonly channelsLast: boolean;
}

/** Sums that are kept apart until the end, each of every so many images: as many slices, for as many threads. */
const PARTS = 4;
const partsOf = ({ x: [images] }: Shapes): number => Math.min(images, PARTS);

export const conv2dGradWeight: Lower = ([x, dy], attrs: ConvAttrs, out) => {
  const key = `conv2dGradWeight ${x.shape} ${dy.shape} ${out.shape} ${convKey(attrs)}`;
  const { layout } = attrs;
  if (layout && attrs.groups > 1) return lowerDepthwiseGradWeight(key, x.shape, dy.shape, out.shape.slice(2), attrs);
  if (layout?.channelsLast) return channelsLast(key, x.shape, dy.shape, out.shape, attrs, layout.winograd);
  return lowerFirst(key, x.shape, layout ? nchw(dy.shape) : dy.shape, out.shape, attrs, layout !== undefined);
};

function channelsLast(
  key: string,
  x: readonly number[],
  dy: readonly number[],
  [, , kh, kw]: readonly number[],
  attrs: ConvAttrs,
  winograd: Winograd,
): Lowered {
  const form = winogradOf(attrs, [kh, kw], x[3], dy[3], x[0], [dy[1], dy[2]], winograd);
  if (!form) return lowerDirectWeightGradient(key, { x, dy, kernel: [kh, kw], attrs });
  const tiles = [1, 2].map((i) => Math.ceil(dy[i] / form.outputs)) as [number, number];
  const of = (shape: readonly number[], before: readonly [number, number]): Tiling => ({
    size: [shape[1], shape[2]],
    channels: shape[3],
    tiles,
    step: form.outputs,
    before,
  });
  const { padding } = attrs;
  const gradient = { form, images: x[0], x: of(x, [padding[0], padding[2]]), dy: of(dy, [0, 0]) };
  return lowerWinogradWeightGradient(key, gradient, 2 * sizeOf(dy) * x[3] * kh * kw);
}

function lowerFirst(
  key: string,
  x: readonly number[],
  dy: readonly number[],
  w: readonly number[],
  attrs: ConvAttrs,
  channelsLast: boolean,
): Lowered {
  const shapes = { x, dy, w, attrs, channelsLast };
  const { sums, packed } = scratchOf(shapes);
  const stage = (name: string, parameters: number, emit: (e: WeightGradient) => void): Stage => ({
    key: name,
    emit: (relaxed) => {
      const f = kernelOf(parameters, relaxed);
      emit(new WeightGradient(f, shapes));
      return f;
    },
  });
  const parts = partsOf(shapes);
  return {
    key,
    scratchBytes: Math.max(1, parts) * sums,
    ownBytes: packed,
    flops: 2 * dy[0] * sizeOf(dy.slice(2)) * sizeOf(w),
    stages: [{ ...stage("images", 6, (e) => e.emit()), slices: parts }, stage("sum", 5, (e) => e.finish())],
  };
}

/** Bytes of one part's sums and of an image's dy packed; 64 more: what a packer may touch past the end. */
function scratchOf({ dy: [, O, oh, ow], w: [, perGroup, kh, kw], attrs }: Shapes): { sums: number; packed: number } {
  const lanes = attrs.groups * blockLanes(O / attrs.groups);
  return { sums: 64 + 4 * lanes * perGroup * kh * kw, packed: 64 + 4 * lanes * oh * ow };
}

const [X, DY, DW, SCRATCH, OWN, PART] = [0, 1, 2, 3, 4, 5];

class WeightGradient {
  private readonly f: Fn;
  private readonly shapes: Shapes;
  private readonly partBytes: number;
  private readonly tile: Tile;
  private readonly plane: number;
  // locals
  private readonly x: number;
  private readonly sums: number;
  private readonly packed: number;
  private readonly number: number;
  private readonly vectors: number;
  private readonly row: number;
  private readonly column: number;
  private readonly from: number;
  private readonly length: number;

  constructor(f: Fn, shapes: Shapes) {
    this.f = f;
    this.shapes = shapes;
    this.partBytes = scratchOf(shapes).sums;
    this.tile = new Tile(f, tileRows(1, f.relaxed), 2);
    this.plane = 4 * shapes.x[2] * shapes.x[3];
    const local = () => f.local(I32);
    [this.x, this.sums, this.packed, this.number, this.vectors] = Array.from({ length: 5 }, local);
    [this.row, this.column, this.from, this.length] = Array.from({ length: 4 }, local);
  }

  /** The sums of a part: images PART, PART + parts, … */
  emit(): void {
    const { f, shapes } = this;
    const [images, C, H, W] = shapes.x;
    const [, O, oh, ow] = shapes.dy;
    const [image, dy] = [f.local(I32), f.local(I32)];
    address(f, SCRATCH, SCRATCH, [PART, this.partBytes]);
    f.get(SCRATCH).i32(0).i32(this.partBytes).memoryFill();
    f.get(PART).set(image);
    f.loop(() => {
      address(f, this.x, X, [image, 4 * C * H * W]);
      address(f, dy, DY, [image, 4 * O * oh * ow]);
      this.packGradient(dy);
      this.addImage();
      f.get(image).i32(partsOf(shapes)).add().tee(image).i32(images).op("i32.lt_u");
    });
  }

  /** This image's dy to [group][block][pixel][lane]. */
  private packGradient(dy: number): void {
    const { f, shapes } = this;
    const [, O, oh, ow] = shapes.dy;
    const { groups } = shapes.attrs;
    const pixels = oh * ow;
    const [source, target] = [f.local(I32), f.local(I32)];
    f.get(OWN).set(target);
    each(f, groups, () => {
      for (const { count, lanes, vectors } of channelBlocks(O / groups)) {
        const [rowStride, stepStride] = shapes.channelsLast ? [4, 4 * O] : [4 * pixels, 4];
        const packer = new Packer(f, { rows: lanes, width: vectors * LANES, rowStride, stepStride });
        each(f, count, () => {
          f.get(dy).set(source);
          packer.run(source, target, pixels);
          f.increase(dy, rowStride * lanes);
        });
      }
    });
  }

  private addImage(): void {
    const { f, shapes, packed } = this;
    const { groups } = shapes.attrs;
    const [, perGroup, kh] = shapes.w;
    const pixels = shapes.dy[2] * shapes.dy[3];
    const groupIn = f.local(I32);
    f.get(SCRATCH).set(this.sums).get(OWN).set(packed);
    each(f, groups, (g) => {
      address(f, groupIn, this.x, [g, perGroup * this.plane]);
      for (const { count, vectors } of channelBlocks(shapes.dy[1] / groups))
        each(f, count, () => {
          each(f, kh, (p) => this.kernelRow(p, groupIn, vectors));
          f.increase(packed, VECTOR * vectors * pixels);
        });
    });
  }

  /** The places of one kernel row, for all channels of the group: [place][channel][lane] of the sums. */
  private kernelRow(p: number, groupIn: number, vectors: number): void {
    const { f, shapes, from, length, sums } = this;
    const { stride, padding, dilation } = shapes.attrs;
    const [, perGroup, , kw] = shapes.w;
    const [first, start, pixel, channelIn] = [f.local(I32), f.local(I32), f.local(I32), f.local(I32)];
    f.get(p).i32(dilation[0]).mul().i32(padding[0]).sub().set(first);
    tapsInside(f, { first, step: stride[0], count: shapes.dy[2], size: shapes.x[2], from, length });
    f.get(first).get(from).i32(stride[0]).mul().add().set(first);
    address(f, start, groupIn, [first, 4 * shapes.x[3]]);
    address(f, pixel, this.packed, [from, VECTOR * vectors * shapes.dy[3]]);
    const most = tileRows(vectors, f.relaxed);
    let q = 0;
    eachSize(kw, most, (places) => {
      const at = q;
      f.get(start).set(channelIn);
      eachPiece(f, split(perGroup, Math.floor(most / places)), (channels) => {
        f.get(channelIn).set(this.number).get(pixel).set(this.vectors);
        this.sum(at, places, channels, vectors);
        this.addTile(places, channels, vectors);
        f.increase(channelIn, channels * this.plane).increase(sums, VECTOR * vectors * channels);
      });
      f.increase(sums, VECTOR * vectors * perGroup * (places - 1));
      q += places;
    });
  }

  /** The tile's sums over all pixels of the image, for kernel columns from q on. Rows of the tile: place by place, all its channels. */
  private sum(q: number, places: number, channels: number, vectors: number): void {
    const { f, shapes, tile, row, number } = this;
    const { stride, padding, dilation } = shapes.attrs;
    const [W, ow] = [shapes.x[3], shapes.dy[3]];
    const step = VECTOR * vectors;
    /** Where output column j meets the tile's places; nowhere beyond an edge. */
    const offsets = (j: number) =>
      Array.from({ length: places * channels }, (_, r) => {
        const [place, channel] = [Math.floor(r / channels), r % channels];
        const at = j * stride[1] + (q + place) * dilation[1] - padding[2];
        return at >= 0 && at < W ? channel * this.plane + 4 * at : undefined;
      });
    const isWhole = (j: number) => offsets(j).every((offset) => offset !== undefined);
    const columns = Array.from({ length: ow }, (_, j) => j);
    const from = columns.findIndex(isWhole);
    const count = from < 0 ? 0 : columns.findLastIndex(isWhole) + 1 - from;
    const one = (j: number) => tile.step(number, offsets(j), this.vectors, j * step, vectors);
    tile.clear(places * channels, vectors);
    f.get(this.length).set(row);
    countdown(f, row, () => {
      const edges = columns.filter((j) => j < from || j >= from + count);
      for (const j of edges) one(j);
      if (count) this.run(from, count, offsets, vectors);
      f.increase(number, 4 * (stride[0] * W - count * stride[1])).increase(this.vectors, step * (ow - count));
    });
  }
  /** Columns from `from` on; both pointers move past `count` of them. */
  private run(from: number, count: number, offsets: (j: number) => (number | undefined)[], vectors: number): void {
    const { f, tile, number, column } = this;
    const step = VECTOR * vectors;
    const some = (n: number) => {
      for (let u = 0; u < n; u++) tile.step(number, offsets(from + u), this.vectors, (from + u) * step, vectors);
      f.increase(number, 4 * n * this.shapes.attrs.stride[1]).increase(this.vectors, step * n);
    };
    times(f, column, count >> 1, () => some(2));
    if (count & 1) some(1);
  }
  private addTile(places: number, channels: number, vectors: number): void {
    const { f, sums, tile } = this;
    const perGroup = this.shapes.w[1];
    tile.visit(places * channels, vectors, (sum, r, v) => {
      const [place, channel] = [Math.floor(r / channels), r % channels];
      const offset = VECTOR * (vectors * (place * perGroup + channel) + v);
      f.get(sums).get(sums).vload(offset).get(sum).op("f32x4.add").vstore(offset);
    });
  }

  /** The parts' sums, [group][block][p][q][channel][lane], added up, to [output channel][channel][p][q]. */
  finish(): void {
    const { f, shapes, sums } = this;
    const { groups } = shapes.attrs;
    const [O, perGroup, kh, kw] = shapes.w;
    const places = kh * kw;
    const parts = partsOf(shapes);
    const [at, total] = [f.local(I32), f.local(V128)];
    f.get(SCRATCH).set(sums);
    each(f, groups, () => {
      for (const { count, lanes, vectors } of channelBlocks(O / groups))
        each(f, count, () => {
          each(f, places, (place) =>
            each(f, perGroup, (channel) => {
              address(f, at, DW, [channel, 4 * places], [place, 4]);
              for (let v = 0; v < vectors; v++) {
                f.vzero().set(total);
                for (let part = 0; part < parts; part++)
                  f.get(total)
                    .get(sums)
                    .vload(part * this.partBytes + VECTOR * v)
                    .op("f32x4.add")
                    .set(total);
                for (let lane = 0; lane < Math.min(LANES, lanes - LANES * v); lane++)
                  f.get(at)
                    .get(total)
                    .laneAccess("v128.store32_lane", lane, 4 * (LANES * v + lane) * perGroup * places);
              }
              f.increase(sums, VECTOR * vectors);
            }),
          );
          f.increase(DW, 4 * lanes * perGroup * places);
        });
    });
  }
}

/** `body` for each piece of at most `most`, in order: its code is emitted for each. */
function eachSize(count: number, most: number, body: (size: number) => void): void {
  const { large, largeCount, small, smallCount } = split(count, most);
  for (let i = 0; i < largeCount; i++) body(large);
  for (let i = 0; i < smallCount && small > 0; i++) body(small);
}
