// A function whose vector constants are set once, at its start. Engines make a constant anew wherever it stands, which in
// a loop costs more than what is computed with it.
import { Fn, V128 } from "./assembler.ts";

export class HoistingFn extends Fn {
  /** Of each constant its local, and how to make it; by its bits. */
  private readonly constants = new Map<string, { local: number; make: (f: Fn) => void }>();

  override vconst(value: number): this {
    bits.setFloat32(0, value);
    return this.viconst(bits.getInt32(0));
  }
  override viconst(value: number): this {
    return this.hoisted(`${value | 0}`, (f) => f.viconst(value));
  }
  override dconst(value: number): this {
    bits.setFloat64(0, value);
    return this.hoisted(`${bits.getBigInt64(0)} long`, (f) => f.dconst(value));
  }
  override vzero(): this {
    return this.viconst(0);
  }
  private hoisted(key: string, make: (f: Fn) => void): this {
    const known = this.constants.get(key) ?? { local: this.local(V128), make };
    this.constants.set(key, known);
    return this.get(known.local);
  }
  /** The whole function: the constants, then what has been written here. */
  finished(): Fn {
    const f = new Fn(this.name, this.params, this.results, this.relaxed);
    for (const type of this.locals) f.local(type);
    for (const { local, make } of this.constants.values()) {
      make(f);
      f.set(local);
    }
    for (let at = 0; at < this.code.length; at += CHUNK) f.e(...this.code.subarray(at, at + CHUNK));
    return f;
  }
}
/** Bytes handed over at a time: they travel as arguments. */
const CHUNK = 4096;
const bits = new DataView(new ArrayBuffer(8));
