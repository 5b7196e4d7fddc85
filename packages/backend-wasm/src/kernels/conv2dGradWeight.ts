// conv2dGradWeight: dw[o,c,p,q] = sum over n,i,j of x[n, c, i*stride - top + p*dilation, j*stride - left + q*dilation] * dy[n,o,i,j].
// One image at a time: dy is packed with its channels in the lanes, and a tile (up to six places of the kernel or channels of
// x, times eight channels of dy) runs over all pixels. Sums of images are then added up.
import { type Fn, I32 } from "../assembler.ts";
import { type ConvAttrs, convKey } from "./convolution.ts";
import { address, countdown, each, eachPiece, kernelOf, LANES, split, tapsInside, times, VECTOR } from "./emit.ts";
import type { Lower } from "./lowered.ts";
import { Packer } from "./pack.ts";
import { type Padded, paddedBytes, paddedWidth, padRows } from "./rows.ts";
import { blockLanes, channelBlocks } from "./taps.ts";
import { Tile, tileRows } from "./tile.ts";

interface Shapes {
  readonly x: readonly number[];
  readonly dy: readonly number[];
  readonly w: readonly number[];
  readonly attrs: ConvAttrs;
}

export const conv2dGradWeight: Lower = ([x, dy], attrs: ConvAttrs, out) => {
  const shapes = { x: x.shape, dy: dy.shape, w: out.shape, attrs };
  return {
    key: `conv2dGradWeight ${x.shape} ${dy.shape} ${out.shape} ${convKey(attrs)}`,
    scratchBytes: scratchOf(shapes).bytes,
    slices: Math.max(1, x.shape[0]),
    emit: (relaxed) => {
      const f = kernelOf(5, relaxed);
      new WeightGradient(f, shapes).emit();
      return f;
    },
  };
};

/** Where things lie in scratch: sums, dy packed, x padded. */
interface Scratch {
  readonly packed: number;
  readonly image: number;
  readonly padded: Padded;
  readonly bytes: number;
}
function scratchOf({ x: [, C, H, W], dy: [, O, oh, ow], w: [, perGroup, kh, kw], attrs }: Shapes): Scratch {
  const lanes = attrs.groups * blockLanes(O / attrs.groups);
  const left = attrs.padding[2];
  const end = (ow - 1) * attrs.stride[1] + (kw - 1) * attrs.dilation[1] - left;
  const padded = { rows: C * H, width: W, left, right: Math.max(0, end - W + 1) };
  const packed = 4 * lanes * perGroup * kh * kw;
  const image = packed + 4 * lanes * oh * ow;
  // 64 more: what a packer may touch past the end
  return { packed, image, padded, bytes: image + (left || padded.right ? paddedBytes(padded) : 0) + 64 };
}

const [X, DY, DW, SCRATCH, IMAGE] = [0, 1, 2, 3, 4];

class WeightGradient {
  private readonly f: Fn;
  private readonly shapes: Shapes;
  private readonly scratch: Scratch;
  private readonly tile: Tile;
  private readonly width: number;
  private readonly plane: number;
  // locals
  private readonly image: number;
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
    this.scratch = scratchOf(shapes);
    this.tile = new Tile(f, tileRows(1, f.relaxed), 2);
    this.width = paddedWidth(this.scratch.padded);
    this.plane = 4 * shapes.x[2] * this.width;
    const local = () => f.local(I32);
    [this.image, this.sums, this.packed, this.number, this.vectors] = Array.from({ length: 5 }, local);
    [this.row, this.column, this.from, this.length] = Array.from({ length: 4 }, local);
  }

  emit(): void {
    const { f, scratch, shapes } = this;
    const { padded } = scratch;
    const [images, C, H, W] = shapes.x;
    const [, O, oh, ow] = shapes.dy;
    const clear = () => void f.get(SCRATCH).i32(0).i32(scratch.packed).memoryFill();
    f.get(IMAGE).op("i32.eqz").if(clear);
    if (images > 0) {
      address(f, X, X, [IMAGE, 4 * C * H * W]);
      address(f, DY, DY, [IMAGE, 4 * O * oh * ow]);
      if (padded.left || padded.right) {
        f.get(SCRATCH).i32(scratch.image).add().set(this.image);
        padRows(f, X, this.image, padded);
      } else f.get(X).set(this.image);
      this.packGradient();
      this.addImage();
    }
    f.get(IMAGE)
      .i32(images - 1)
      .op("i32.ge_s")
      .if(() => this.unpack());
  }

  /** This image's dy to [group][block][pixel][lane]. */
  private packGradient(): void {
    const { f, shapes, scratch } = this;
    const [, O, oh, ow] = shapes.dy;
    const { groups } = shapes.attrs;
    const pixels = oh * ow;
    const [source, target] = [f.local(I32), f.local(I32)];
    f.get(SCRATCH).i32(scratch.packed).add().set(target);
    each(f, groups, () => {
      for (const { count, lanes, vectors } of channelBlocks(O / groups)) {
        const packer = new Packer(f, { rows: lanes, width: vectors * LANES, rowStride: 4 * pixels, stepStride: 4 });
        each(f, count, () => {
          f.get(DY).set(source);
          packer.run(source, target, pixels);
          f.increase(DY, 4 * lanes * pixels);
        });
      }
    });
  }

  private addImage(): void {
    const { f, shapes, scratch, packed } = this;
    const { groups } = shapes.attrs;
    const [, perGroup, kh] = shapes.w;
    const pixels = shapes.dy[2] * shapes.dy[3];
    const groupIn = f.local(I32);
    f.get(SCRATCH).set(this.sums);
    f.get(SCRATCH).i32(scratch.packed).add().set(packed);
    each(f, groups, (g) => {
      address(f, groupIn, this.image, [g, perGroup * this.plane]);
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
    address(f, start, groupIn, [first, 4 * this.width]);
    address(f, pixel, this.packed, [from, VECTOR * vectors * shapes.dy[3]]);
    const most = tileRows(vectors, f.relaxed);
    let q = 0;
    eachSize(kw, most, (places) => {
      f.get(start).set(channelIn);
      f.increase(channelIn, 4 * q * dilation[1] - 4 * (padding[2] - this.scratch.padded.left));
      eachPiece(f, split(perGroup, Math.floor(most / places)), (channels) => {
        f.get(channelIn).set(this.number).get(pixel).set(this.vectors);
        this.sum(places, channels, vectors);
        this.addTile(places, channels, vectors);
        f.increase(channelIn, channels * this.plane).increase(sums, VECTOR * vectors * channels);
      });
      f.increase(sums, VECTOR * vectors * perGroup * (places - 1));
      q += places;
    });
  }

  /** The tile's sums over all pixels of the image. Rows of the tile: place by place, all its channels. */
  private sum(places: number, channels: number, vectors: number): void {
    const { f, shapes, tile, row, column, number } = this;
    const { stride, dilation } = shapes.attrs;
    const ow = shapes.dy[3];
    const unroll = ow % 2 === 0 ? 2 : 1;
    const offsets = (u: number) =>
      Array.from({ length: places * channels }, (_, r) => {
        const [place, channel] = [Math.floor(r / channels), r % channels];
        return channel * this.plane + 4 * (place * dilation[1] + u * stride[1]);
      });
    tile.clear(places * channels, vectors);
    f.get(this.length).set(row);
    countdown(f, row, () => {
      times(f, column, ow / unroll, () => {
        for (let u = 0; u < unroll; u++) tile.step(number, offsets(u), this.vectors, u * VECTOR * vectors, vectors);
        f.increase(number, 4 * unroll * stride[1]).increase(this.vectors, VECTOR * unroll * vectors);
      });
      f.increase(number, 4 * (stride[0] * this.width - ow * stride[1]));
    });
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

  /** [group][block][p][q][channel][lane] to [output channel][channel][p][q]. */
  private unpack(): void {
    const { f, shapes, sums } = this;
    const { groups } = shapes.attrs;
    const [O, perGroup, kh, kw] = shapes.w;
    const places = kh * kw;
    const at = f.local(I32);
    f.get(SCRATCH).set(sums);
    each(f, groups, () => {
      for (const { count, lanes, vectors } of channelBlocks(O / groups))
        each(f, count, () => {
          each(f, places, (place) =>
            each(f, perGroup, (channel) => {
              address(f, at, DW, [channel, 4 * places], [place, 4]);
              for (let lane = 0; lane < lanes; lane++)
                f.get(at)
                  .get(sums)
                  .loadf(4 * lane)
                  .storef(4 * lane * perGroup * places);
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
