// Packing: a strided matrix copied into a panel whose rows lie side by side, step after step, as a tile reads it.
import { type Fn, I32, V128 } from "../assembler.ts";
import { countdown, LANES, locals, storeLanes, times } from "./emit.ts";

/** panel[k][r] = source[r*rowStride + k*stepStride], strides in bytes. */
export interface Panel {
  /** Rows there are. */
  readonly rows: number;
  /** Rows of the panel: those that are missing are 0, or anything if `rowStride` is 4. */
  readonly width: number;
  readonly rowStride: number;
  readonly stepStride: number;
}

/**
 * Emits the packing of panels of one form; `run` may be emitted several times. It may write up to 12 bytes after a panel.
 */
export class Packer {
  private readonly f: Fn;
  private readonly panel: Panel;
  private readonly v: readonly number[];
  private readonly t: readonly number[];
  private readonly left: number;
  private readonly rest: number;

  constructor(f: Fn, panel: Panel) {
    this.f = f;
    this.panel = panel;
    this.v = locals(f, V128, 4);
    this.t = locals(f, V128, 4);
    this.left = f.local(I32);
    this.rest = f.local(I32);
  }
  /** Packs a fixed number of steps; both pointers move past what they read and wrote. */
  run(source: number, target: number, steps: number): void {
    const turned = this.turns ? steps >> 2 : 0;
    times(this.f, this.left, turned, () => this.turn(source, target));
    times(this.f, this.left, steps - 4 * turned, () => this.one(source, target));
  }
  /** The same, of as many steps as the local says. */
  runLocal(source: number, target: number, steps: number): void {
    const { f, left, rest } = this;
    f.get(steps).set(rest);
    if (this.turns) {
      f.get(steps).i32(2).op("i32.shr_u").set(left);
      countdown(f, left, () => this.turn(source, target));
      f.get(steps).i32(3).op("i32.and").set(rest);
    }
    countdown(f, rest, () => this.one(source, target));
  }

  private get turns(): boolean {
    return this.panel.stepStride === 4 && this.panel.rowStride !== 4;
  }
  /** One step: rows are side by side already, or gathered lane by lane. */
  private one(source: number, target: number): void {
    const { f, v } = this;
    const { rows, width, rowStride, stepStride } = this.panel;
    for (let r = 0; r < width; r += LANES) {
      if (rowStride === 4)
        f.get(source)
          .vload(4 * r)
          .set(v[0]);
      else this.gather(source, r, Math.min(LANES, rows - r));
      f.get(target)
        .get(v[0])
        .vstore(4 * r);
    }
    f.increase(source, stepStride).increase(target, 4 * width);
  }
  private gather(source: number, r: number, count: number): void {
    const { f, v } = this;
    const { rowStride } = this.panel;
    if (count <= 0) f.vzero().set(v[0]);
    else
      f.get(source)
        .access("v128.load32_zero", r * rowStride)
        .set(v[0]);
    for (let i = 1; i < count; i++)
      f.get(source)
        .get(v[0])
        .laneAccess("v128.load32_lane", i, (r + i) * rowStride)
        .set(v[0]);
  }
  /** Four steps, which lie side by side in each row: blocks of 4 x 4 are turned. */
  private turn(source: number, target: number): void {
    const { f } = this;
    const { width } = this.panel;
    for (let r = 0; r < width; r += LANES) this.turnBlock(source, target, r);
    f.increase(source, 16).increase(target, 16 * width);
  }
  private turnBlock(source: number, target: number, r: number): void {
    const { f, v, t } = this;
    const { rows, width, rowStride } = this.panel;
    for (let i = 0; i < LANES; i++) {
      if (r + i < rows)
        f.get(source)
          .vload((r + i) * rowStride)
          .set(v[i]);
      else f.vzero().set(v[i]);
    }
    for (const i of [0, 2]) {
      f.get(v[i])
        .get(v[i + 1])
        .shuffleWords(0, 4, 1, 5)
        .set(t[i]);
      f.get(v[i])
        .get(v[i + 1])
        .shuffleWords(2, 6, 3, 7)
        .set(t[i + 1]);
    }
    for (let step = 0; step < LANES; step++) {
      const low = step & 1 ? [2, 3, 6, 7] : [0, 1, 4, 5];
      f.get(t[step >> 1])
        .get(t[2 + (step >> 1)])
        .shuffleWords(low[0], low[1], low[2], low[3])
        .set(v[0]);
      storeLanes(f, target, v[0], 4 * (step * width + r), Math.min(LANES, width - r));
    }
  }
}
