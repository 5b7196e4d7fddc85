// A function whose vector constants are set once, at its start. Engines make a constant anew wherever it stands, which in
// a loop costs more than what is computed with it.
import { Fn, V128 } from "./assembler.ts";

export class HoistingFn extends Fn {
  /** The local of each constant, by the bits of its four equal words. */
  private readonly constants = new Map<number, number>();

  override vconst(value: number): this {
    bits.setFloat32(0, value);
    return this.hoisted(bits.getInt32(0));
  }
  override viconst(value: number): this {
    return this.hoisted(value | 0);
  }
  override vzero(): this {
    return this.hoisted(0);
  }
  private hoisted(word: number): this {
    let local = this.constants.get(word);
    if (local === undefined) this.constants.set(word, (local = this.local(V128)));
    return this.get(local);
  }
  /** The whole function: the constants, then what has been written here. */
  finished(): Fn {
    const f = new Fn(this.name, this.params, this.results, this.relaxed);
    for (const type of this.locals) f.local(type);
    for (const [word, local] of this.constants) if (word !== 0) f.viconst(word).set(local); // locals start as 0
    for (let at = 0; at < this.code.length; at += CHUNK) f.e(...this.code.subarray(at, at + CHUNK));
    return f;
  }
}
/** Bytes handed over at a time: they travel as arguments. */
const CHUNK = 4096;
const bits = new DataView(new ArrayBuffer(4));
