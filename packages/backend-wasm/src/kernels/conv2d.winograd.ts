// 3x3 and 5x5 convolutions without strides by Winograd's algorithm, images channels-last. Small weights stay in the cache: then
// a slice does a block of tiles from image to image. Large ones are read once: all tiles are transformed, each plane is
// multiplied, and all tiles are transformed back.
import { type Fn, I32 } from "../assembler.ts";
import { address, each, kernelOf, locals } from "./emit.ts";
import type { Lowered, Stage } from "./lowered.ts";
import { RowsTimesPanels8 } from "./product.ts";
import {
  BETWEEN,
  type Form,
  PANEL,
  type Planes,
  panelsOf,
  patchBytes,
  planesOf,
  readTiles,
  readWeights,
  type Taps,
  type Tiling,
  tilesIn,
  weightPlanes,
  writeTiles,
} from "./winograd.ts";

export interface WinogradConvolution {
  readonly form: Form;
  readonly images: number;
  /** As it is read, and as it is written. */
  readonly input: Tiling;
  readonly output: Tiling;
  readonly taps: Taps;
}

/** Numbers of a block of tiles in planes before and after the product: they fill a second-level cache. */
const BLOCK = 225_000;
/** Products of channels above which weights are read once. */
const LARGE = 14_000;
/** Bytes of planes that may be kept for that. */
const MOST_PLANES = 24 * 2 ** 20;
/** Tiles in a slice that only transforms. */
const SOME = 16;
const someOf = (conv: WinogradConvolution): number => {
  const [, across] = conv.output.tiles;
  return hasRows(conv) ? across * Math.max(1, Math.round(SOME / across)) : SOME;
};

/** Tiles of a block come in multiples of this, the height of a register tile, or of rows of tiles. */
const HEIGHT = 6;
const MOST_TILES = 120;

/** Whole rows of tiles, if they are whole rows of the image: then a block writes rows of the result, one after the other. */
const hasRows = ({ form, output }: WinogradConvolution): boolean => output.size[0] % form.outputs === 0;
function blockOf(conv: WinogradConvolution): number {
  const { form, input, output } = conv;
  const wanted = Math.min(MOST_TILES, BLOCK / (form.points ** 2 * (input.channels + output.channels)));
  const unit = hasRows(conv) ? output.tiles[1] : HEIGHT;
  // as many rows of tiles as come near, and of these the number that makes the fewest ragged register tiles
  const near = Math.max(1, Math.round(wanted / unit));
  const waste = (n: number) => (Math.ceil((n * unit) / HEIGHT) * HEIGHT) / (n * unit);
  const around = [near, near + 1, near - 1, near + 2, near - 2].filter(
    (n) => n >= 1 && n * unit <= 1.6 * wanted + unit,
  );
  return unit * around.reduce((best, n) => (waste(n) < waste(best) - 0.02 ? n : best), near);
}
/** The rows of the result that `block` tiles are. */
function rowsOf(conv: WinogradConvolution, block: number): Pick<Stage, "rows"> {
  const [down, across] = conv.output.tiles;
  if (!hasRows(conv) || block % across !== 0) return {};
  return { rows: { count: conv.images * down, perSlice: block / across } };
}

const file = "conv2d.winograd";
const [X, WEIGHTS, Y, SCRATCH, OWN, SLICE] = [0, 1, 2, 3, 4, 5];

/** Functions get input, weights, output, scratch, own memory and the slice. */
export function lowerWinograd(key: string, conv: WinogradConvolution, flops: number): Lowered {
  const { form, images, input, output } = conv;
  const total = tilesIn(output, images);
  const weights = weightPlanes(form, input.channels, output.channels);
  const planes = (rows: number) => ({
    numbers: planesOf(form, rows, input.channels),
    results: planesOf(form, rows, PANEL * panelsOf(output.channels)),
  });
  const edge = BETWEEN + patchBytes({ kind: "numbers", patch: form.points }, input);
  const stage = (name: string, slices: number, body: (f: Fn) => void): Stage => ({
    key: name,
    slices,
    emit: (relaxed) => {
      const f = kernelOf(6, relaxed);
      body(f);
      return f;
    },
  });
  const transformed = {
    ...stage("weights", panelsOf(output.channels), (f) =>
      readWeights(f, form, conv.taps, input.channels, output.channels, {
        weights: WEIGHTS,
        target: SCRATCH,
        own: OWN,
        panel: SLICE,
      }),
    ),
    weights: form.taps ** 2 * input.channels * output.channels,
  };
  const all = planes(total);
  const once = input.channels * output.channels > LARGE && all.numbers.bytes + all.results.bytes <= MOST_PLANES;
  if (!once) {
    const block = blockOf(conv);
    const some = planes(block);
    return {
      key,
      file,
      flops,
      scratchBytes: weights.bytes + 64,
      ownBytes: edge + some.numbers.bytes + some.results.bytes + 64,
      stages: [
        transformed,
        {
          ...stage("tiles", Math.ceil(total / block), (f) => emitBlock(f, conv, total, block, edge, some)),
          ...rowsOf(conv, block),
        },
      ],
    };
  }
  return {
    key,
    file,
    flops,
    scratchBytes: weights.bytes + all.numbers.bytes + all.results.bytes + 64,
    ownBytes: edge,
    stages: [
      transformed,
      stage("numbers", Math.ceil(total / SOME), (f) => {
        const [first, count, target] = range(f, total, SOME);
        place(f, target, first, weights.bytes, all.numbers);
        readTiles(f, form, input, { kind: "numbers", patch: form.points }, all.numbers, {
          images: X,
          target,
          own: OWN,
          first,
          count,
        });
      }),
      stage("planes", all.numbers.count, (f) => {
        const [rows, panels, out, tiles] = locals(f, I32, 4);
        const product = productOf(f, conv, all);
        address(f, panels, SCRATCH, [SLICE, weights.plane]);
        address(f, rows, SCRATCH, [SLICE, all.numbers.plane]);
        address(f, out, SCRATCH, [SLICE, all.results.plane]);
        f.increase(rows, weights.bytes).increase(out, weights.bytes + all.numbers.bytes);
        f.i32(Math.floor(total / product.height)).set(tiles);
        product.emit({ rows, panels, out, tiles }, [{ rows: total % product.height }]);
      }),
      {
        ...stage("results", Math.ceil(total / someOf(conv)), (f) => {
          const [first, count, source] = range(f, total, someOf(conv));
          place(f, source, first, weights.bytes + all.numbers.bytes, all.results);
          writeTiles(f, form, output, all.results, { images: Y, source, own: OWN, first, count });
        }),
        ...rowsOf(conv, someOf(conv)),
      },
    ],
  };
}
/** The slice's tiles, and a local for where they lie. */
export function range(f: Fn, total: number, block: number): [first: number, count: number, place: number] {
  const [first, count, at] = locals(f, I32, 3);
  f.get(SLICE).i32(block).mul().set(first);
  f.i32(total).get(first).sub().set(count);
  f.get(count).i32(block).get(count).i32(block).op("i32.lt_u").op("select").set(count);
  return [first, count, at];
}
/** target = row `first` of the planes that lie `offset` bytes into scratch. */
export function place(f: Fn, target: number, first: number, offset: number, { row }: Planes): void {
  address(f, target, SCRATCH, [first, row]);
  f.increase(target, offset);
}

interface Both {
  readonly numbers: Planes;
  readonly results: Planes;
}
const productOf = (f: Fn, { input, output }: WinogradConvolution, { numbers, results }: Both): RowsTimesPanels8 =>
  new RowsTimesPanels8(f, {
    steps: input.channels,
    columns: PANEL * panelsOf(output.channels),
    rowStride: numbers.row,
    outStride: results.row,
  });

/** A block of tiles, from image to image: own memory holds what is between, then the planes. */
function emitBlock(f: Fn, conv: WinogradConvolution, total: number, block: number, edge: number, some: Both): void {
  const { form, input, output } = conv;
  const weights = weightPlanes(form, input.channels, output.channels);
  const [first, count, numbers] = range(f, total, block);
  const [results, rows, panels, out, tiles] = locals(f, I32, 5);
  f.get(OWN).i32(edge).add().set(numbers);
  f.get(numbers).i32(some.numbers.bytes).add().set(results);
  const reading = { kind: "numbers", patch: form.points } as const;
  readTiles(f, form, input, reading, some.numbers, { images: X, target: numbers, own: OWN, first, count });
  const product = productOf(f, conv, some);
  f.get(count).i32(product.height).op("i32.div_u").set(tiles);
  const rests = [
    { rows: block % product.height, when: () => void f.get(count).i32(block).op("i32.eq") },
    { rows: (total % block) % product.height, when: () => void f.get(count).i32(block).op("i32.ne") },
  ];
  each(f, some.numbers.count, (plane) => {
    address(f, panels, SCRATCH, [plane, weights.plane]);
    address(f, rows, numbers, [plane, some.numbers.plane]);
    address(f, out, results, [plane, some.results.plane]);
    product.emit({ rows, panels, out, tiles }, rests);
  });
  writeTiles(f, form, output, some.results, { images: Y, source: results, own: OWN, first, count });
}
