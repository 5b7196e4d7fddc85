// Winograd convolution on channels-last images: how an image is cut into tiles, where the tiles' planes lie, and both ways
// between images and planes. Each point of a tile has a plane, [tile][channel]; what is done with the planes (one product for
// each) is the convolutions' business.
import { type Fn, I32, V128 } from "../assembler.ts";
import { address, countdown, LANES, locals, storeLanes, times, VECTOR } from "./emit.ts";
import { type Points, Transforms } from "./transforms.ts";

/** Along each axis a tile of `points` numbers gives `outputs` sums of `taps` taps. */
export interface Form {
  readonly points: Points;
  readonly outputs: number;
  readonly taps: number;
}
export type Winograd = "auto" | "f2" | "off";

const F4: Form = { points: 6, outputs: 4, taps: 3 };
const F2: Form = { points: 4, outputs: 2, taps: 3 };
const F2OF5: Form = { points: 6, outputs: 2, taps: 5 };
/** The forms for kernels of `taps` by `taps`; of those that multiply as often the first is to be preferred. */
export function formsOf(taps: number, winograd: Winograd): readonly Form[] {
  if (winograd === "off") return [];
  if (taps === 5) return winograd === "auto" ? [F2OF5] : [];
  if (taps !== 3) return [];
  // on 6 x 6 pixels, nine tiles of F2 or four of F4, F2 is a quarter faster: it has 16 planes of weights to fetch, not 36
  return winograd === "auto" ? [F2, F4] : [F2];
}

/** Planes, one after the other: `rows` rows of `width` numbers each. */
export interface Planes {
  readonly count: number;
  /** Bytes. */
  readonly row: number;
  readonly plane: number;
  readonly bytes: number;
}
export const planesOf = (form: Form, rows: number, width: number): Planes =>
  planesBy(form, rows, rowBytes(rows, width));

function planesBy({ points }: Form, rows: number, row: number): Planes {
  const count = points * points;
  // planes a multiple of 4096 bytes apart would all want the same lines of the cache
  const near = (rows * row) % 4096;
  const plane = rows * row + (near < 512 || near > 3584 ? 192 + ((4096 - near) % 4096) : 0);
  return { count, row, plane, bytes: count * plane };
}

/** Cache lines, and how many sets of them a first-level cache has; it keeps a few of each set. */
const LINE = 64;
const SETS = 64;
const FEW_OF_A_SET = 5;
/** Bytes from row to row so that the same column of `rows` rows can be in the cache at once. */
export function rowBytes(rows: number, width: number): number {
  const plain = 4 * Math.ceil(width / LANES) * LANES;
  const lines = Math.ceil(plain / LINE);
  let common = 1;
  while (common < SETS && lines % (2 * common) === 0) common *= 2;
  return common > 1 && rows > (FEW_OF_A_SET * SETS) / common ? LINE * (lines + 1) : plain;
}

/** Images of [h, w, channels] and the tiles that cover them, row by row: tile i, j begins at i*step - before. */
export interface Tiling {
  readonly size: readonly [h: number, w: number];
  readonly channels: number;
  /** Down and across. */
  readonly tiles: readonly [number, number];
  readonly step: number;
  readonly before: readonly [number, number];
}
export const tilesIn = ({ tiles: [down, across] }: Tiling, images: number): number => images * down * across;

/** A 2-D transform: along columns into `between`, then along rows. */
function both(
  f: Fn,
  sizeIn: number,
  sizeOut: number,
  between: number,
  v: readonly number[],
  {
    load,
    along,
    store,
  }: {
    load: (i: number, j: number) => void;
    along: (v: readonly number[], put: (i: number, leave: () => void) => void) => void;
    store: (i: number, j: number, leave: () => void) => void;
  },
): void {
  const line = v.slice(0, sizeIn);
  for (let j = 0; j < sizeIn; j++) {
    line.forEach((local, i) => {
      load(i, j);
      f.set(local);
    });
    along(line, (i, leave) => {
      f.get(between);
      leave();
      f.vstore(VECTOR * (i * sizeIn + j));
    });
  }
  for (let i = 0; i < sizeOut; i++) {
    line.forEach(
      (local, j) =>
        void f
          .get(between)
          .vload(VECTOR * (i * sizeIn + j))
          .set(local),
    );
    along(line, (j, leave) => store(i, j, leave));
  }
}
/** Bytes that any of the transforms needs between its two passes. */
export const BETWEEN = VECTOR * 36;

/** Which tile of which image is at hand. */
class Walk {
  readonly tile: number;
  readonly image: number;
  readonly top: number;
  readonly left: number;
  private readonly f: Fn;
  private readonly tiling: Tiling;
  constructor(f: Fn, tiling: Tiling) {
    this.f = f;
    this.tiling = tiling;
    [this.tile, this.image, this.top, this.left] = locals(f, I32, 4);
  }
  /** Of `this.tile`: its image, and where it begins in that. */
  locate(): void {
    const { f, tile, image, top, left } = this;
    const {
      tiles: [down, across],
      step,
      before,
    } = this.tiling;
    f.get(tile)
      .i32(down * across)
      .op("i32.div_u")
      .set(image);
    f.get(tile)
      .get(image)
      .i32(down * across)
      .mul()
      .sub()
      .set(top);
    f.get(top).i32(across).op("i32.rem_u").i32(step).mul().i32(before[1]).sub().set(left);
    f.get(top).i32(across).op("i32.div_u").i32(step).mul().i32(before[0]).sub().set(top);
  }
  /** target = the address of the tile's first number in the images at `images`. */
  address(target: number, images: number): void {
    const { f, image, top, left } = this;
    const {
      size: [h, w],
      channels,
    } = this.tiling;
    f.get(image).i32(h).mul().get(top).add().i32(w).mul().get(left).add();
    f.i32(4 * channels)
      .mul()
      .get(images)
      .add()
      .set(target);
  }
}

/** Numbers of a transform's input: `points` by `points` of an image, or the taps that a gradient is to the gradient of weights. */
export interface Reading {
  readonly kind: "numbers" | "taps";
  /** Of a patch, down and across. */
  readonly patch: number;
  /** How many channels are read, from the address of `images` on (default all). */
  readonly channels?: number;
}
/** Bytes of a patch that lies over an edge. */
export const patchBytes = ({ patch }: Reading, { channels }: Tiling): number => 4 * patch * patch * channels + VECTOR;

/**
 * From images to planes: `count` tiles from `first` on (locals, as are the addresses), to rows 0, 1, … of the planes.
 * `own` is the address of BETWEEN + patchBytes bytes.
 */
export function readTiles(
  f: Fn,
  { points }: Form,
  tiling: Tiling,
  reading: Reading,
  planes: Planes,
  { images, target, own, first, count }: Record<"images" | "target" | "own" | "first" | "count", number>,
): void {
  const { patch, kind } = reading;
  const {
    channels,
    size: [, width],
  } = tiling;
  const used = reading.channels ?? channels;
  const transforms = new Transforms(f, points);
  const walk = new Walk(f, tiling);
  const rows = locals(f, I32, patch);
  const v = locals(f, V128, patch);
  const [start, left, to, row, vectors] = locals(f, I32, 5);
  transforms.prepare(kind);
  f.get(first).set(walk.tile).get(target).set(row).get(count).set(left);
  countdown(f, left, () => {
    walk.locate();
    const stride = f.local(I32);
    isInside(f, walk, tiling, patch);
    f.if(
      () => {
        walk.address(start, images);
        f.i32(4 * width * channels).set(stride);
      },
      () => {
        f.get(own).i32(BETWEEN).add().set(start);
        copyPatch(f, walk, tiling, patch, used, images, start);
        f.i32(4 * patch * channels).set(stride);
      },
    );
    rows.forEach((r, i) => {
      if (i === 0) f.get(start).set(r);
      else
        f.get(rows[i - 1])
          .get(stride)
          .add()
          .set(r);
    });
    f.get(row).set(to);
    times(f, vectors, Math.ceil(used / LANES), () => {
      both(f, patch, points, own, v, {
        load: (i, j) => void f.get(rows[i]).vload(4 * j * channels),
        along: (line, put) => transforms[kind](line, put),
        store: (i, j, leave) => {
          f.get(to);
          leave();
          f.vstore((i * points + j) * planes.plane);
        },
      });
      for (const r of rows) f.increase(r, VECTOR);
      f.increase(to, VECTOR);
    });
    f.increase(row, planes.row).increase(walk.tile, 1);
  });
}

/** Leaves whether the whole patch lies in the image. */
function isInside(f: Fn, { top, left }: Walk, { size: [h, w] }: Tiling, patch: number): void {
  // below 0 is far above as an unsigned number
  const fits = (at: number, room: number) => void (room < 0 ? f.i32(0) : f.get(at).i32(room).op("i32.le_u"));
  fits(top, h - patch);
  fits(left, w - patch);
  f.op("i32.and");
}
/** The patch to `target`, with zeros where there is no image. */
function copyPatch(
  f: Fn,
  walk: Walk,
  { size: [h, w], channels }: Tiling,
  patch: number,
  used: number,
  images: number,
  target: number,
): void {
  const [from, to, left, i, j] = locals(f, I32, 5);
  const vectors = Math.ceil(used / LANES);
  walk.address(from, images);
  f.get(target).set(to).get(walk.top).set(i);
  const down = f.local(I32);
  times(f, down, patch, () => {
    f.get(walk.left).set(j);
    const across = f.local(I32);
    times(f, across, patch, () => {
      f.get(i).i32(h).op("i32.lt_u").get(j).i32(w).op("i32.lt_u").op("i32.and");
      const at = f.local(I32);
      f.get(to).set(at);
      f.if(
        () => {
          const source = f.local(I32);
          f.get(from).set(source);
          times(f, left, vectors, () => {
            f.get(at).get(source).vload().vstore();
            f.increase(at, VECTOR).increase(source, VECTOR);
          });
        },
        () =>
          times(f, left, vectors, () => {
            f.get(at).vzero().vstore();
            f.increase(at, VECTOR);
          }),
      );
      f.increase(to, 4 * channels)
        .increase(from, 4 * channels)
        .increase(j, 1);
    });
    f.increase(from, 4 * channels * (w - patch)).increase(i, 1);
  });
}

/** From planes to images: the opposite of `readTiles`; outputs beyond the image are left out. */
export function writeTiles(
  f: Fn,
  { points, outputs }: Form,
  tiling: Tiling,
  planes: Planes,
  { images, source, own, first, count }: Record<"images" | "source" | "own" | "first" | "count", number>,
): void {
  const {
    size: [h, w],
    channels,
  } = tiling;
  const transforms = new Transforms(f, points);
  const walk = new Walk(f, tiling);
  const v = locals(f, V128, points);
  const [result, start, from, row, left, vectors, down, across] = [f.local(V128), ...locals(f, I32, 7)];
  const some = (lanes: number) => {
    const store = (i: number, j: number, leave: () => void) => {
      leave();
      f.set(result);
      const write = () => storeLanes(f, start, result, 4 * (i * w + j) * channels, lanes);
      if (j === 0 || w % outputs === 0) write();
      else f.get(across).i32(j).op("i32.gt_s").if(write);
    };
    const line = (i: number, put: () => void) => {
      if (i === 0 || h % outputs === 0) put();
      else f.get(down).i32(i).op("i32.gt_s").if(put);
    };
    outputsOf(
      f,
      transforms,
      points,
      outputs,
      own,
      v,
      (i, j) => void f.get(from).vload((i * points + j) * planes.plane),
      line,
      store,
    );
    f.increase(from, VECTOR).increase(start, VECTOR);
  };
  transforms.prepare("outputs");
  f.get(first).set(walk.tile).get(source).set(row).get(count).set(left);
  countdown(f, left, () => {
    walk.locate();
    walk.address(start, images);
    f.i32(h).get(walk.top).sub().set(down).i32(w).get(walk.left).sub().set(across);
    f.get(row).set(from);
    times(f, vectors, Math.floor(channels / LANES), () => some(LANES));
    if (channels % LANES) some(channels % LANES);
    f.increase(row, planes.row).increase(walk.tile, 1);
  });
}

/** A' along both axes; `line` decides whether a row of outputs is made. */
export function outputsOf(
  f: Fn,
  transforms: Transforms,
  points: number,
  outputs: number,
  between: number,
  v: readonly number[],
  load: (i: number, j: number) => void,
  line: (i: number, put: () => void) => void,
  store: (i: number, j: number, leave: () => void) => void,
): void {
  for (let j = 0; j < points; j++) {
    v.forEach((local, i) => {
      load(i, j);
      f.set(local);
    });
    transforms.outputs(v, outputs, (i, leave) => {
      f.get(between);
      leave();
      f.vstore(VECTOR * (i * points + j));
    });
  }
  for (let i = 0; i < outputs; i++)
    line(i, () => {
      v.forEach(
        (local, j) =>
          void f
            .get(between)
            .vload(VECTOR * (i * points + j))
            .set(local),
      );
      transforms.outputs(v, outputs, (j, leave) => store(i, j, leave));
    });
}

/** Weights whose taps lie side by side: number `lane` of output channels and `step` of input channels, in bytes. */
export interface Taps {
  readonly lane: number;
  readonly step: number;
  /** The taps run backwards. */
  readonly flipped: boolean;
}
/** Output channels of a panel. */
export const PANEL = 8;
export const panelsOf = (channels: number): number => Math.ceil(channels / PANEL);
/** Transformed weights: a plane for each point, [panel][input channel][output channel of the panel]. */
export const weightPlanes = (form: Form, channelsIn: number, channelsOut: number): Planes =>
  planesBy(form, panelsOf(channelsOut), 4 * channelsIn * PANEL);

/** Transforms the panel with the number in `panel`: from the weights at `weights` to the planes at `target`. */
export function readWeights(
  f: Fn,
  form: Form,
  taps: Taps,
  channelsIn: number,
  channelsOut: number,
  { weights, target, own, panel }: Record<"weights" | "target" | "own" | "panel", number>,
): void {
  const planes = weightPlanes(form, channelsIn, channelsOut);
  const transforms = new Transforms(f, form.points);
  const v = locals(f, V128, form.taps);
  const gathered = f.local(V128);
  const [from, to, left] = locals(f, I32, 3);
  const places = form.taps * form.taps;
  /** One of the lanes, or the last that there is. */
  const some = (lanes: number) =>
    times(f, left, channelsIn, () => {
      for (let half = 0; half < PANEL; half += LANES)
        both(f, form.taps, form.points, own, v, {
          load: (i, j) => {
            const place = i * form.taps + j;
            const tap = 4 * (taps.flipped ? places - 1 - place : place);
            const at = (l: number) => tap + Math.min(half + l, lanes - 1) * taps.lane;
            f.get(from).access("v128.load32_zero", at(0));
            for (let l = 1; l < LANES; l++) {
              f.set(gathered).get(from).get(gathered).laneAccess("v128.load32_lane", l, at(l));
            }
          },
          along: (line, put) => transforms.taps(line, put),
          store: (i, j, leave) => {
            f.get(to);
            leave();
            f.vstore((i * form.points + j) * planes.plane + 4 * half);
          },
        });
      f.increase(from, taps.step).increase(to, 4 * PANEL);
    });
  transforms.prepare("taps");
  address(f, from, weights, [panel, PANEL * taps.lane]);
  address(f, to, target, [panel, planes.row]);
  const rest = channelsOut % PANEL;
  if (!rest) return some(PANEL);
  f.get(panel)
    .i32(panelsOf(channelsOut) - 1)
    .op("i32.lt_u");
  f.if(
    () => some(PANEL),
    () => some(rest),
  );
}
