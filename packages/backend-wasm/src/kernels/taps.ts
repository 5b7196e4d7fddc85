// The convolution that conv2d and conv2dGradInput share: every output is a sum over taps at a fixed distance from its place in
// the input. Direct, with output channels in the lanes: six outputs side by side times eight channels are one tile.
import { type Fn, I32 } from "../assembler.ts";
import { address, each, eachPiece, LANES, split, tapsInside, times } from "./emit.ts";
import { Packer } from "./pack.ts";
import { type Padded, paddedBytes, paddedWidth, padRows } from "./rows.ts";
import { Tile, tileRows } from "./tile.ts";

/** Along one axis: output `start + every*i` sums input `stride*i + first + step*t` over taps t, as far as it lies in the input. */
export interface Axis {
  readonly outputs: number;
  readonly start: number;
  readonly every: number;
  readonly stride: number;
  readonly first: number;
  readonly step: number;
  readonly taps: number;
}
/** Outputs that have the same taps; weight (channel out r, in c, taps t and u) is at offset + r*out + c*in + t*row + u*column. */
export interface Phase {
  readonly rows: Axis;
  readonly columns: Axis;
  readonly weights: { readonly offset: number; readonly out: number; readonly in: number; readonly row: number; readonly column: number };
}
export interface TapConvolution {
  readonly images: number;
  readonly groups: number;
  /** Channels of a group. */
  readonly channelsIn: number;
  readonly channelsOut: number;
  readonly sizeIn: readonly [h: number, w: number];
  readonly sizeOut: readonly [h: number, w: number];
  /** Distance of the groups' weights. */
  readonly groupWeights: number;
  /** Outputs of no phase are 0. */
  readonly phases: readonly Phase[];
}

/** Vectors of output channels in a tile. */
const VECTORS = 2;
/** Taps of a row that are written out; more become a loop. */
const MOST_UNROLLED = 16;

const tapsOf = ({ rows, columns }: Phase): number => rows.taps * columns.taps;

/** A group's output channels in blocks of eight; the last may have fewer, and then a narrower tile. */
interface Block {
  readonly first: number;
  readonly count: number;
  readonly lanes: number;
  readonly vectors: number;
}
export function channelBlocks(channels: number): Block[] {
  const full = VECTORS * LANES;
  const whole = Math.floor(channels / full);
  const rest = channels % full;
  const blocks: Block[] = [];
  if (whole) blocks.push({ first: 0, count: whole, lanes: full, vectors: VECTORS });
  if (rest) blocks.push({ first: whole * full, count: 1, lanes: rest, vectors: Math.ceil(rest / LANES) });
  return blocks;
}
/** Lanes of all blocks. */
export const blockLanes = (channels: number): number => Math.ceil(channels / LANES) * LANES;

/** How far the phases read beyond the rows of the input. */
function paddingOf({ phases, channelsIn, groups, sizeIn: [h, w] }: TapConvolution): Padded {
  const ends = phases.map(({ columns: c }) => (c.outputs - 1) * c.stride + c.first + (c.taps - 1) * c.step);
  const left = Math.max(0, ...phases.map(({ columns }) => -columns.first));
  return { rows: groups * channelsIn * h, width: w, left, right: Math.max(0, ...ends.map((end) => end - w + 1)) };
}

/** Where things lie in scratch. */
interface Scratch {
  readonly weights: readonly number[];
  readonly padded: Padded;
  readonly image: number;
  readonly bytes: number;
}
function scratchOf(conv: TapConvolution): Scratch {
  const { groups, channelsIn, channelsOut, phases } = conv;
  let bytes = 0;
  const weights = phases.map((phase) => {
    const at = bytes;
    bytes += 4 * groups * blockLanes(channelsOut) * channelsIn * tapsOf(phase);
    return at;
  });
  const padded = paddingOf(conv);
  const image = bytes;
  // 64 more: what a packer or a vector may touch past the end
  if (padded.left || padded.right) bytes += paddedBytes(padded);
  return { weights, padded, image, bytes: bytes + 64 };
}

const withWork = (conv: TapConvolution): TapConvolution => ({
  ...conv,
  phases: conv.phases.filter((phase) => conv.channelsIn * tapsOf(phase) * phase.rows.outputs * phase.columns.outputs > 0),
});

export const tapScratchBytes = (conv: TapConvolution): number => scratchOf(withWork(conv)).bytes;

/** Parameters of `f`: input, weights, output, scratch. */
export function emitTaps(f: Fn, conv: TapConvolution): void {
  new TapEmitter(f, withWork(conv)).emit();
}

const [INPUT, WEIGHTS, OUTPUT, SCRATCH] = [0, 1, 2, 3];

class TapEmitter {
  private readonly f: Fn;
  private readonly conv: TapConvolution;
  private readonly scratch: Scratch;
  private readonly tile: Tile;
  private readonly width: number;
  /** Bytes of a plane as it is read. */
  private readonly plane: number;
  // locals: the image as it is read, the place of a tile's first output, of its first input, of its weights
  private readonly image: number;
  private readonly out: number;
  private readonly tileIn: number;
  private readonly number: number;
  private readonly vectors: number;
  private readonly weights: number;
  private readonly channel: number;
  private readonly row: number;
  private readonly column: number;
  private readonly from: number;
  private readonly length: number;

  constructor(f: Fn, conv: TapConvolution) {
    this.f = f;
    this.conv = conv;
    this.scratch = scratchOf(conv);
    this.tile = new Tile(f, tileRows(1, f.relaxed), VECTORS);
    this.width = paddedWidth(this.scratch.padded);
    this.plane = 4 * conv.sizeIn[0] * this.width;
    const local = () => f.local(I32);
    [this.image, this.out, this.tileIn, this.number, this.vectors, this.weights] = Array.from({ length: 6 }, local);
    [this.channel, this.row, this.column, this.from, this.length] = Array.from({ length: 5 }, local);
  }

  emit(): void {
    const { f, conv, scratch } = this;
    const { padded } = scratch;
    const bytesIn = 4 * padded.rows * padded.width;
    const bytesOut = 4 * conv.groups * conv.channelsOut * conv.sizeOut[0] * conv.sizeOut[1];
    if (!this.coversAll()) f.get(OUTPUT).i32(0).i32(conv.images * bytesOut).memoryFill();
    if (!conv.phases.length) return;
    conv.phases.forEach((phase, i) => this.packWeights(phase, scratch.weights[i]));
    each(f, conv.images, () => {
      if (padded.left || padded.right) {
        f.get(SCRATCH).i32(scratch.image).add().set(this.image);
        padRows(f, INPUT, this.image, padded);
      } else f.get(INPUT).set(this.image);
      conv.phases.forEach((phase, i) => this.phase(phase, scratch.weights[i]));
      f.increase(INPUT, bytesIn).increase(OUTPUT, bytesOut);
    });
  }
  private coversAll(): boolean {
    const { phases, sizeOut } = this.conv;
    return phases.reduce((sum, { rows, columns }) => sum + rows.outputs * columns.outputs, 0) === sizeOut[0] * sizeOut[1];
  }

  /** To [group][block][channel in][tap row][tap column][lane]. */
  private packWeights(phase: Phase, at: number): void {
    const { f } = this;
    const { groups, channelsIn, channelsOut, groupWeights } = this.conv;
    const { offset, out, in: channel, row, column } = phase.weights;
    const [base, source, target] = [f.local(I32), f.local(I32), f.local(I32)];
    f.get(SCRATCH).i32(at).add().set(target);
    each(f, groups, (g) => {
      for (const { first, count, lanes, vectors } of channelBlocks(channelsOut)) {
        const panel = { rows: lanes, width: vectors * LANES, rowStride: 4 * out, stepStride: 4 * column };
        const packer = new Packer(f, panel);
        each(f, count, (b) => {
          address(f, base, WEIGHTS, [g, 4 * groupWeights], [b, 4 * lanes * out]);
          f.increase(base, 4 * (offset + first * out));
          if (column === 1 && row === phase.columns.taps && channel === row * phase.rows.taps) {
            f.get(base).set(source);
            packer.run(source, target, channelsIn * tapsOf(phase));
            return;
          }
          each(f, channelsIn, (c) =>
            each(f, phase.rows.taps, (t) => {
              address(f, source, base, [c, 4 * channel], [t, 4 * row]);
              packer.run(source, target, phase.columns.taps);
            }),
          );
        });
      }
    });
  }

  private phase(phase: Phase, weightsAt: number): void {
    const { f, conv } = this;
    const { channelsIn, channelsOut, groups } = conv;
    const perLane = 4 * channelsIn * tapsOf(phase);
    const planeOut = 4 * conv.sizeOut[0] * conv.sizeOut[1];
    const [groupIn, block, blockOut] = [f.local(I32), f.local(I32), f.local(I32)];
    f.get(SCRATCH).i32(weightsAt).add().set(block);
    each(f, groups, (g) => {
      address(f, groupIn, this.image, [g, channelsIn * this.plane]);
      for (const { first, count, lanes, vectors } of channelBlocks(channelsOut))
        each(f, count, (b) => {
          address(f, blockOut, OUTPUT, [g, channelsOut * planeOut], [b, lanes * planeOut]);
          f.increase(blockOut, first * planeOut);
          each(f, phase.rows.outputs, (i) => this.rowOf(phase, i, groupIn, block, blockOut, lanes, vectors));
          f.increase(block, perLane * vectors * LANES);
        });
    });
  }

  private rowOf(phase: Phase, i: number, groupIn: number, block: number, blockOut: number, lanes: number, vectors: number): void {
    const { f, from, length, width, weights, conv } = this;
    const { rows, columns } = phase;
    const first = f.local(I32);
    f.get(i).i32(rows.stride).mul().i32(rows.first).add().set(first);
    tapsInside(f, { first, step: rows.step, count: rows.taps, size: conv.sizeIn[0], from, length });
    address(f, weights, block, [from, 4 * columns.taps * vectors * LANES]);
    f.get(first).get(from).i32(rows.step).mul().add().set(first);
    address(f, this.tileIn, groupIn, [first, 4 * width]);
    f.increase(this.tileIn, 4 * (this.scratch.padded.left + columns.first));
    address(f, this.out, blockOut, [i, 4 * rows.every * conv.sizeOut[1]]);
    f.increase(this.out, 4 * (rows.start * conv.sizeOut[1] + columns.start));
    eachPiece(f, split(columns.outputs, tileRows(vectors, f.relaxed)), (size) => {
      this.sum(phase, size, vectors);
      this.tile.storeTurned(size, lanes, this.out, 4 * conv.sizeOut[0] * conv.sizeOut[1], 4 * columns.every);
      f.increase(this.tileIn, 4 * size * columns.stride).increase(this.out, 4 * size * columns.every);
    });
  }

  /** The tile's sums over all channels and taps. */
  private sum(phase: Phase, size: number, vectors: number): void {
    const { f, conv, tile, channel, row, number, length } = this;
    const { rows, columns } = phase;
    const rowIn = 4 * rows.step * this.width;
    const rowWeights = 4 * columns.taps * vectors * LANES;
    const [channelIn, channelWeights] = [f.local(I32), f.local(I32)];
    const allInside = rows.first >= 0 && (rows.outputs - 1) * rows.stride + rows.first + (rows.taps - 1) * rows.step < conv.sizeIn[0];
    tile.clear(size, vectors);
    f.get(this.tileIn).set(channelIn).get(this.weights).set(channelWeights);
    const oneRow = () => {
      this.taps(columns, size, vectors);
      f.increase(number, rowIn).increase(this.vectors, rowWeights);
    };
    times(f, channel, conv.channelsIn, () => {
      f.get(channelIn).set(number).get(channelWeights).set(this.vectors);
      if (allInside) times(f, row, rows.taps, oneRow);
      else {
        f.get(length).set(row).get(row);
        f.if(() => f.loop(() => {
          oneRow();
          f.get(row).i32(1).sub().tee(row);
        }));
      }
      f.increase(channelIn, this.plane).increase(channelWeights, rows.taps * rowWeights);
    });
  }

  /** The taps of one row. */
  private taps({ taps, step, stride }: Axis, size: number, vectors: number): void {
    const { f, tile, number, column } = this;
    const bytes = 4 * vectors * LANES;
    const offsets = (u: number) => Array.from({ length: size }, (_, p) => 4 * (p * stride + u * step));
    if (taps <= MOST_UNROLLED) {
      for (let u = 0; u < taps; u++) tile.step(number, offsets(u), this.vectors, u * bytes, vectors);
      return;
    }
    times(f, column, taps, () => {
      tile.step(number, offsets(0), this.vectors, 0, vectors);
      f.increase(number, 4 * step).increase(this.vectors, bytes);
    });
    f.increase(number, -4 * step * taps).increase(this.vectors, -bytes * taps);
  }
}
