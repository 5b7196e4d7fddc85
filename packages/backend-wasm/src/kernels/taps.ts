// The convolution that conv2d and conv2dGradInput share: every output is a sum over taps at a fixed distance from its place in
// the input. Direct, with output channels in the lanes: six outputs side by side times eight channels are one tile. What would
// be read beyond an edge is left out: rows while it runs, columns by tiles of their own at both ends of a row.
import { type Fn, I32 } from "../assembler.ts";
import { address, countdown, each, kernelOf, LANES, split, tapsInside, times } from "./emit.ts";
import type { Lowered, Stage } from "./lowered.ts";
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
  readonly weights: {
    readonly offset: number;
    readonly out: number;
    readonly in: number;
    readonly row: number;
    readonly column: number;
  };
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
  /** The result's channels lie side by side (default: its columns do). */
  readonly channelsLast?: boolean;
}

/** Vectors of output channels in a tile. */
const VECTORS = 2;
/** Taps of a row that are written out; more become a loop, and the input is copied to where it has zeros around. */
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

/** How far phases with many taps read beyond the rows of the input. */
function paddingOf({ phases: all, channelsIn, groups, sizeIn: [h, w] }: TapConvolution): Padded {
  const phases = all.filter(({ columns }) => columns.taps > MOST_UNROLLED);
  const ends = phases.map(({ columns: c }) => (c.outputs - 1) * c.stride + c.first + (c.taps - 1) * c.step);
  const left = Math.max(0, ...phases.map(({ columns }) => -columns.first));
  return { rows: groups * channelsIn * h, width: w, left, right: Math.max(0, ...ends.map((end) => end - w + 1)) };
}

/** Where things lie in scratch. */
interface Scratch {
  readonly weights: readonly number[];
  readonly bytes: number;
  /** Of a slice's own. */
  readonly padded: Padded;
  readonly imageBytes: number;
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
  // 64 more: what a packer or a vector may touch past the end
  const imageBytes = 64 + (padded.left || padded.right ? paddedBytes(padded) : 0);
  return { weights, bytes: bytes + 64, padded, imageBytes };
}

/** Tiles of equal code beside each other. */
interface Piece {
  /** Outputs of a tile. */
  readonly size: number;
  /** How many tiles. */
  count: number;
  /** The first output. */
  readonly start: number;
  /** Whether all taps of all its outputs are in the input's rows, some, or none. */
  readonly inside: "all" | "some" | "none";
}
function piecesOf({ outputs, stride, first, step, taps }: Axis, { left, width, right }: Padded, most: number): Piece[] {
  const { large, largeCount, small, smallCount } = split(outputs, most);
  const sizes = [...new Array<number>(largeCount).fill(large), ...new Array<number>(smallCount).fill(small)];
  const pieces: Piece[] = [];
  let start = 0;
  for (const size of sizes) {
    const [low, high] = [start * stride + first, (start + size - 1) * stride + first + (taps - 1) * step];
    const all = low >= -left && high < width + right;
    const inside = all ? "all" : high < -left || low >= width + right ? "none" : "some";
    const last = pieces.at(-1);
    if (last?.size === size && last.inside === inside && inside !== "some") last.count++;
    else pieces.push({ size, count: 1, start, inside });
    start += size;
  }
  return pieces;
}

const withWork = (conv: TapConvolution): TapConvolution => ({
  ...conv,
  phases: conv.phases.filter(
    (phase) => conv.channelsIn * tapsOf(phase) * phase.rows.outputs * phase.columns.outputs > 0,
  ),
});

/** Parameters of its functions: input, weights, output, packed weights, the padded image, and the number of the image. */
export function lowerTaps(key: string, conv: TapConvolution): Lowered {
  const work = withWork(conv);
  const { bytes, imageBytes } = scratchOf(work);
  const stage = (name: string, parameters: number, emit: (e: TapEmitter) => void): Stage => ({
    key: name,
    emit: (relaxed) => {
      const f = kernelOf(parameters, relaxed);
      emit(new TapEmitter(f, work));
      return f;
    },
  });
  const rows = { count: conv.images, perSlice: 1 };
  const images = { ...stage("images", 6, (e) => e.emit()), slices: conv.images, rows };
  return {
    key,
    file: "taps",
    scratchBytes: bytes,
    ownBytes: imageBytes,
    flops: flopsOf(work),
    stages: conv.images ? [stage("weights", 5, (e) => e.packAll()), images] : [],
  };
}
const flopsOf = ({ images, groups, channelsIn, channelsOut, phases }: TapConvolution): number =>
  phases.reduce((sum, p) => sum + p.rows.outputs * p.columns.outputs * tapsOf(p), 0) *
  (2 * images * groups * channelsIn * channelsOut);

const [INPUT, WEIGHTS, OUTPUT, SCRATCH, OWN, IMAGE] = [0, 1, 2, 3, 4, 5];

class TapEmitter {
  private readonly f: Fn;
  private readonly conv: TapConvolution;
  private readonly scratch: Scratch;
  private readonly tile: Tile;
  private readonly width: number;
  /** Bytes of a plane as it is read. */
  private readonly plane: number;
  /** Bytes from a result to the next column's, and to the next channel's. */
  private readonly pixel: number;
  private readonly channelOut: number;
  // locals: the image as it is read, the place of a tile's first output, of a row of the input, of a tile's inputs in it
  private readonly image: number;
  private readonly out: number;
  private readonly rowIn: number;
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
    const channels = conv.groups * conv.channelsOut;
    [this.pixel, this.channelOut] = conv.channelsLast ? [4 * channels, 4] : [4, 4 * conv.sizeOut[0] * conv.sizeOut[1]];
    const local = () => f.local(I32);
    [this.image, this.out, this.rowIn, this.tileIn, this.number] = Array.from({ length: 5 }, local);
    [this.vectors, this.weights] = [local(), local()];
    [this.channel, this.row, this.column, this.from, this.length] = Array.from({ length: 5 }, local);
  }

  packAll(): void {
    this.conv.phases.forEach((phase, i) => this.packWeights(phase, this.scratch.weights[i]));
  }
  /** One image. */
  emit(): void {
    const { f, conv, scratch } = this;
    const { padded } = scratch;
    const bytesIn = 4 * padded.rows * padded.width;
    const bytesOut = 4 * conv.groups * conv.channelsOut * conv.sizeOut[0] * conv.sizeOut[1];
    address(f, INPUT, INPUT, [IMAGE, bytesIn]);
    address(f, OUTPUT, OUTPUT, [IMAGE, bytesOut]);
    if (!this.coversAll()) f.get(OUTPUT).i32(0).i32(bytesOut).memoryFill();
    if (padded.left || padded.right) {
      f.get(OWN).set(this.image);
      padRows(f, INPUT, this.image, padded);
    } else f.get(INPUT).set(this.image);
    conv.phases.forEach((phase, i) => this.phase(phase, scratch.weights[i]));
  }
  private coversAll(): boolean {
    const { phases, sizeOut } = this.conv;
    return (
      phases.reduce((sum, { rows, columns }) => sum + rows.outputs * columns.outputs, 0) === sizeOut[0] * sizeOut[1]
    );
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
    const planeOut = this.channelOut;
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

  private rowOf(
    phase: Phase,
    i: number,
    groupIn: number,
    block: number,
    blockOut: number,
    lanes: number,
    vectors: number,
  ): void {
    const { f, from, length, weights, conv, scratch, tile } = this;
    const { rows, columns } = phase;
    const first = f.local(I32);
    f.get(i).i32(rows.stride).mul().i32(rows.first).add().set(first);
    tapsInside(f, { first, step: rows.step, count: rows.taps, size: conv.sizeIn[0], from, length });
    address(f, weights, block, [from, 4 * columns.taps * vectors * LANES]);
    f.get(first).get(from).i32(rows.step).mul().add().set(first);
    address(f, this.rowIn, groupIn, [first, 4 * this.width]);
    address(f, this.out, blockOut, [i, this.pixel * rows.every * conv.sizeOut[1]]);
    f.increase(this.out, this.pixel * (rows.start * conv.sizeOut[1] + columns.start));
    for (const piece of piecesOf(columns, scratch.padded, tileRows(vectors, f.relaxed))) {
      f.get(this.rowIn)
        .set(this.tileIn)
        .increase(this.tileIn, 4 * this.pieceStart(columns, piece));
      times(f, f.local(I32), piece.count, () => {
        tile.clear(piece.size, vectors);
        if (piece.inside !== "none") this.sum(phase, piece, vectors);
        const across = this.pixel * columns.every;
        if (conv.channelsLast) tile.store(piece.size, lanes, this.out, across);
        else tile.storeTurned(piece.size, lanes, this.out, this.channelOut, across);
        f.increase(this.tileIn, 4 * piece.size * columns.stride).increase(this.out, across * piece.size);
      });
    }
  }
  /** Where in a row a piece's offsets count from: its first tap, or the row's start if that tap is not in the row. */
  private pieceStart({ stride, first }: Axis, { start, inside }: Piece): number {
    return this.scratch.padded.left + (inside === "all" ? start * stride + first : 0);
  }

  /** Adds to the tile over all channels and taps. */
  private sum(phase: Phase, piece: Piece, vectors: number): void {
    const { f, conv, channel, row, number, length } = this;
    const { rows, columns } = phase;
    const rowIn = 4 * rows.step * this.width;
    const rowWeights = 4 * columns.taps * vectors * LANES;
    const [channelIn, channelWeights] = [f.local(I32), f.local(I32)];
    const allInside =
      rows.first >= 0 && (rows.outputs - 1) * rows.stride + rows.first + (rows.taps - 1) * rows.step < conv.sizeIn[0];
    f.get(this.tileIn).set(channelIn).get(this.weights).set(channelWeights);
    const oneRow = () => {
      this.taps(columns, piece, vectors);
      f.increase(number, rowIn).increase(this.vectors, rowWeights);
    };
    times(f, channel, conv.channelsIn, () => {
      f.get(channelIn).set(number).get(channelWeights).set(this.vectors);
      if (allInside) times(f, row, rows.taps, oneRow);
      else {
        f.get(length).set(row);
        countdown(f, row, oneRow);
      }
      f.increase(channelIn, this.plane).increase(channelWeights, rows.taps * rowWeights);
    });
  }

  /** The taps of one row. */
  private taps(columns: Axis, piece: Piece, vectors: number): void {
    const { f, tile, number, column } = this;
    const { taps, step } = columns;
    const bytes = 4 * vectors * LANES;
    if (taps <= MOST_UNROLLED) {
      for (let u = 0; u < taps; u++)
        tile.step(number, this.offsets(columns, piece, u), this.vectors, u * bytes, vectors);
      return;
    }
    times(f, column, taps, () => {
      tile.step(number, this.offsets(columns, piece, 0), this.vectors, 0, vectors);
      f.increase(number, 4 * step).increase(this.vectors, bytes);
    });
    f.increase(number, -4 * step * taps).increase(this.vectors, -bytes * taps);
  }
  /** Where tap u of a tile's outputs is; nowhere if it is not in the input. */
  private offsets({ stride, first, step }: Axis, { size, start, inside }: Piece, u: number): (number | undefined)[] {
    return Array.from({ length: size }, (_, p) => {
      if (inside === "all") return 4 * (p * stride + u * step);
      const at = (start + p) * stride + first + u * step;
      return at >= 0 && at < this.conv.sizeIn[1] ? 4 * at : undefined;
    });
  }
}
