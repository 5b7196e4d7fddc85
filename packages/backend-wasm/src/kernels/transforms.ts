// Winograd's transforms of one line of a tile, on vectors of channels (Lavin and Gray, "Fast algorithms for convolutional neural
// networks", 2016). F(m, r) gives m outputs of r taps from m + r - 1 points: A'[(G taps) * (B' numbers)]. With the points
// 0, 1, -1, infinity there are four of them, with 2 and -2 as well there are six; B' depends on the points alone, so that
// F(4,3), F(2,5) and, for gradients of weights, F(3,4) and F(5,2) share it.
import { type Fn, V128 } from "../assembler.ts";
import { locals } from "./emit.ts";

/** Points of a tile along one axis. */
export type Points = 4 | 6;

/** Takes the value that it leaves on the stack, for place i. */
export type Put = (i: number, leave: () => void) => void;

export class Transforms {
  private readonly f: Fn;
  private readonly points: Points;
  private readonly constants = new Map<number, number>();
  private readonly t: readonly number[];

  /** Emits the setting of constants: what is emitted with them must follow before they are needed for something else. */
  constructor(f: Fn, points: Points) {
    this.f = f;
    this.points = points;
    this.t = locals(f, V128, 4);
  }
  /** Sets the constants of one kind of transform where its loop begins, so that no other loop has to keep them. */
  prepare(kind: "numbers" | "taps" | "outputs"): void {
    const { f, constants } = this;
    const needed = { 4: { numbers: [], taps: [0.5], outputs: [] }, 6: SIX }[this.points][kind];
    for (const c of needed) {
      if (!constants.has(c)) constants.set(c, f.local(V128));
      f.vconst(c).set(constants.get(c)!);
    }
  }
  private constant(c: number): number {
    return this.constants.get(c)!;
  }
  /** target = a + c*b */
  private plus(target: number, a: number, c: number, b: number): void {
    const { f } = this;
    f.get(a).set(target);
    if (c === 1) f.get(target).get(b).op("f32x4.add").set(target);
    else f.fma(target, this.constant(c), b);
  }
  private sum(a: number, b: number, target: number): void {
    this.f.get(a).get(b).op("f32x4.add").set(target);
  }
  private difference(a: number, b: number, target: number): void {
    this.f.get(a).get(b).op("f32x4.sub").set(target);
  }
  private readonly leaveSum = (a: number, b: number) => () => void this.f.get(a).get(b).op("f32x4.add");
  private readonly leaveDifference = (a: number, b: number) => () => void this.f.get(a).get(b).op("f32x4.sub");

  /** B' numbers: as many as there are points, in locals. */
  numbers(d: readonly number[], put: Put): void {
    if (this.points === 4) {
      put(0, this.leaveDifference(d[0], d[2]));
      put(1, this.leaveSum(d[1], d[2]));
      put(2, this.leaveDifference(d[2], d[1]));
      put(3, this.leaveDifference(d[1], d[3]));
      return;
    }
    const { f, t } = this;
    const [a, b] = t;
    /** 4*x - 5*y + z */
    const end = (x: number, y: number, z: number) => () => {
      this.plus(a, z, 4, x);
      f.fma(a, this.constant(-5), y);
      f.get(a);
    };
    put(0, end(d[0], d[2], d[4]));
    this.plus(a, d[4], -4, d[2]);
    this.plus(b, d[3], -4, d[1]);
    put(1, this.leaveSum(a, b));
    put(2, this.leaveDifference(a, b));
    this.difference(d[4], d[2], a);
    this.difference(d[3], d[1], b);
    f.get(b).get(this.constant(2)).op("f32x4.mul").set(b);
    put(3, this.leaveSum(a, b));
    put(4, this.leaveDifference(a, b));
    put(5, end(d[1], d[3], d[5]));
  }

  /** G taps: from any number of taps to as many values as there are points. */
  taps(g: readonly number[], put: Put): void {
    const { f, t, points } = this;
    const [even, odd] = t;
    const last = g[g.length - 1];
    const scaled = (x: number, c: number) => void f.get(x).get(this.constant(c)).op("f32x4.mul");
    put(0, points === 4 ? () => void f.get(g[0]) : () => scaled(g[0], 1 / 4));
    this.pair(g, 1, points === 4 ? 1 / 2 : -1 / 6, even, odd, put, 1);
    if (points === 6) this.pair(g, 2, 1 / 24, even, odd, put, 3);
    put(points - 1, () => void f.get(last));
  }
  /** The values at the points p and -p: of the even powers plus and minus of the odd ones. */
  private pair(g: readonly number[], p: number, scale: number, even: number, odd: number, put: Put, at: number): void {
    const { f } = this;
    const power = (target: number, first: number, factor: number) => {
      f.get(g[first]).set(target);
      for (let i = first + 2; i < g.length; i += 2) this.plus(target, target, p ** (i - first), g[i]);
      f.get(target).get(this.constant(factor)).op("f32x4.mul").set(target);
    };
    power(even, 0, scale);
    power(odd, 1, scale * p);
    put(at, this.leaveSum(even, odd));
    put(at + 1, this.leaveDifference(even, odd));
  }

  /** A' values: from as many as there are points, in locals, to `count` outputs. */
  outputs(v: readonly number[], count: number, put: Put): void {
    const { f, t, points } = this;
    const [s1, d1, s2, d2] = t;
    const last = v[points - 1];
    this.sum(v[1], v[2], s1);
    this.difference(v[1], v[2], d1);
    if (points === 6) {
      this.sum(v[3], v[4], s2);
      this.difference(v[3], v[4], d2);
    }
    for (let i = 0; i < count; i++)
      put(i, () => {
        const [near, far] = i % 2 === 0 ? [s1, s2] : [d1, d2];
        f.get(near);
        if (points === 6 && i === 0) f.get(far).op("f32x4.add");
        if (points === 6 && i > 0)
          f.get(far)
            .get(this.constant(2 ** i))
            .op("f32x4.mul")
            .op("f32x4.add");
        if (i === 0) f.get(v[0]).op("f32x4.add");
        if (i === count - 1) f.get(last).op(points === 4 ? "f32x4.sub" : "f32x4.add");
      });
  }
}
/** What the transforms at six points multiply by. */
const SIX = {
  numbers: [4, -4, -5, 2],
  taps: [1 / 4, -1 / 6, 1 / 24, 1 / 12, 4, 16],
  outputs: [2, 4, 8, 16],
};
