// Randomness is (seed, counter): Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
// What is drawn depends on nothing else, so every backend and every engine draws the same bits.

/** One block: four 32-bit words from a 128-bit counter and a 64-bit key. */
export function philox4x32(counter: readonly number[], key: readonly number[]): [number, number, number, number] {
  const out = new Uint32Array(4);
  drawing.fillBlocks(out, 4, counter, key);
  return [out[0], out[1], out[2], out[3]];
}

/** A generator's whole state; plain numbers, so that a checkpoint can hold it. */
export interface RandomState {
  readonly seed: number;
  readonly counter: number;
}
const HALF = 2 ** 32;
const low = (n: number) => n % HALF;
const high = (n: number) => Math.floor(n / HALF);

/** Numbers that one stream gives: from U(a, b), or from the normal distribution with mean a and standard deviation b. */
export interface Draw {
  readonly law: "uniform" | "normal";
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly stream: Stream;
}
/** The scalars of one use: seed and counter, low and high words. */
export type Stream = readonly [number, number, number, number];

/** What streams give. It refers to nothing outside of itself, so that a worker of a device can be given its text. */
export function makeDrawing() {
  const M0 = 0xd2511f53;
  const M1 = 0xcd9e8d57;
  const W0 = 0x9e3779b9;
  const W1 = 0xbb67ae85;
  const WORD = 2 ** 32;
  /** Words that are drawn at a time. */
  const PIECE = 1 << 14;

  /** The first `n` words of the blocks that begin at `counter` and count up its first word. Everything is 32-bit integers, so that engines compile it to few instructions. */
  function fillBlocks(out: Uint32Array, n: number, [first, ...rest]: readonly number[], key: readonly number[]): void {
    const [from1, from2, from3] = rest;
    for (let i = 0; i < n; i += 4) {
      let c0 = (first + (i >>> 2)) | 0;
      let c1 = from1 | 0;
      let c2 = from2 | 0;
      let c3 = from3 | 0;
      let k0 = key[0] | 0;
      let k1 = key[1] | 0;
      for (let round = 0; round < 10; round++) {
        const h0 = mulHigh(M0, c0);
        const l0 = Math.imul(M0, c0);
        const h1 = mulHigh(M1, c2);
        const l1 = Math.imul(M1, c2);
        c0 = h1 ^ c1 ^ k0;
        c1 = l1;
        c2 = h0 ^ c3 ^ k1;
        c3 = l0;
        k0 = (k0 + W0) | 0;
        k1 = (k1 + W1) | 0;
      }
      out[i] = c0;
      out[i + 1] = c1; // beyond the end of the array nothing is written
      out[i + 2] = c2;
      out[i + 3] = c3;
    }
  }
  /** The high 32 bits of a 32 x 32 bit product, as an integer with a sign. No partial sum exceeds 32 bits. */
  function mulHigh(a: number, b: number): number {
    const a0 = a & 0xffff;
    const a1 = a >>> 16;
    const b0 = b & 0xffff;
    const b1 = b >>> 16;
    const mid = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) | 0;
    const low = (Math.imul(a0, b1) + (mid & 0xffff)) | 0;
    return (Math.imul(a1, b1) + (mid >>> 16) + (low >>> 16)) | 0;
  }

  function words(n: number, [s0, s1, c0, c1]: Stream): Uint32Array {
    const out = new Uint32Array(n);
    fillBlocks(out, n, [0, 0, c0, c1], [s0, s1]);
    return out;
  }
  function uniforms(n: number, from: number, to: number, [s0, s1, c0, c1]: Stream): Float32Array {
    const out = new Float32Array(n);
    const some = new Uint32Array(Math.min(n, PIECE)); // a piece at a time: a layer may have 10^8 weights
    const scale = (to - from) * 2 ** -24;
    for (let start = 0; start < n; start += PIECE) {
      const end = Math.min(n, start + PIECE);
      fillBlocks(some, end - start, [start >>> 2, 0, c0, c1], [s0, s1]);
      for (let i = start; i < end; i++) out[i] = from + (some[i - start] >>> 8) * scale;
    }
    return out;
  }
  function normals(n: number, stream: Stream): Float32Array {
    const drawn = words(n + (n % 2), stream);
    const out = new Float32Array(drawn.length);
    for (let i = 0; i < drawn.length; i += 2) {
      const radius = Math.sqrt(-2 * ln((drawn[i] + 0.5) / WORD));
      const [sin, cos] = sinCosOfTurn(drawn[i + 1] / WORD);
      out[i] = radius * cos;
      out[i + 1] = radius * sin;
    }
    return out.subarray(0, n);
  }
  function drawn({ law, count, a, b, stream }: Draw): Float32Array {
    return law === "uniform" ? uniforms(count, a, b, stream) : normals(count, stream).map((z) => a + z * b);
  }

  // Engines may compute Math.log, sin and cos differently in the last place. These use only operations that IEEE 754
  // rounds exactly, so that every engine draws the same normals.

  /** Natural logarithm of a number in (0, 1): x = m * 2^-e with m in [0.75, 1.5), ln m = 2 atanh((m - 1) / (m + 1)). */
  function ln(x: number): number {
    let m = x;
    let exponent = 0;
    while (m < 0.75) {
      m *= 2;
      exponent++;
    }
    const t = (m - 1) / (m + 1);
    const t2 = t * t;
    let sum = 0;
    for (let k = 23; k >= 1; k -= 2) sum = sum * t2 + 1 / k;
    return 2 * t * sum - exponent * 0.6931471805599453;
  }
  /** Sine and cosine of `turn` whole turns, turn in [0, 1): Taylor series on an eighth, symmetry for the rest. */
  function sinCosOfTurn(turn: number): [number, number] {
    const quadrant = Math.floor(turn * 4);
    const rest = turn * 4 - quadrant; // of a quarter turn
    const flip = rest > 0.5;
    const x = (flip ? 1 - rest : rest) * 1.5707963267948966;
    const x2 = x * x;
    let s = 0;
    let c = 0;
    for (let k = 9; k >= 1; k--) {
      s = 1 - (s * x2) / (2 * k * (2 * k + 1));
      c = 1 - (c * x2) / (2 * k * (2 * k - 1));
    }
    const sin = flip ? c : s * x;
    const cos = flip ? s * x : c;
    return quadrant === 0 ? [sin, cos] : quadrant === 1 ? [cos, -sin] : quadrant === 2 ? [-sin, -cos] : [-cos, sin];
  }
  return { fillBlocks, words, uniforms, normals, drawn };
}
const drawing = makeDrawing();
/** The numbers of a draw, in float32. */
export const { drawn } = drawing;

/** A source of random numbers on the host. Each call draws one stream: element i of it is word i%4 of block i>>2. */
export class Generator {
  private seed: number;
  private counter: number;
  /** @param seed a non-negative integer up to 2^53. */
  constructor(seed = 0, counter = 0) {
    this.seed = checkedSeed(seed);
    this.counter = counter;
  }
  get state(): RandomState {
    return { seed: this.seed, counter: this.counter };
  }
  set state({ seed, counter }: RandomState) {
    this.seed = checkedSeed(seed);
    this.counter = counter;
  }
  manualSeed(seed: number): void {
    this.state = { seed, counter: 0 };
  }
  /** The scalars of one use of the `random` op. Moves the counter on. */
  next(): Stream {
    const counter = this.counter++;
    return [low(this.seed), high(this.seed), low(counter), high(counter)];
  }
  /** `n` 32-bit words. */
  words(n: number): Uint32Array {
    return drawing.words(n, this.next());
  }
  /** `n` floats in [0, 1), multiples of 2^-24: the bits that `rand` gives. Or moved to [from, to), rounded twice. */
  uniforms(n: number, from = 0, to = 1): Float32Array {
    return drawing.uniforms(n, from, to, this.next());
  }
  /** One float in [0, 1). */
  uniform(): number {
    return this.uniforms(1)[0];
  }
  /** `n` integers in [from, to). */
  integers(n: number, from: number, to: number): Int32Array {
    return Int32Array.from(this.words(n), (w) => from + Math.floor((w * (to - from)) / HALF));
  }
  /** The numbers 0 .. n-1 in random order (Fisher-Yates). */
  permutation(n: number): Int32Array {
    const words = this.words(n);
    const out = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor((words[i] * (i + 1)) / HALF);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
  /** `n` draws from the normal distribution with mean 0 and variance 1 (Box and Muller, 1958). */
  normals(n: number): Float32Array {
    return drawing.normals(n, this.next());
  }
}
function checkedSeed(seed: number): number {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`manualSeed: the seed is ${seed} but must be a whole number from 0 to 2^53 - 1; pass one`);
  return seed;
}

/** Draws everything that is not given a generator of its own: initialisers, dropout, rand. */
export const defaultGenerator = new Generator(0);
/** Seeds the default generator and starts its counter anew, as `torch.manual_seed`. */
export const manualSeed = (seed: number): void => defaultGenerator.manualSeed(seed);
/** The default generator's state, for checkpoints. */
export const randomState = (): RandomState => defaultGenerator.state;
export const setRandomState = (state: RandomState): void => {
  defaultGenerator.state = state;
};
