// The gradient of 3x3 and 5x5 weights by Winograd's algorithm, images channels-last: x in the same tiles as forward, tiles of
// dy as the taps, and their products summed over all tiles, plane by plane. Few channels: sums stay in the cache while blocks of
// tiles pass; many: all tiles are transformed, and each plane is one product.
import { type Fn, I32, V128 } from "../assembler.ts";
import { place, range } from "./conv2d.winograd.ts";
import { address, countdown, each, kernelOf, LANES, locals, times, VECTOR } from "./emit.ts";
import type { Lowered, Stage } from "./lowered.ts";
import { outerProducts } from "./product.ts";
import { Transforms } from "./transforms.ts";
import {
  BETWEEN,
  type Form,
  outputsOf,
  PANEL,
  type Planes,
  patchBytes,
  planesOf,
  type Reading,
  readTiles,
  type Tiling,
  tilesIn,
} from "./winograd.ts";

export interface WinogradWeightGradient {
  /** Of the forward convolution. */
  readonly form: Form;
  readonly images: number;
  readonly x: Tiling;
  readonly dy: Tiling;
}

/** Numbers of a block of tiles of x and dy in planes. */
const BLOCK = 110_000;
/** Bytes of sums that stay in the cache. */
const MOST_SUMS = 1_300_000;
/** Sums that are kept apart until the end: as many slices, for as many threads. */
const PARTS = 4;
/** Bytes of planes that may be kept. */
const MOST_PLANES = 24 * 2 ** 20;
/** Tiles in a slice that only transforms. */
const SOME = 16;

const file = "conv2dGradWeight.winograd";
const [X, DY, DW, SCRATCH, OWN, SLICE] = [0, 1, 2, 3, 4, 5];

/** How work is cut: blocks of tiles, dealt out to parts, each for chunks of the channels of dy. */
interface Cut {
  readonly chunk: number;
  readonly chunks: number;
  readonly block: number;
  readonly blocks: number;
  readonly parts: number;
  readonly partBytes: number;
}

/** Functions get x, dy, the result, scratch, own memory and the slice. */
export function lowerWinogradWeightGradient(key: string, gradient: WinogradWeightGradient, flops: number): Lowered {
  const { form, images, x, dy } = gradient;
  const total = tilesIn(x, images);
  const edge = BETWEEN + Math.max(patchBytes(numbersOf(form), x), patchBytes(tapsOf(form), dy));
  const stage = (name: string, slices: number, body: (f: Fn) => void): Stage => ({
    key: name,
    slices,
    emit: (relaxed) => {
      const f = kernelOf(6, relaxed);
      body(f);
      return f;
    },
  });
  const finish = (chunk: number, sums: Planes, cut: Pick<Cut, "parts" | "partBytes">) => ({
    ...stage("weights", Math.ceil(x.channels / ROWS), (f) => emitWeights(f, gradient, chunk, sums, cut)),
    weights: form.taps ** 2 * x.channels * dy.channels,
  });
  const all = { x: planesOf(form, total, x.channels), dy: planesOf(form, total, dy.channels) };
  const whole = planesOf(form, x.channels, dy.channels);
  if (whole.bytes <= MOST_SUMS || all.x.bytes + all.dy.bytes > MOST_PLANES) {
    const cut = cutOf(gradient, total, whole.bytes);
    const sums = planesOf(form, x.channels, cut.chunk);
    const some = { x: planesOf(form, cut.block, x.channels), dy: planesOf(form, cut.block, cut.chunk) };
    return {
      key,
      file,
      flops,
      scratchBytes: cut.chunks * cut.parts * cut.partBytes + 64,
      ownBytes: edge + some.x.bytes + some.dy.bytes + 64,
      stages: [
        stage("tiles", cut.chunks * cut.parts, (f) => emitTiles(f, gradient, total, edge, cut, sums, some)),
        finish(cut.chunk, sums, cut),
      ],
    };
  }
  const read = (name: "x" | "dy", tiling: Tiling, reading: Reading, images: number, offset: number) =>
    stage(name, Math.ceil(total / SOME), (f) => {
      const [first, count, target] = range(f, total, SOME);
      place(f, target, first, offset, all[name]);
      readTiles(f, form, tiling, reading, all[name], { images, target, own: OWN, first, count });
    });
  return {
    key,
    file,
    flops,
    scratchBytes: whole.bytes + all.x.bytes + all.dy.bytes + 64,
    ownBytes: edge,
    stages: [
      read("x", x, numbersOf(form), X, whole.bytes),
      read("dy", dy, tapsOf(form), DY, whole.bytes + all.x.bytes),
      stage("planes", whole.count, (f) => emitPlane(f, gradient, total, whole, all)),
      finish(dy.channels, whole, { parts: 1, partBytes: 0 }),
    ],
  };
}
const numbersOf = ({ points }: Form): Reading => ({ kind: "numbers", patch: points });
const tapsOf = ({ outputs }: Form, channels?: number): Reading => ({ kind: "taps", patch: outputs, channels });

function cutOf({ form, x, dy }: WinogradWeightGradient, total: number, sumBytes: number): Cut {
  // x is transformed anew for each chunk
  const least = Math.ceil(sumBytes / MOST_SUMS);
  const panels = Math.ceil(dy.channels / PANEL);
  let chunks = least;
  while (chunks < panels && panels % chunks !== 0) chunks++;
  const chunk = least === 1 || dy.channels % PANEL !== 0 ? dy.channels : dy.channels / chunks;
  chunks = Math.ceil(dy.channels / chunk);
  const most = BLOCK / (form.points ** 2 * (x.channels + chunk));
  const block = Math.max(32, Math.min(96, 4 * Math.round(most / 4)));
  const blocks = Math.ceil(total / block);
  const parts = Math.min(Math.max(1, Math.floor(PARTS / chunks)), blocks);
  return { chunk, chunks, block, blocks, parts, partBytes: planesOf(form, x.channels, chunk).bytes };
}

/** A part of the tiles, for a chunk of channels: its sums. */
function emitTiles(
  f: Fn,
  gradient: WinogradWeightGradient,
  total: number,
  edge: number,
  cut: Cut,
  sums: Planes,
  planes: { x: Planes; dy: Planes },
): void {
  const { form, x, dy } = gradient;
  const [blockAt, sumsAt, first, count, xs, dys, part, images] = locals(f, I32, 8);
  address(f, sumsAt, SCRATCH, [SLICE, cut.partBytes]);
  f.get(sumsAt).i32(0).i32(cut.partBytes).memoryFill();
  f.get(OWN).i32(edge).add().set(xs).get(xs).i32(planes.x.bytes).add().set(dys);
  f.get(SLICE).i32(cut.parts).op("i32.rem_u").tee(part).set(blockAt);
  f.get(SLICE).i32(cut.parts).op("i32.div_u").set(images);
  address(f, images, DY, [images, 4 * cut.chunk]);
  f.loop(() => {
    f.get(blockAt).i32(cut.block).mul().set(first).i32(total).get(first).sub().set(count);
    f.get(count).i32(cut.block).get(count).i32(cut.block).op("i32.lt_u").op("select").set(count);
    readTiles(f, form, x, numbersOf(form), planes.x, { images: X, target: xs, own: OWN, first, count });
    readTiles(f, form, dy, tapsOf(form, cut.chunk), planes.dy, { images, target: dys, own: OWN, first, count });
    const product = planeProduct(f, gradient, cut.chunk, sums, planes);
    each(f, sums.count, (p) => product(p, { left: xs, right: dys, sums: sumsAt, steps: count }));
    f.get(blockAt).i32(cut.parts).add().tee(blockAt).i32(cut.blocks).op("i32.lt_u");
  });
}

/** Tiles whose rows of one plane are in the first-level cache at once. */
const TILES = 192;

/** The sums of one plane, over all tiles. */
function emitPlane(
  f: Fn,
  gradient: WinogradWeightGradient,
  total: number,
  sums: Planes,
  planes: { x: Planes; dy: Planes },
): void {
  const [left, right, target, steps, first] = locals(f, I32, 5);
  address(f, target, SCRATCH, [SLICE, sums.plane]);
  f.get(target).i32(0).i32(sums.plane).memoryFill();
  const product = planeProduct(f, gradient, gradient.dy.channels, sums, planes);
  f.i32(0).set(first);
  f.loop(() => {
    f.i32(total).get(first).sub().set(steps);
    f.get(steps).i32(TILES).get(steps).i32(TILES).op("i32.lt_u").op("select").set(steps);
    address(f, left, SCRATCH, [first, planes.x.row]);
    address(f, right, SCRATCH, [first, planes.dy.row]);
    f.increase(left, sums.bytes).increase(right, sums.bytes + planes.x.bytes);
    product(SLICE, { left, right, sums: SCRATCH, steps });
    f.get(first).i32(TILES).add().tee(first).i32(total).op("i32.lt_u");
  });
}

/** Emits the product of one plane, whose number is in a local; addresses are those of the first plane. */
function planeProduct(
  f: Fn,
  { x }: WinogradWeightGradient,
  columns: number,
  sums: Planes,
  planes: { x: Planes; dy: Planes },
): (plane: number, at: Record<"left" | "right" | "sums" | "steps", number>) => void {
  const [left, right, target] = locals(f, I32, 3);
  return (plane, at) => {
    address(f, left, at.left, [plane, planes.x.plane]);
    address(f, right, at.right, [plane, planes.dy.plane]);
    address(f, target, at.sums, [plane, sums.plane]);
    const shape = {
      rows: x.channels,
      columns: LANES * Math.ceil(columns / LANES),
      leftStride: planes.x.row,
      rightStride: planes.dy.row,
      sumStride: sums.row,
      adds: true,
    };
    outerProducts(f, shape, { left, right, sums: target, steps: at.steps });
  };
}

/** Input channels of a slice that transforms back: as many rows of the sums stay in the cache while it goes through the columns. */
const ROWS = 8;

/** Some input channels' weights: the parts added up, transformed back, and laid out as [out channel][in channel][tap]. */
function emitWeights(
  f: Fn,
  { form, x, dy }: WinogradWeightGradient,
  chunk: number,
  sums: Planes,
  { parts, partBytes }: Pick<Cut, "parts" | "partBytes">,
): void {
  const { points, taps } = form;
  const places = taps * taps;
  const transforms = new Transforms(f, points);
  const v = locals(f, V128, points);
  const [from, to, left, rows, column, target, columns] = locals(f, I32, 7);
  const result = f.local(V128);
  transforms.prepare("outputs");
  f.i32(x.channels).get(SLICE).i32(ROWS).mul().sub().set(rows);
  f.get(rows).i32(ROWS).get(rows).i32(ROWS).op("i32.lt_u").op("select").set(rows);
  address(f, target, DW, [SLICE, ROWS * 4 * places]);
  const load = (i: number, j: number) => {
    const at = (i * points + j) * sums.plane;
    f.get(from).vload(at);
    for (let part = 1; part < parts; part++)
      f.get(from)
        .vload(at + part * partBytes)
        .op("f32x4.add");
  };
  const some = (lanes: number) => {
    f.get(column).set(from).get(target).set(to).get(rows).set(left);
    countdown(f, left, () => {
      const store = (i: number, j: number, leave: () => void) => {
        leave();
        f.set(result);
        for (let lane = 0; lane < lanes; lane++)
          f.get(to)
            .get(result)
            .laneAccess("v128.store32_lane", lane, 4 * (lane * x.channels * places + i * taps + j));
      };
      outputsOf(f, transforms, points, taps, OWN, v, load, (_, put) => put(), store);
      f.increase(from, sums.row).increase(to, 4 * places);
    });
    f.increase(column, VECTOR).increase(target, LANES * 4 * x.channels * places);
  };
  for (let first = 0, k = 0; first < dy.channels; first += chunk, k++) {
    const count = Math.min(chunk, dy.channels - first);
    address(f, column, SCRATCH, [SLICE, ROWS * sums.row]);
    f.increase(column, k * parts * partBytes);
    times(f, columns, Math.floor(count / LANES), () => some(LANES));
    if (count % LANES) some(count % LANES);
  }
}
