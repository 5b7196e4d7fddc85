// The device's memory and its kernels: numbers in textures (or plain arrays, in modes without), and gpu.js's kernels, made
// once for each structure. What a kernel computes is said by kernels/.
import { DeviceLostError, type DType, type MemoryInfo, type TypedArray } from "@lamina/core";
import { type Gpu, type GpuKernel, isTexture, type Values } from "./gpu.ts";
import { declarations, functionsIn } from "./helpers.ts";
import { atOnce, inTurn, type Later, type Order, whenAll } from "./order.ts";
import { type Operand, operandOf, type Position, pieceNames } from "./source.ts";
import { destroyTexture, textureBytes } from "./textures.ts";

/** Kernels kept for when they come again. One whose results are alive stays longer. */
const MOST_KERNELS = 1024;
/** How a mode keeps values: as arrays of the host, as WebGL's textures, or as WebGPU's buffers. */
export type Storage = "arrays" | "textures" | "buffers";
/** What a kernel may read: of textures what browsers let a fragment shader, of buffers what every WebGPU device has, but the result. */
const MOST_OPERANDS: Readonly<Record<Storage, number>> = { arrays: 15, textures: 15, buffers: 7 };

interface Cached {
  readonly run: GpuKernel;
  /** Results that have not been freed: they are textures of this kernel, and go with it. */
  live: number;
}
interface Piece {
  readonly values: Later<Values>;
  /** The least it takes on the device; of textures more is counted once they are there. */
  readonly bytes: number;
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
  /** Must come true before this runs. */
  readonly after?: Promise<unknown> | undefined;
  /** Statements that return number `i` of the result. They may use `inf` and `nan`, which shader languages cannot write. */
  text(operands: readonly Operand[], i: Position): string;
}

export class Device {
  private readonly gpu: Gpu;
  /** The most numbers in one texture. */
  private readonly most: number;
  private readonly storage: Storage;
  private readonly order: Order;
  private readonly kernels = new Map<string, Cached>();
  private readonly live = new Set<GpujsBuffer>();
  private uploader: Cached | undefined = undefined;
  private bytes = 0;
  private peakBytes = 0;

  constructor(gpu: Gpu, most: number, storage: Storage) {
    this.gpu = gpu;
    this.most = most;
    this.storage = storage;
    this.order = storage === "buffers" ? inTurn() : atOnce;
  }

  // ---- memory --------------------------------------------------------------------------------------------------------
  upload(data: TypedArray, dtype: DType): GpujsBuffer {
    this.checkAlive();
    const numbers = dtype === "int32" ? toWords(data) : toNumbers(data, dtype);
    return this.place(numbers, dtype, data.length, dtype === "int32" ? boundsOf(data) : undefined);
  }
  /** What the host makes of values of the device. */
  onHost(
    inputs: readonly GpujsBuffer[],
    { dtype, length }: Pick<GpujsBuffer, "dtype" | "length">,
    compute: (...data: readonly TypedArray[]) => TypedArray,
  ): GpujsBuffer {
    const data = inputs.map((x) => this.read(x));
    const numbers = whenAll(data, (all) => {
      const made = compute(...all);
      return dtype === "int32" ? toWords(made) : toNumbers(made, dtype);
    });
    return this.place(numbers, dtype, length, undefined);
  }
  /** Lets the host look at values, which throws if it does not like them: here, or, where they come later, in what waits for the promise. */
  look(buffer: GpujsBuffer, user: string, see: (data: TypedArray) => void): Promise<void> | undefined {
    const seen = whenAll([this.read(buffer, user)], ([data]) => see(data));
    if (!(seen instanceof Promise)) return undefined;
    seen.catch(() => undefined); // who waits for it is told
    return seen;
  }
  private place(
    numbers: Later<Float32Array>,
    dtype: DType,
    length: number,
    bounds: GpujsBuffer["bounds"],
  ): GpujsBuffer {
    const total = length * wordsOf(dtype);
    const pieces = this.eachPiece(total, (start, end) => {
      const part = (all: Float32Array) => (start === 0 && end === total ? all : all.slice(start, end));
      if (this.storage === "arrays") return this.pieceOf(part(numbers as Float32Array), end - start, undefined);
      const maker = this.uploaderOf(end - start);
      const send = ([all]: readonly Float32Array[]): Later<Values> => {
        maker.run.setOutput([end - start]);
        return maker.run(part(all));
      };
      return this.pieceOf(
        this.inOrder(() => whenAll([numbers], send)),
        end - start,
        maker,
      );
    });
    return this.adopt({ dtype, length, pieces, bounds });
  }
  private uploaderOf(length: number): Cached {
    this.uploader ??= {
      run: this.gpu.createKernel("function (x) { return x[this.thread.x]; }", {
        ...settings,
        dynamicOutput: true,
        dynamicArguments: true,
        output: [length],
      }),
      live: 0,
    };
    return this.uploader;
  }
  private pieceOf(values: Later<Values>, length: number, maker: Cached | undefined): Piece {
    if (maker) maker.live++;
    const isHere = !(values instanceof Promise) && isTexture(values);
    return { values, bytes: isHere ? textureBytes(values) : 4 * length, maker };
  }
  read(buffer: GpujsBuffer, user = "read"): Later<TypedArray> {
    const pieces = this.piecesOf(buffer, user).map(({ values }) => values);
    return this.inOrder(() =>
      whenAll(pieces, (all) =>
        whenAll(
          all.map((values) => (isTexture(values) ? values.toArray() : values)),
          (parts) => {
            this.checkAlive(); // afterwards: what a lost context reads is zeros
            return decoded(parts.length === 1 ? parts[0] : joined(parts), buffer);
          },
        ),
      ),
    );
  }
  free(buffer: GpujsBuffer): void {
    for (const piece of this.piecesOf(buffer, "free")) this.release(piece);
    this.live.delete(buffer);
    buffer.pieces = undefined;
  }
  private release({ values, bytes, maker }: Piece): void {
    this.bytes -= bytes;
    if (maker) void this.inOrder(() => whenAll([values], ([made]) => this.letGo(made, maker)));
  }
  private letGo(values: Values, maker: Cached): void {
    maker.live--;
    if (!isTexture(values)) return;
    if (this.storage === "textures") destroyTexture(values, maker.run);
    else values.delete();
  }
  /** In turn where the device answers later; what goes wrong there is told to who reads. */
  private inOrder<T>(work: () => Later<T>): Later<T> {
    const done = this.order(work);
    if (!(done instanceof Promise)) return done;
    const named = done.catch((error: Error) => {
      throw /device was lost/i.test(error.message) ? new DeviceLostError("gpujs", error.message) : error;
    });
    named.catch(() => undefined);
    return named;
  }
  info(): MemoryInfo {
    return { bytes: this.bytes, buffers: this.live.size, peakBytes: this.peakBytes };
  }
  async close(): Promise<void> {
    for (const buffer of this.live) this.free(buffer);
    await this.order(() => undefined);
    this.kernels.clear();
    this.uploader = undefined;
    await this.gpu.destroy();
  }
  private adopt(buffer: GpujsBuffer): GpujsBuffer {
    for (const { bytes } of buffer.pieces!) this.bytes += bytes;
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
    return inputs.reduce((sum, { pieces }) => sum + pieces!.length, 0) <= MOST_OPERANDS[this.storage];
  }
  launch(launch: Launch): GpujsBuffer {
    this.checkAlive();
    const { key, inputs, scalars = [], dtype, length, bounds, after } = launch;
    const values = inputs.flatMap((x) => this.piecesOf(x, key).map((p) => p.values));
    const total = length * wordsOf(dtype);
    const whole = `${key}|${inputs.map((x) => x.length * wordsOf(x.dtype))}`;
    const pieces: Piece[] = [];
    try {
      this.eachPiece(total, (start, end) => {
        const maker = this.kernelFor(`${whole}|${end - start}|${total}`, launch, end - start, total > this.most);
        const base = total > this.most ? [start] : [];
        const run = (all: readonly Values[]) => maker.run(...all, ...scalars, Infinity, Number.NaN, ...base);
        const made = this.inOrder(() => (after ? after.then(() => whenAll(values, run)) : whenAll(values, run)));
        pieces.push(this.pieceOf(made, end - start, maker));
      });
    } catch (error) {
      for (const piece of pieces) this.release({ ...piece, bytes: 0 });
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
      ...(this.storage === "textures" && { injectedNative: declarations(functions) }),
      argumentTypes: {
        ...typed(arrays, this.storage === "textures" ? "ArrayTexture(1)" : "Array"),
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

/** What the numbers of a buffer stand for. */
function decoded(numbers: Float32Array, { dtype, length }: GpujsBuffer): TypedArray {
  if (dtype === "int32") return fromWords(numbers, length);
  return dtype === "float32" ? numbers.slice(0, length) : Uint8Array.from(numbers);
}
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
