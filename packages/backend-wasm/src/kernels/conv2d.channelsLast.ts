// Direct convolution on channels-last images: the taps of a kernel row and the channels under them lie side by side, so that an
// output is the sum of as many runs as the kernel has rows, and a tile (six outputs beside each other times eight channels)
// needs no packing but that of the weights. A kernel of one tap is a product of all pixels. The limit is the multipliers' peak.
import { type Fn, I32 } from "../assembler.ts";
import { address, countdown, each, eachPiece, kernelOf, LANES, locals, split, tapsInside, times } from "./emit.ts";
import type { Lowered, Stage } from "./lowered.ts";
import { RowsTimesPanels8 } from "./product.ts";
import { Tile, tileRows } from "./tile.ts";
import { PANEL, panelsOf } from "./winograd.ts";

export interface DirectConvolution {
  readonly images: number;
  readonly sizeIn: readonly [h: number, w: number];
  readonly sizeOut: readonly [h: number, w: number];
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** From a phase's output to its next one: pixels of the input, and of the output. */
  readonly stride: readonly number[];
  readonly every: readonly number[];
  /** Outputs of no phase are 0. */
  readonly phases: readonly DirectPhase[];
}
/** Outputs that have the same taps: all of a convolution's, or those of a gradient with strides that lie alike. */
export interface DirectPhase {
  /** Taps, and their distance in the input. */
  readonly kernel: readonly number[];
  readonly step: readonly number[];
  /** The place of the first output, and how many there are. */
  readonly start: readonly number[];
  readonly outputs: readonly number[];
  /** Pixels above and left of the image at which the first output's taps begin; negative: inside. */
  readonly before: readonly number[];
  /** Weight (channel out o, in c, taps p and q) is number o*out + c*in + p*row + q*column + offset. */
  readonly weights: {
    readonly out: number;
    readonly in: number;
    readonly row: number;
    readonly column: number;
    readonly offset: number;
  };
}

/** Bytes of the input of a slice: a part of a second-level cache. */
const SLICE_BYTES = 200_000;
const UNROLL = 4;
const VECTORS = 2;

const [X, WEIGHTS, Y, SCRATCH, OWN, SLICE] = [0, 1, 2, 3, 4, 5];

/** Functions get input, weights, output, scratch, own memory and the slice. */
export function lowerDirect(key: string, conv: DirectConvolution): Lowered {
  const { images, channelsIn, channelsOut, sizeOut, every, phases } = conv;
  const taps = tapsOf(conv);
  const pixels = images * sizeOut[0] * sizeOut[1];
  const products = phases.reduce((n, { kernel, outputs }) => n + kernel[0] * kernel[1] * outputs[0] * outputs[1], 0);
  const stage = (name: string, slices: number, body: (f: Fn) => void): Stage => ({
    key: name,
    slices,
    emit: (relaxed) => {
      const f = kernelOf(6, relaxed);
      body(f);
      return f;
    },
  });
  const memory = {
    key,
    file: "conv2d.channelsLast",
    flops: 2 * images * products * channelsIn * channelsOut,
    scratchBytes: 4 * PANEL * panelsOf(channelsOut) * taps * channelsIn + 64,
  };
  const packed = {
    ...stage("weights", panelsOf(channelsOut), (f) => packPanel(f, conv)),
    weights: taps * channelsIn * channelsOut,
  };
  if (isProduct(conv)) {
    const block = 30 * Math.max(1, Math.min(32, Math.round(SLICE_BYTES / (4 * channelsIn * 30))));
    const unit = common(pixels, block);
    const product = {
      ...stage("pixels", Math.ceil(pixels / block), (f) => emitProduct(f, conv, pixels, block)),
      rows: { count: pixels / unit, perSlice: block / unit },
    };
    return { ...memory, ownBytes: 64, stages: [packed, product] };
  }
  const rows = rowsOf(conv);
  const all = stage("rows", images * Math.ceil(phaseRows(conv) / rows), (f) => new Rows(f, conv, rows).emit());
  const perSlice = rows * every[0];
  const whole = sizeOut[0] % perSlice === 0 ? { rows: { count: images * sizeOut[0], perSlice } } : {};
  return {
    ...memory,
    ownBytes: 64 + 4 * channelsIn * paddedWidth(conv) * inputRows(conv, rows),
    stages: [packed, { ...all, ...whole }],
  };
}

const tapsOf = ({ phases }: DirectConvolution): number =>
  phases.reduce((taps, { kernel }) => taps + kernel[0] * kernel[1], 0);
/** The largest common divisor. */
const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
const isProduct = ({ phases: [phase], stride, every, sizeIn, sizeOut }: DirectConvolution): boolean =>
  phase !== undefined &&
  [...phase.kernel, ...stride, ...every].every((n) => n === 1) &&
  sizeIn.every((n, i) => n === sizeOut[i]);

/** [panel][phase][tap][channel in][channel out of the panel]; lanes beyond the last channel repeat it. */
function packPanel(f: Fn, conv: DirectConvolution): void {
  const { channelsIn, channelsOut, phases } = conv;
  if (!phases.length) return;
  const [base, from, to, left] = locals(f, I32, 4);
  const { out, in: channel } = phases[0].weights;
  address(f, base, WEIGHTS, [SLICE, 4 * PANEL * out]);
  address(f, to, SCRATCH, [SLICE, 4 * PANEL * tapsOf(conv) * channelsIn]);
  const places = phases.flatMap(({ kernel, weights: { row, column, offset } }) =>
    Array.from({ length: kernel[0] * kernel[1] }, (_, tap) => {
      const [p, q] = [Math.floor(tap / kernel[1]), tap % kernel[1]];
      return offset + p * row + q * column;
    }),
  );
  const some = (lanes: number) => {
    for (const place of places) {
      f.get(base)
        .i32(4 * place)
        .add()
        .set(from);
      times(f, left, channelsIn, () => {
        for (let lane = 0; lane < PANEL; lane++)
          f.get(to)
            .get(from)
            .loadi(4 * Math.min(lane, lanes - 1) * out)
            .storei(4 * lane);
        f.increase(from, 4 * channel).increase(to, 4 * PANEL);
      });
    }
  };
  const rest = channelsOut % PANEL;
  if (!rest) return some(PANEL);
  f.get(SLICE)
    .i32(panelsOf(channelsOut) - 1)
    .op("i32.lt_u");
  f.if(
    () => some(PANEL),
    () => some(rest),
  );
}

function emitProduct(f: Fn, { channelsIn, channelsOut }: DirectConvolution, pixels: number, block: number): void {
  const [count, tiles, rows, out] = locals(f, I32, 4);
  const product = new RowsTimesPanels8(f, {
    steps: channelsIn,
    columns: channelsOut,
    rowStride: 4 * channelsIn,
    outStride: 4 * channelsOut,
  });
  f.i32(pixels).get(SLICE).i32(block).mul().sub().set(count);
  f.get(count).i32(block).get(count).i32(block).op("i32.lt_u").op("select").set(count);
  f.get(count).i32(product.height).op("i32.div_u").set(tiles);
  address(f, rows, X, [SLICE, 4 * channelsIn * block]);
  address(f, out, Y, [SLICE, 4 * channelsOut * block]);
  const isLast = () => void f.get(count).i32(block).op("i32.ne");
  const rest = { rows: (pixels % block) % product.height, when: isLast };
  product.emit({ rows, panels: SCRATCH, out, tiles }, [rest]);
}

// ---- kernels of more than one tap: a slice is some rows of an image -----------------------------------------------------------
/** Pixels left and right of the image that taps reach. */
function padding({ sizeIn, stride, phases }: DirectConvolution): [left: number, right: number] {
  const ends = phases.map(
    ({ outputs, before, kernel, step }) => (outputs[1] - 1) * stride[1] - before[1] + (kernel[1] - 1) * step[1],
  );
  const left = Math.max(0, ...phases.map(({ before }) => before[1]));
  return [left, Math.max(0, ...ends.map((end) => end - sizeIn[1] + 1))];
}
const paddedWidth = (conv: DirectConvolution): number => {
  const [left, right] = padding(conv);
  return left + conv.sizeIn[1] + right;
};
/** Rows from that of an output's first taps to that of its last ones, of all phases. */
const reach = ({ phases }: DirectConvolution): readonly [from: number, to: number] => [
  Math.min(...phases.map(({ before }) => -before[0])),
  Math.max(...phases.map(({ before, kernel, step }) => (kernel[0] - 1) * step[0] - before[0])),
];
const inputRows = (conv: DirectConvolution, rows: number): number => {
  if (!conv.phases.length) return 0;
  const [from, to] = reach(conv);
  return (rows - 1) * conv.stride[0] + to - from + 1;
};
/** The most rows of a phase. */
const phaseRows = ({ sizeOut, every }: DirectConvolution): number => Math.ceil(sizeOut[0] / every[0]);
/** Of them those of a slice. */
function rowsOf(conv: DirectConvolution): number {
  const bytes = 4 * conv.channelsIn * paddedWidth(conv);
  let rows = 1;
  while (rows < phaseRows(conv) && bytes * inputRows(conv, rows + 1) <= SLICE_BYTES) rows++;
  return rows;
}

class Rows {
  private readonly f: Fn;
  private readonly conv: DirectConvolution;
  private readonly rows: number;
  private readonly tile: Tile;
  private readonly left: number;
  private readonly right: number;
  /** Whether rows are copied to where they have zeros left and right. */
  private readonly copies: boolean;
  // locals
  private readonly image: number;
  private readonly first: number;
  private readonly count: number;
  private readonly base: number;
  private readonly at: number;
  private readonly out: number;
  private readonly number: number;
  private readonly vectors: number;
  private readonly weights: number;
  private readonly from: number;
  private readonly length: number;
  private readonly k: number;
  private readonly row: number;

  constructor(f: Fn, conv: DirectConvolution, rows: number) {
    this.f = f;
    this.conv = conv;
    this.rows = rows;
    this.tile = new Tile(f, tileRows(1, f.relaxed), f.wide ? 2 * VECTORS : VECTORS);
    [this.left, this.right] = padding(conv);
    this.copies = this.left > 0 || this.right > 0;
    [this.image, this.first, this.count, this.base, this.at, this.out] = locals(f, I32, 6);
    [this.number, this.vectors, this.weights, this.from, this.length, this.k, this.row] = locals(f, I32, 7);
  }
  private get panelBytes(): number {
    return 4 * PANEL * tapsOf(this.conv) * this.conv.channelsIn;
  }
  /** Bytes of a row of the input, as it is read. */
  private get rowBytes(): number {
    return 4 * this.conv.channelsIn * (this.copies ? paddedWidth(this.conv) : this.conv.sizeIn[1]);
  }

  emit(): void {
    const { f, conv, rows, image, first, count, base } = this;
    const { sizeIn, sizeOut, every, channelsIn, channelsOut } = conv;
    const slices = Math.ceil(phaseRows(conv) / rows);
    const [outRow, panel] = locals(f, I32, 2);
    f.get(SLICE).i32(slices).op("i32.div_u").set(image);
    f.get(SLICE).i32(slices).op("i32.rem_u").i32(rows).mul().set(first);
    this.least(count, () => f.i32(phaseRows(conv)).get(first).sub(), rows);
    address(f, base, X, [image, 4 * sizeIn[0] * sizeIn[1] * channelsIn]);
    if (this.copies) this.copyRows();
    f.get(image).i32(sizeOut[0]).mul().get(first).i32(every[0]).mul().add().set(outRow);
    address(f, outRow, Y, [outRow, 4 * sizeOut[1] * channelsOut]);
    if (!coversAll(conv)) this.clear(outRow);
    f.get(SCRATCH).set(panel);
    const one = (lanes: number) => {
      let packed = 0;
      for (const phase of conv.phases) {
        this.phase(phase, panel, 4 * PANEL * packed * channelsIn, outRow, lanes);
        packed += phase.kernel[0] * phase.kernel[1];
      }
      const panels = Math.ceil(lanes / PANEL);
      f.increase(panel, panels * this.panelBytes).increase(outRow, 4 * PANEL * panels);
    };
    const whole = Math.floor(channelsOut / PANEL);
    if (f.wide) each(f, whole >> 1, () => one(2 * PANEL));
    each(f, f.wide ? whole & 1 : whole, () => one(PANEL));
    if (channelsOut % PANEL) one(channelsOut % PANEL);
  }
  /** local = the smaller of what `value` leaves and `most` */
  private least(local: number, value: () => void, most: number): void {
    value();
    this.f.set(local);
    this.f.get(local).i32(most).get(local).i32(most).op("i32.lt_s").op("select").set(local);
  }
  /** The slice's outputs, which begin at `outRow`, to 0. */
  private clear(outRow: number): void {
    const { f, conv, first, rows } = this;
    const { sizeOut, every, channelsOut } = conv;
    const lines = f.local(I32);
    this.least(lines, () => f.i32(sizeOut[0]).get(first).i32(every[0]).mul().sub(), rows * every[0]);
    f.get(outRow)
      .i32(0)
      .get(lines)
      .i32(4 * sizeOut[1] * channelsOut)
      .mul()
      .memoryFill();
  }
  /** A phase's outputs in the slice, of the channels of a panel. */
  private phase(phase: DirectPhase, panel: number, packed: number, outRow: number, lanes: number): void {
    const { f, conv, first, count } = this;
    const { sizeOut, every, channelsOut } = conv;
    const [outAt, i, rows, taps] = locals(f, I32, 4);
    const line = 4 * sizeOut[1] * channelsOut;
    f.get(panel).i32(packed).add().set(taps);
    f.get(outRow)
      .i32(phase.start[0] * line + 4 * phase.start[1] * channelsOut)
      .add()
      .set(outAt);
    f.get(count).set(rows);
    if (phase.outputs[0] < phaseRows(conv)) {
      f.i32(phase.outputs[0]).get(first).sub().set(i);
      f.get(i).get(rows).get(i).get(rows).op("i32.lt_s").op("select").set(rows);
    }
    f.i32(0).set(i);
    countdown(f, rows, () => {
      this.outputRow(phase, i, taps, outAt, lanes);
      f.increase(outAt, every[0] * line).increase(i, 1);
    });
  }

  /** The input of all rows of the slice to its own memory; `base` is then where the image's row 0 would be there. */
  private copyRows(): void {
    const { f, conv, first, count, base, left, right } = this;
    const { sizeIn, stride, channelsIn } = conv;
    const [from, to] = reach(conv);
    const [low, rows, source, target] = locals(f, I32, 4);
    const pixel = 4 * channelsIn;
    const atLeast = (local: number, least: number) =>
      f.get(local).i32(least).get(local).i32(least).op("i32.gt_s").op("select").set(local);
    f.get(first).i32(stride[0]).mul().i32(from).add().set(low);
    f.get(count).i32(1).sub().i32(stride[0]).mul().get(low).add();
    f.i32(to - from + 1)
      .add()
      .set(rows);
    f.get(rows).i32(sizeIn[0]).get(rows).i32(sizeIn[0]).op("i32.lt_s").op("select").set(rows);
    atLeast(low, 0);
    f.get(rows).get(low).sub().set(rows);
    atLeast(rows, 0);
    address(f, source, base, [low, pixel * sizeIn[1]]);
    f.get(OWN).set(target);
    f.get(OWN).get(low).i32(this.rowBytes).mul().sub().set(base);
    const zeros = (count: number) => {
      if (count)
        f.get(target)
          .i32(0)
          .i32(pixel * count)
          .memoryFill();
      f.increase(target, pixel * count);
    };
    countdown(f, rows, () => {
      zeros(left);
      f.get(target)
        .get(source)
        .i32(pixel * sizeIn[1])
        .memoryCopy();
      f.increase(target, pixel * sizeIn[1]).increase(source, pixel * sizeIn[1]);
      zeros(right);
    });
  }

  private outputRow(phase: DirectPhase, i: number, panel: number, outAt: number, lanes: number): void {
    const { f, conv, weights, from, length, at, out, base, first: firstRow } = this;
    const { kernel, step, before, outputs } = phase;
    const { stride, every, channelsIn, channelsOut, sizeIn } = conv;
    const first = f.local(I32);
    const vectors = Math.ceil(lanes / LANES);
    f.get(firstRow).get(i).add().i32(stride[0]).mul().i32(before[0]).sub().set(first);
    tapsInside(f, { first, step: step[0], count: kernel[0], size: sizeIn[0], from, length });
    address(f, weights, panel, [from, 4 * PANEL * kernel[1] * channelsIn]);
    f.get(first).get(from).i32(step[0]).mul().add().set(first);
    address(f, at, base, [first, this.rowBytes]);
    f.increase(at, 4 * channelsIn * (this.left - before[1]));
    f.get(outAt).set(out);
    const across = 4 * channelsOut * every[1];
    eachPiece(f, split(outputs[1], tileRows(Math.min(vectors, VECTORS), f.relaxed)), (size) => {
      this.tile.clear(size, vectors);
      this.sum(phase, size, vectors);
      this.tile.store(size, lanes, out, across);
      f.increase(at, 4 * size * stride[1] * channelsIn).increase(out, size * across);
    });
  }

  private sum({ kernel, step }: DirectPhase, size: number, vectors: number): void {
    const { f, conv, number, at, length, row, k, tile } = this;
    const { stride, channelsIn } = conv;
    const [runs, steps] = step[1] === 1 ? [1, kernel[1] * channelsIn] : [kernel[1], channelsIn];
    const line = f.local(I32);
    const some = (count: number) => {
      for (let u = 0; u < count; u++) {
        const offsets = Array.from({ length: size }, (_, p) => 4 * (p * stride[1] * channelsIn + u));
        tile.step(number, offsets, this.vectors, 4 * PANEL * u, vectors, this.panelBytes);
      }
      f.increase(number, 4 * count).increase(this.vectors, 4 * PANEL * count);
    };
    f.get(this.weights).set(this.vectors).get(at).set(line).get(length).set(row);
    countdown(f, row, () => {
      for (let run = 0; run < runs; run++) {
        f.get(line)
          .i32(4 * run * step[1] * channelsIn)
          .add()
          .set(number);
        times(f, k, Math.floor(steps / UNROLL), () => some(UNROLL));
        if (steps % UNROLL) some(steps % UNROLL);
      }
      f.increase(line, step[0] * this.rowBytes);
    });
  }
}

/** Whether every output is some phase's. */
const coversAll = ({ phases, sizeOut }: DirectConvolution): boolean =>
  phases.reduce((pixels, { outputs }) => pixels + outputs[0] * outputs[1], 0) === sizeOut[0] * sizeOut[1];
