// The gradient of 3x3 and 5x5 weights by Winograd's algorithm, images channels-last: x in the same tiles as forward, tiles of
// dy as the taps, and their products summed over all tiles, plane by plane. Few channels: sums stay in the cache while blocks of
// tiles pass; many: all tiles are transformed, and each plane is one product.
import { type Fn, I32, V128 } from "../assembler.ts";
import { place, range } from "./conv2d.winograd.ts";
import { address, each, kernelOf, LANES, locals, times, VECTOR } from "./emit.ts";
import type { Lowered, Stage } from "./lowered.ts";
import { outerProducts } from "./product.ts";
import { Transforms } from "./transforms.ts";
import {
  BETWEEN,
  type Form,
  outputsOf,
  type Planes,
  patchBytes,
  planesOf,
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
const SOME = 16;

const [X, DY, DW, SCRATCH, OWN, SLICE] = [0, 1, 2, 3, 4, 5];

/** Functions get x, dy, the result, scratch, own memory and the slice. */
export function lowerWinogradWeightGradient(key: string, gradient: WinogradWeightGradient, flops: number): Lowered {
  const { form, images, x, dy } = gradient;
  const total = tilesIn(x, images);
  const sums = planesOf(form, x.channels, dy.channels);
  const readings = {
    x: { kind: "numbers", patch: form.points } as const,
    dy: { kind: "taps", patch: form.outputs } as const,
  };
  const edge = BETWEEN + Math.max(patchBytes(readings.x, x), patchBytes(readings.dy, dy));
  const planes = (rows: number) => ({ x: planesOf(form, rows, x.channels), dy: planesOf(form, rows, dy.channels) });
  const stage = (name: string, slices: number, body: (f: Fn) => void): Stage => ({
    key: name,
    slices,
    emit: (relaxed) => {
      const f = kernelOf(6, relaxed);
      body(f);
      return f;
    },
  });
  const finish = (parts: number) =>
    stage("weights", Math.ceil(dy.channels / LANES), (f) => emitWeights(f, gradient, sums, parts));
  if (sums.bytes <= MOST_SUMS) {
    const most = BLOCK / (form.points ** 2 * (x.channels + dy.channels));
    const block = Math.max(8, Math.min(64, 4 * Math.round(most / 4)));
    const parts = Math.min(PARTS, Math.ceil(total / block));
    const some = planes(block);
    return {
      key,
      flops,
      scratchBytes: parts * sums.bytes + 64,
      ownBytes: edge + some.x.bytes + some.dy.bytes + 64,
      stages: [
        stage("tiles", parts, (f) => {
          const [blockAt, sumsAt, first, count, xs, dys] = locals(f, I32, 6);
          address(f, sumsAt, SCRATCH, [SLICE, sums.bytes]);
          f.get(sumsAt).i32(0).i32(sums.bytes).memoryFill();
          f.get(OWN).i32(edge).add().set(xs).get(xs).i32(some.x.bytes).add().set(dys);
          f.get(SLICE).set(blockAt);
          f.loop(() => {
            f.get(blockAt).i32(block).mul().set(first).i32(total).get(first).sub().set(count);
            f.get(count).i32(block).get(count).i32(block).op("i32.lt_u").op("select").set(count);
            readTiles(f, form, x, readings.x, some.x, { images: X, target: xs, own: OWN, first, count });
            readTiles(f, form, dy, readings.dy, some.dy, { images: DY, target: dys, own: OWN, first, count });
            const plane = planeProduct(f, gradient, sums, some, true);
            each(f, sums.count, (p) => plane(p, { left: xs, right: dys, sums: sumsAt, steps: count }));
            f.get(blockAt)
              .i32(parts)
              .add()
              .tee(blockAt)
              .i32(Math.ceil(total / block))
              .op("i32.lt_u");
          });
        }),
        finish(parts),
      ],
    };
  }
  const all = planes(total);
  const read = (name: "x" | "dy", tiling: Tiling, images: number, offset: number) =>
    stage(name, Math.ceil(total / SOME), (f) => {
      const [first, count, target] = range(f, total, SOME);
      place(f, target, first, offset, all[name]);
      readTiles(f, form, tiling, readings[name], all[name], { images, target, own: OWN, first, count });
    });
  return {
    key,
    flops,
    scratchBytes: sums.bytes + all.x.bytes + all.dy.bytes + 64,
    ownBytes: edge,
    stages: [
      read("x", x, X, sums.bytes),
      read("dy", dy, DY, sums.bytes + all.x.bytes),
      stage("planes", sums.count, (f) => {
        const [xs, dys, steps] = locals(f, I32, 3);
        f.get(SCRATCH).i32(sums.bytes).add().set(xs).get(xs).i32(all.x.bytes).add().set(dys).i32(total).set(steps);
        planeProduct(f, gradient, sums, all, false)(SLICE, { left: xs, right: dys, sums: SCRATCH, steps });
      }),
      finish(1),
    ],
  };
}

/** Emits the product of one plane, whose number is in a local; addresses are those of the first plane. */
function planeProduct(
  f: Fn,
  { x, dy }: WinogradWeightGradient,
  sums: Planes,
  planes: { x: Planes; dy: Planes },
  adds: boolean,
): (plane: number, at: Record<"left" | "right" | "sums" | "steps", number>) => void {
  const [left, right, target] = locals(f, I32, 3);
  return (plane, at) => {
    address(f, left, at.left, [plane, planes.x.plane]);
    address(f, right, at.right, [plane, planes.dy.plane]);
    address(f, target, at.sums, [plane, sums.plane]);
    const shape = {
      rows: x.channels,
      columns: LANES * Math.ceil(dy.channels / LANES),
      leftStride: planes.x.row,
      rightStride: planes.dy.row,
      sumStride: sums.row,
      adds,
    };
    outerProducts(f, shape, { left, right, sums: target, steps: at.steps });
  };
}

/** Four output channels' weights: the parts added up, transformed back, and laid out as [out channel][in channel][tap]. */
function emitWeights(f: Fn, { form, x, dy }: WinogradWeightGradient, sums: Planes, parts: number): void {
  const { points, taps } = form;
  const places = taps * taps;
  const transforms = new Transforms(f, points);
  const v = locals(f, V128, points);
  const [from, to, left] = locals(f, I32, 3);
  const result = f.local(V128);
  transforms.prepare("outputs");
  address(f, from, SCRATCH, [SLICE, VECTOR]);
  address(f, to, DW, [SLICE, LANES * 4 * x.channels * places]);
  const some = (lanes: number) =>
    times(f, left, x.channels, () => {
      const load = (i: number, j: number) => {
        const at = (i * points + j) * sums.plane;
        f.get(from).vload(at);
        for (let part = 1; part < parts; part++)
          f.get(from)
            .vload(at + part * sums.bytes)
            .op("f32x4.add");
      };
      outputsOf(
        f,
        transforms,
        points,
        taps,
        OWN,
        v,
        load,
        (_, put) => put(),
        (i, j, leave) => {
          leave();
          f.set(result);
          for (let lane = 0; lane < lanes; lane++)
            f.get(to)
              .get(result)
              .laneAccess("v128.store32_lane", lane, 4 * (lane * x.channels * places + i * taps + j));
        },
      );
      f.increase(from, sums.row).increase(to, 4 * places);
    });
  const rest = dy.channels % LANES;
  if (!rest) return some(LANES);
  f.get(SLICE)
    .i32(Math.floor(dy.channels / LANES))
    .op("i32.lt_u")
    .if(
      () => some(LANES),
      () => some(rest),
    );
}
