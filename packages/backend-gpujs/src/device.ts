// The device's memory and its kernels: numbers in textures (or plain arrays, in modes without), and gpu.js's kernels, made
// once for each structure. What a kernel computes is said by kernels/.
import { DeviceLostError, type DType, type MemoryInfo, type TypedArray } from "@lamina/core";
import { type Gpu, type GpuKernel, isTexture, type Values } from "./gpu.ts";
import { declarations, functionsIn } from "./helpers.ts";
import { type Operand, operandOf, type Position, pieceNames } from "./source.ts";
import { destroyTexture, textureBytes } from "./textures.ts";

/** Kernels kept for when they come again. One whose results are alive stays longer. */
const MOST_KERNELS = 1024;
/** What a browser lets a fragment shader read. */
const MOST_OPERANDS = 15;

interface Cached {
  readonly run: GpuKernel;
  /** Results that have not been freed: they are textures of this kernel, and go with it. */
  live: number;
}
interface Piece {
  readonly values: Values;
  readonly maker: Cached | undefined;
}
/** An array on the device. */
export interface GpujsBuffer {
  readonly dtype: DType;
  /** Elements. */
  readonly length: number;
  /** Undefined once it is freed. */
  pieces: readonly Piece[] | undefined;
  /** Of int32: no element is below the first or above the second. Undefined: nobody has looked. */
  readonly bounds?: readonly [number, number] | undefined;
}

/** Numbers that an element takes: an int32 is a low and a high word, since float32 ends at 2^24. */
const wordsOf = (dtype: DType): number => (dtype === "int32" ? 2 : 1);

export interface Launch {
  /** Everything that the text follows from, but for the lengths of inputs and result. */
  readonly key: string;
  readonly inputs: readonly GpujsBuffer[];
  /** Named s0, s1, … in the text. */
  readonly scalars?: readonly number[];
  readonly dtype: DType;
  readonly length: number;
  readonly bounds?: GpujsBuffer["bounds"];
  /** Statements that return number `i` of the result. They may use `inf` and `nan`, which shader languages cannot write. */
  text(operands: readonly Operand[], i: Position): string;
}

export class Device {
  private readonly gpu: Gpu;
  /** The most numbers in one texture. */
  private readonly most: number;
  private readonly textures: boolean;
  private readonly kernels = new Map<string, Cached>();
  private readonly live = new Set<GpujsBuffer>();
  private uploader: Cached | undefined = undefined;
  private bytes = 0;
  private peakBytes = 0;

  constructor(gpu: Gpu, most: number, textures: boolean) {
    this.gpu = gpu;
    this.most = most;
    this.textures = textures;
  }

  // ---- memory --------------------------------------------------------------------------------------------------------
  upload(data: TypedArray, dtype: DType): GpujsBuffer {
    this.checkAlive();
    const numbers = dtype === "int32" ? toWords(data) : toNumbers(data, dtype);
    const bounds = dtype === "int32" ? boundsOf(data) : undefined;
    const pieces = this.eachPiece(numbers.length, (start, end) => {
      const part = start === 0 && end === numbers.length ? numbers : numbers.slice(start, end);
      return this.textures ? this.toTexture(part) : { values: part, maker: undefined };
    });
    return this.adopt({ dtype, length: data.length, pieces, bounds });
  }
  private toTexture(part: Float32Array): Piece {
    this.uploader ??= {
      run: this.gpu.createKernel("function (x) { return x[this.thread.x]; }", {
        ...settings,
        dynamicOutput: true,
        dynamicArguments: true,
        output: [part.length],
      }),
      live: 0,
    };
    this.uploader.run.setOutput([part.length]);
    this.uploader.live++;
    return { values: this.uploader.run(part), maker: this.uploader };
  }
  read(buffer: GpujsBuffer, user = "read"): TypedArray {
    const pieces = this.piecesOf(buffer, user).map(({ values }) => (isTexture(values) ? values.toArray() : values));
    this.checkAlive(); // afterwards: what a lost context reads is zeros
    const numbers = pieces.length === 1 ? pieces[0] : joined(pieces);
    if (buffer.dtype === "int32") return fromWords(numbers, buffer.length);
    return buffer.dtype === "float32" ? numbers.slice(0, buffer.length) : Uint8Array.from(numbers);
  }
  free(buffer: GpujsBuffer): void {
    for (const piece of this.piecesOf(buffer, "free")) this.release(piece);
    this.live.delete(buffer);
    buffer.pieces = undefined;
  }
  private release({ values, maker }: Piece): void {
    this.bytes -= sizeOfValues(values);
    if (!maker) return;
    maker.live--;
    if (isTexture(values)) destroyTexture(values, maker.run);
  }
  info(): MemoryInfo {
    return { bytes: this.bytes, buffers: this.live.size, peakBytes: this.peakBytes };
  }
  async close(): Promise<void> {
    for (const buffer of this.live) this.free(buffer);
    this.kernels.clear();
    this.uploader = undefined;
    await this.gpu.destroy();
  }
  private adopt(buffer: GpujsBuffer): GpujsBuffer {
    for (const { values } of buffer.pieces!) this.bytes += sizeOfValues(values);
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    this.live.add(buffer);
    return buffer;
  }
  /** @throws if the buffer has been freed or is another device's; `user` says who wanted it. */
  private piecesOf(buffer: GpujsBuffer, user: string): readonly Piece[] {
    if (!buffer.pieces)
      throw new Error(`${user}: the ${buffer.dtype} buffer has been freed; free it after its last use, and only once`);
    if (!this.live.has(buffer))
      throw new Error(
        `${user}: the ${buffer.dtype} buffer belongs to another backend; read it there and upload it here`,
      );
    return buffer.pieces;
  }
  /** @throws if the browser took the graphics card away; all textures are gone then. */
  private checkAlive(): void {
    if (this.gpu.context?.isContextLost?.()) throw new DeviceLostError("gpujs", "the browser lost its WebGL context");
  }
  private eachPiece<T>(length: number, make: (start: number, end: number) => T): T[] {
    const pieces: T[] = [];
    for (let start = 0; start < length; start += this.most)
      pieces.push(make(start, Math.min(length, start + this.most)));
    return pieces;
  }

  // ---- kernels -------------------------------------------------------------------------------------------------------
  /** How many of these a kernel can read at once. */
  fits(inputs: readonly GpujsBuffer[]): boolean {
    return inputs.reduce((sum, { pieces }) => sum + pieces!.length, 0) <= MOST_OPERANDS;
  }
  launch(launch: Launch): GpujsBuffer {
    this.checkAlive();
    const { key, inputs, scalars = [], dtype, length, bounds } = launch;
    const values = inputs.flatMap((x) => this.piecesOf(x, key).map((p) => p.values));
    const total = length * wordsOf(dtype);
    const whole = `${key}|${inputs.map((x) => x.length * wordsOf(x.dtype))}`;
    const pieces: Piece[] = [];
    try {
      this.eachPiece(total, (start, end) => {
        const maker = this.kernelFor(`${whole}|${end - start}|${total}`, launch, end - start, total > this.most);
        const base = total > this.most ? [start] : [];
        pieces.push({ values: maker.run(...values, ...scalars, Infinity, Number.NaN, ...base), maker });
        maker.live++;
      });
    } catch (error) {
      for (const { values: made, maker } of pieces) if (isTexture(made)) destroyTexture(made, maker!.run);
      throw error;
    }
    return this.adopt({ dtype, length, pieces, bounds });
  }
  private kernelFor(key: string, launch: Launch, output: number, several: boolean): Cached {
    const known = this.kernels.get(key);
    if (known) {
      this.kernels.delete(key);
      this.kernels.set(key, known);
      return known;
    }
    const made = { run: this.build(launch, output, several), live: 0 };
    this.kernels.set(key, made);
    this.forget();
    return made;
  }
  private build({ inputs, scalars = [], text }: Launch, output: number, several: boolean): GpuKernel {
    const lengths = inputs.map((x) => x.length * wordsOf(x.dtype));
    const operands = lengths.map((length, k) => operandOf(`x${k}`, length, this.most));
    const arrays = lengths.flatMap((length, k) => pieceNames(`x${k}`, length, this.most));
    const numbers = [...scalars.map((_, k) => `s${k}`), "inf", "nan"];
    const base = several ? ["base"] : [];
    const body = text(operands, several ? "(this.thread.x + base)" : "this.thread.x");
    const functions = functionsIn(body);
    return this.gpu.createKernel(`function (${[...arrays, ...numbers, ...base].join(", ")}) {\n${body}\n}`, {
      ...settings,
      output: [output],
      functions,
      ...(this.textures && { injectedNative: declarations(functions) }),
      argumentTypes: {
        ...typed(arrays, this.textures ? "ArrayTexture(1)" : "Array"),
        ...typed(numbers, "Float"),
        ...typed(base, "Integer"),
      },
    });
  }
  /** Lets the least recently used kernels go that have no results left. */
  private forget(): void {
    for (const [key, { run, live }] of this.kernels) {
      if (this.kernels.size <= MOST_KERNELS) return;
      if (live > 0) continue;
      this.kernels.delete(key);
      run.destroy(false);
    }
  }
}

const settings = {
  pipeline: true,
  immutable: true,
  precision: "single",
  tactic: "precision",
  fixIntegerDivisionAccuracy: false,
  loopMaxIterations: 1 << 24,
};
const typed = (names: readonly string[], type: string) => Object.fromEntries(names.map((name) => [name, type]));

const sizeOfValues = (values: Values): number => (isTexture(values) ? textureBytes(values) : values.byteLength);
function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
/** A copy: the host's array may be used again. */
const toNumbers = (data: TypedArray, dtype: DType): Float32Array =>
  dtype === "bool" ? Float32Array.from(data, (v) => +(v !== 0)) : Float32Array.from(data);
/** Pairs of low and high words. */
function toWords(data: ArrayLike<number>): Float32Array {
  const words = new Float32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    words[2 * i] = data[i] & 0xffff;
    words[2 * i + 1] = data[i] >> 16;
  }
  return words;
}
function fromWords(words: Float32Array, length: number): Int32Array {
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = words[2 * i + 1] * 65536 + words[2 * i];
  return out;
}
function boundsOf(data: TypedArray): readonly [number, number] {
  let low = 0;
  let high = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] < low) low = data[i];
    if (data[i] > high) high = data[i];
  }
  return [low, high];
}
