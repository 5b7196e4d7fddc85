// Direct convolution on channels-last images: the taps of a kernel row and the channels under them lie side by side, so that an
// output is the sum of as many runs as the kernel has rows, and a tile (six outputs beside each other times eight channels)
// needs no packing but that of the weights. A kernel of one tap is a product of all pixels.
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
  readonly kernel: readonly [h: number, w: number];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  /** Zeros above and left of the image. */
  readonly before: readonly [top: number, left: number];
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
  const { images, channelsIn, channelsOut, kernel, sizeOut } = conv;
  const taps = kernel[0] * kernel[1];
  const pixels = images * sizeOut[0] * sizeOut[1];
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
    flops: 2 * pixels * taps * channelsIn * channelsOut,
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
  const all = stage("rows", images * Math.ceil(sizeOut[0] / rows), (f) => new Rows(f, conv, rows).emit());
  const whole = sizeOut[0] % rows === 0 ? { rows: { count: images * sizeOut[0], perSlice: rows } } : {};
  return {
    ...memory,
    ownBytes: 64 + 4 * channelsIn * paddedWidth(conv) * inputRows(conv, rows),
    stages: [packed, { ...all, ...whole }],
  };
}

/** The largest common divisor. */
const common = (a: number, b: number): number => (b === 0 ? a : common(b, a % b));
const isProduct = ({ kernel, stride, sizeIn, sizeOut }: DirectConvolution): boolean =>
  [...kernel, ...stride].every((n) => n === 1) && sizeIn.every((n, i) => n === sizeOut[i]);

/** [panel][tap][channel in][channel out of the panel]; lanes beyond the last channel repeat it. */
function packPanel(f: Fn, conv: DirectConvolution): void {
  const { channelsIn, channelsOut, kernel, weights } = conv;
  const [base, from, to, left] = locals(f, I32, 4);
  const panelBytes = 4 * PANEL * kernel[0] * kernel[1] * channelsIn;
  address(f, base, WEIGHTS, [SLICE, 4 * PANEL * weights.out]);
  f.increase(base, 4 * weights.offset);
  address(f, to, SCRATCH, [SLICE, panelBytes]);
  const some = (lanes: number) => {
    for (let p = 0; p < kernel[0]; p++)
      for (let q = 0; q < kernel[1]; q++) {
        f.get(base)
          .i32(4 * (p * weights.row + q * weights.column))
          .add()
          .set(from);
        times(f, left, channelsIn, () => {
          for (let lane = 0; lane < PANEL; lane++)
            f.get(to)
              .get(from)
              .loadi(4 * Math.min(lane, lanes - 1) * weights.out)
              .storei(4 * lane);
          f.increase(from, 4 * weights.in).increase(to, 4 * PANEL);
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
const padding = ({
  sizeIn,
  sizeOut,
  kernel,
  stride,
  dilation,
  before,
}: DirectConvolution): [left: number, right: number] => [
  before[1],
  Math.max(0, (sizeOut[1] - 1) * stride[1] - before[1] + (kernel[1] - 1) * dilation[1] - sizeIn[1] + 1),
];
const paddedWidth = (conv: DirectConvolution): number => {
  const [left, right] = padding(conv);
  return left + conv.sizeIn[1] + right;
};
const inputRows = ({ kernel, stride, dilation }: DirectConvolution, rows: number): number =>
  (rows - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1;
/** Rows of a slice. */
function rowsOf(conv: DirectConvolution): number {
  const bytes = 4 * conv.channelsIn * paddedWidth(conv);
  let rows = 1;
  while (rows < conv.sizeOut[0] && bytes * inputRows(conv, rows + 1) <= SLICE_BYTES) rows++;
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
    const { kernel, channelsIn } = this.conv;
    return 4 * PANEL * kernel[0] * kernel[1] * channelsIn;
  }
  /** Bytes of a row of the input, as it is read. */
  private get rowBytes(): number {
    return 4 * this.conv.channelsIn * (this.copies ? paddedWidth(this.conv) : this.conv.sizeIn[1]);
  }

  emit(): void {
    const { f, conv, rows, image, first, count, base } = this;
    const { sizeIn, sizeOut, channelsIn, channelsOut } = conv;
    const slices = Math.ceil(sizeOut[0] / rows);
    const [outRow, panel, outAt, i] = locals(f, I32, 4);
    f.get(SLICE).i32(slices).op("i32.div_u").set(image);
    f.get(SLICE).i32(slices).op("i32.rem_u").i32(rows).mul().set(first);
    f.i32(sizeOut[0]).get(first).sub().set(count);
    f.get(count).i32(rows).get(count).i32(rows).op("i32.lt_u").op("select").set(count);
    address(f, base, X, [image, 4 * sizeIn[0] * sizeIn[1] * channelsIn]);
    if (this.copies) this.copyRows();
    f.get(image).i32(sizeOut[0]).mul().get(first).add().set(outRow);
    address(f, outRow, Y, [outRow, 4 * sizeOut[1] * channelsOut]);
    f.get(SCRATCH).set(panel);
    const one = (lanes: number) => {
      f.get(outRow).set(outAt).i32(0).set(i);
      f.loop(() => {
        this.outputRow(i, panel, outAt, lanes);
        f.increase(outAt, 4 * sizeOut[1] * channelsOut);
        f.get(i).i32(1).add().tee(i).get(count).op("i32.lt_u");
      });
      const panels = Math.ceil(lanes / PANEL);
      f.increase(panel, panels * this.panelBytes).increase(outRow, 4 * PANEL * panels);
    };
    const whole = Math.floor(channelsOut / PANEL);
    if (f.wide) each(f, whole >> 1, () => one(2 * PANEL));
    each(f, f.wide ? whole & 1 : whole, () => one(PANEL));
    if (channelsOut % PANEL) one(channelsOut % PANEL);
  }

  /** The input of all rows of the slice to its own memory; `base` is then where the image's row 0 would be there. */
  private copyRows(): void {
    const { f, conv, first, count, base, left, right } = this;
    const { sizeIn, stride, dilation, kernel, before, channelsIn } = conv;
    const [low, rows, source, target] = locals(f, I32, 4);
    const pixel = 4 * channelsIn;
    const atLeast = (local: number, least: number) =>
      f.get(local).i32(least).get(local).i32(least).op("i32.gt_s").op("select").set(local);
    f.get(first).i32(stride[0]).mul().i32(before[0]).sub().set(low);
    f.get(count).i32(1).sub().i32(stride[0]).mul().get(low).add();
    f.i32((kernel[0] - 1) * dilation[0] + 1)
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

  private outputRow(i: number, panel: number, outAt: number, lanes: number): void {
    const { f, conv, weights, from, length, at, out, base, first: firstRow } = this;
    const { kernel, stride, dilation, before, channelsIn, channelsOut, sizeIn, sizeOut } = conv;
    const first = f.local(I32);
    const vectors = Math.ceil(lanes / LANES);
    f.get(firstRow).get(i).add().i32(stride[0]).mul().i32(before[0]).sub().set(first);
    tapsInside(f, { first, step: dilation[0], count: kernel[0], size: sizeIn[0], from, length });
    address(f, weights, panel, [from, 4 * PANEL * kernel[1] * channelsIn]);
    f.get(first).get(from).i32(dilation[0]).mul().add().set(first);
    address(f, at, base, [first, this.rowBytes]);
    f.get(outAt).set(out);
    eachPiece(f, split(sizeOut[1], tileRows(Math.min(vectors, VECTORS), f.relaxed)), (size) => {
      this.tile.clear(size, vectors);
      this.sum(size, vectors);
      this.tile.store(size, lanes, out, 4 * channelsOut);
      f.increase(at, 4 * size * stride[1] * channelsIn).increase(out, 4 * size * channelsOut);
    });
  }

  private sum(size: number, vectors: number): void {
    const { f, conv, number, at, length, row, k, tile } = this;
    const { kernel, stride, dilation, channelsIn } = conv;
    const [runs, steps] = dilation[1] === 1 ? [1, kernel[1] * channelsIn] : [kernel[1], channelsIn];
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
          .i32(4 * run * dilation[1] * channelsIn)
          .add()
          .set(number);
        times(f, k, Math.floor(steps / UNROLL), () => some(UNROLL));
        if (steps % UNROLL) some(steps % UNROLL);
      }
      f.increase(line, dilation[0] * this.rowBytes);
    });
  }
}
