// The largest of what comes one after the other, in each lane: NaN if one is, and 0 before -0. Half of the machine's instructions
// that f32x4.max takes, whose steps also wait for each other.
import { type Fn, V128 } from "../assembler.ts";
import { locals } from "./emit.ts";

export class Largest {
  private readonly f: Fn;
  private readonly max: number;
  /** Lanes that have met a NaN. */
  private readonly nan: number;
  /** The bits that all had: the sign among them if all had a minus. */
  private readonly common: number;

  constructor(f: Fn) {
    this.f = f;
    [this.max, this.nan, this.common] = locals(f, V128, 3);
  }
  start(): void {
    this.f.vconst(-Infinity).set(this.max).vzero().set(this.nan).viconst(-1).set(this.common);
  }
  visit(v: number): void {
    const { f, max, nan, common } = this;
    f.get(max).get(v).op("f32x4.pmax").set(max);
    f.get(v).get(v).op("f32x4.ne").get(nan).op("v128.or").set(nan);
    f.get(v).get(common).op("v128.and").set(common);
  }
  /** Gives the local with the result. */
  finish(): number {
    const { f, max, nan, common } = this;
    f.get(common).viconst(-0x80000000).op("v128.and").get(max);
    f.get(max).vzero().op("f32x4.eq").op("v128.bitselect").get(nan).op("v128.or").set(max);
    return max;
  }
}
