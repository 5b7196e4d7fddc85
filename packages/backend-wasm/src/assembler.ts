// A run-time WebAssembly assembler: instructions by their names in the specification, functions as bytes, modules of
// functions. What is emitted is the kernels' business; that it is well typed is checked by the engine when it compiles.
export const I32 = 0x7f;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;

/** Codes of instructions without immediates. Above 0xff: 0xfc and 0xfd are prefixes, written before the rest. */
const codes = {
  unreachable: 0x00,
  return: 0x0f,
  drop: 0x1a,
  select: 0x1b,
  "i32.eqz": 0x45,
  "i32.eq": 0x46,
  "i32.ne": 0x47,
  "i32.lt_s": 0x48,
  "i32.lt_u": 0x49,
  "i32.gt_s": 0x4a,
  "i32.gt_u": 0x4b,
  "i32.le_s": 0x4c,
  "i32.le_u": 0x4d,
  "i32.ge_s": 0x4e,
  "i32.ge_u": 0x4f,
  "f32.eq": 0x5b,
  "f32.ne": 0x5c,
  "f32.lt": 0x5d,
  "f32.gt": 0x5e,
  "f32.le": 0x5f,
  "f32.ge": 0x60,
  "f64.eq": 0x61,
  "f64.ne": 0x62,
  "f64.lt": 0x63,
  "f64.gt": 0x64,
  "i32.add": 0x6a,
  "i32.sub": 0x6b,
  "i32.mul": 0x6c,
  "i32.div_s": 0x6d,
  "i32.div_u": 0x6e,
  "i32.rem_u": 0x70,
  "i32.and": 0x71,
  "i32.or": 0x72,
  "i32.xor": 0x73,
  "i32.shl": 0x74,
  "i32.shr_s": 0x75,
  "i32.shr_u": 0x76,
  "f32.abs": 0x8b,
  "f32.neg": 0x8c,
  "f32.floor": 0x8e,
  "f32.nearest": 0x90,
  "f32.sqrt": 0x91,
  "f32.add": 0x92,
  "f32.sub": 0x93,
  "f32.mul": 0x94,
  "f32.div": 0x95,
  "f32.min": 0x96,
  "f32.max": 0x97,
  "f64.abs": 0x99,
  "f64.neg": 0x9a,
  "f64.floor": 0x9c,
  "f64.add": 0xa0,
  "f64.sub": 0xa1,
  "f64.mul": 0xa2,
  "f64.div": 0xa3,
  "i32.wrap_i64": 0xa7,
  "f32.convert_i32_s": 0xb2,
  "f32.demote_f64": 0xb6,
  "f64.convert_i32_s": 0xb7,
  "f64.promote_f32": 0xbb,
  "i32.reinterpret_f32": 0xbc,
  "f32.reinterpret_i32": 0xbe,
  "i32.trunc_sat_f32_s": 0xfc00,
  "i64.trunc_sat_f64_s": 0xfc06,
  "i8x16.swizzle": 0xfd0e,
  "i8x16.splat": 0xfd0f,
  "i32x4.splat": 0xfd11,
  "f32x4.splat": 0xfd13,
  "f64x2.splat": 0xfd14,
  "i32x4.eq": 0xfd37,
  "i32x4.ne": 0xfd38,
  "i32x4.lt_s": 0xfd39,
  "i32x4.lt_u": 0xfd3a,
  "i32x4.gt_s": 0xfd3b,
  "i32x4.gt_u": 0xfd3c,
  "i32x4.le_s": 0xfd3d,
  "i32x4.le_u": 0xfd3e,
  "i32x4.ge_s": 0xfd3f,
  "f32x4.eq": 0xfd41,
  "f32x4.ne": 0xfd42,
  "f32x4.lt": 0xfd43,
  "f32x4.gt": 0xfd44,
  "f32x4.le": 0xfd45,
  "f32x4.ge": 0xfd46,
  "f64x2.eq": 0xfd47,
  "f64x2.lt": 0xfd49,
  "f64x2.gt": 0xfd4a,
  "v128.not": 0xfd4d,
  "v128.and": 0xfd4e,
  "v128.andnot": 0xfd4f,
  "v128.or": 0xfd50,
  "v128.xor": 0xfd51,
  "v128.bitselect": 0xfd52,
  "v128.any_true": 0xfd53,
  "f32x4.demote_f64x2_zero": 0xfd5e,
  "f64x2.promote_low_f32x4": 0xfd5f,
  "f32x4.ceil": 0xfd67,
  "f32x4.floor": 0xfd68,
  "f32x4.trunc": 0xfd69,
  "f32x4.nearest": 0xfd6a,
  "f64x2.floor": 0xfd75,
  "f64x2.trunc": 0xfd7a,
  "i8x16.min_u": 0xfd77,
  "i8x16.max_u": 0xfd79,
  "i16x8.extend_low_i8x16_u": 0xfd89,
  "i32x4.abs": 0xfda0,
  "i32x4.neg": 0xfda1,
  "i32x4.extend_low_i16x8_u": 0xfda9,
  "i32x4.shl": 0xfdab,
  "i32x4.shr_s": 0xfdac,
  "i32x4.shr_u": 0xfdad,
  "i32x4.add": 0xfdae,
  "i32x4.sub": 0xfdb1,
  "i32x4.mul": 0xfdb5,
  "i32x4.min_s": 0xfdb6,
  "i32x4.max_s": 0xfdb8,
  "i64x2.shl": 0xfdcb,
  "i64x2.shr_u": 0xfdcd,
  "i64x2.add": 0xfdce,
  "i64x2.sub": 0xfdd1,
  "i64x2.extmul_low_i32x4_u": 0xfdde,
  "i64x2.extmul_high_i32x4_u": 0xfddf,
  "f32x4.abs": 0xfde0,
  "f32x4.neg": 0xfde1,
  "f32x4.sqrt": 0xfde3,
  "f32x4.add": 0xfde4,
  "f32x4.sub": 0xfde5,
  "f32x4.mul": 0xfde6,
  "f32x4.div": 0xfde7,
  "f32x4.min": 0xfde8,
  "f32x4.max": 0xfde9,
  "f32x4.pmin": 0xfdea,
  "f32x4.pmax": 0xfdeb,
  "f64x2.abs": 0xfdec,
  "f64x2.neg": 0xfded,
  "f64x2.sqrt": 0xfdef,
  "f64x2.add": 0xfdf0,
  "f64x2.sub": 0xfdf1,
  "f64x2.mul": 0xfdf2,
  "f64x2.div": 0xfdf3,
  "f64x2.max": 0xfdf5,
  "f64x2.pmin": 0xfdf6,
  "f64x2.pmax": 0xfdf7,
  "i32x4.trunc_sat_f32x4_s": 0xfdf8,
  "f32x4.convert_i32x4_s": 0xfdfa,
  "i32x4.trunc_sat_f64x2_s_zero": 0xfdfc,
  "f64x2.convert_low_i32x4_s": 0xfdfe,
} as const;
export type Instruction = keyof typeof codes;

/** Codes of loads and stores. */
const accesses = {
  "i32.load": 0x28,
  "f32.load": 0x2a,
  "f64.load": 0x2b,
  "i32.load8_u": 0x2d,
  "i32.store": 0x36,
  "f32.store": 0x38,
  "f64.store": 0x39,
  "i32.store8": 0x3a,
  "v128.load": 0xfd00,
  "v128.load8_splat": 0xfd07,
  "v128.load32_splat": 0xfd09,
  "v128.load64_splat": 0xfd0a,
  "v128.store": 0xfd0b,
  "v128.load32_zero": 0xfd5c,
  "v128.load64_zero": 0xfd5d,
} as const;
export type Access = keyof typeof accesses;

/** Codes of instructions on one lane; those in `accesses` also have an offset. */
const lanes = {
  "i32x4.extract_lane": 0xfd1b,
  "i32x4.replace_lane": 0xfd1c,
  "f32x4.extract_lane": 0xfd1f,
  "f32x4.replace_lane": 0xfd20,
  "f64x2.extract_lane": 0xfd21,
} as const;
const laneAccesses = {
  "v128.load32_lane": 0xfd56,
  "v128.store8_lane": 0xfd58,
  "v128.store16_lane": 0xfd59,
  "v128.store32_lane": 0xfd5a,
  "v128.store64_lane": 0xfd5b,
} as const;

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const BRANCH_IF = 0x0d;
const NOTHING = 0x40;
const SIMD = 0xfd;

const number = new DataView(new ArrayBuffer(8));

/** Bytes that grow. */
class Bytes {
  private data = new Uint8Array(256);
  length = 0;

  byte(b: number): void {
    if (this.length === this.data.length) this.reserve(1);
    this.data[this.length++] = b;
  }
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.data.set(bytes, this.length);
    this.length += bytes.length;
  }
  /** An unsigned number in LEB128. */
  unsigned(value: number): void {
    let n = value;
    for (; n > 127; n = Math.floor(n / 128)) this.byte(128 | (n % 128));
    this.byte(n);
  }
  /** A signed 32-bit number in LEB128. */
  signed(value: number): void {
    let n = value | 0;
    for (; n < -64 || n > 63; n >>= 7) this.byte(128 | (n & 127));
    this.byte(n & 127);
  }
  /** The first bytes of `number`. */
  number(bytes: number): void {
    for (let i = 0; i < bytes; i++) this.byte(number.getUint8(i));
  }
  view(): Uint8Array<ArrayBuffer> {
    return this.data.subarray(0, this.length);
  }
  private reserve(more: number): void {
    if (this.length + more <= this.data.length) return;
    const larger = new Uint8Array(Math.max(2 * this.data.length, this.length + more));
    larger.set(this.view());
    this.data = larger;
  }
}

/**
 * How products are added: rounded twice (false), once where the machine can (true), or so and with neighbouring vectors made one of
 * 256 bits by the engine ("wide").
 */
export type Relaxed = boolean | "wide";

/** One function while it is being written: each method adds instructions and returns the function. */
export class Fn {
  readonly name: string;
  readonly params: readonly number[];
  readonly results: readonly number[];
  /** Types of the locals after the parameters. */
  readonly locals: number[] = [];
  /** Whether `fma` may use f32x4.relaxed_madd. */
  readonly relaxed: boolean;
  /** Whether the engine makes one of two neighbouring vectors: there is room for twice as many. */
  readonly wide: boolean;
  private readonly body = new Bytes();

  /**
   * @param name under which the module exports it; empty: not at all.
   * @param relaxed whether the engine has relaxed SIMD, and it may be used.
   */
  constructor(name: string, params: readonly number[], results: readonly number[] = [], relaxed: Relaxed = false) {
    this.name = name;
    this.params = params;
    this.results = results;
    this.relaxed = relaxed !== false;
    this.wide = relaxed === "wide";
  }
  /** The instructions so far. */
  get code(): Uint8Array<ArrayBuffer> {
    return this.body.view();
  }

  // ---- locals and constants ----------------------------------------------------------------------------------------------
  /** A new local, zero at the start of the function. */
  local(type: number): number {
    return this.params.length + this.locals.push(type) - 1;
  }
  get(local: number): this {
    return this.onLocal(0x20, local);
  }
  set(local: number): this {
    return this.onLocal(0x21, local);
  }
  tee(local: number): this {
    return this.onLocal(0x22, local);
  }
  private onLocal(code: number, local: number): this {
    if (!(local < this.params.length + this.locals.length)) throw new Error(`assembler: there is no local ${local}`);
    this.body.byte(code);
    this.body.unsigned(local);
    return this;
  }
  i32(value: number): this {
    this.body.byte(0x41);
    this.body.signed(value);
    return this;
  }
  f32(value: number): this {
    number.setFloat32(0, value, true);
    return this.constant(0x43, 4);
  }
  f64(value: number): this {
    number.setFloat64(0, value, true);
    return this.constant(0x44, 8);
  }
  private constant(code: number, bytes: number): this {
    this.body.byte(code);
    this.body.number(bytes);
    return this;
  }
  /** A vector of four equal float32. */
  vconst(value: number): this {
    number.setFloat32(0, value, true);
    return this.splat();
  }
  /** A vector of four equal int32. */
  viconst(value: number): this {
    number.setInt32(0, value, true);
    return this.splat();
  }
  /** A vector of two equal float64. */
  dconst(value: number): this {
    number.setFloat64(0, value, true);
    return this.splat(8);
  }
  private splat(bytes = 4): this {
    this.e(SIMD, 0x0c);
    for (let at = 0; at < 16; at += bytes) this.body.number(bytes);
    return this;
  }
  vzero(): this {
    return this.viconst(0);
  }

  // ---- instructions ------------------------------------------------------------------------------------------------------
  op(instruction: Instruction): this {
    return this.coded(codes[instruction]);
  }
  /** Bytes as they are. */
  e(...bytes: number[]): this {
    for (const b of bytes) this.body.byte(b);
    return this;
  }
  /** A SIMD instruction by its code. */
  simd(code: number): this {
    this.body.byte(SIMD);
    this.body.unsigned(code);
    return this;
  }
  private coded(code: number): this {
    const prefix = code >> 8;
    if (prefix) this.body.byte(prefix);
    if (prefix) this.body.unsigned(code & 0xff);
    else this.body.byte(code);
    return this;
  }
  add(): this {
    return this.op("i32.add");
  }
  sub(): this {
    return this.op("i32.sub");
  }
  mul(): this {
    return this.op("i32.mul");
  }
  /** local += value */
  increase(local: number, value: number): this {
    return value === 0 ? this : this.get(local).i32(value).add().set(local);
  }
  /** acc += a*b, four float32 in locals: rounded once if `relaxed` (and the machine can), else twice. */
  fma(acc: number, a: number, b: number): this {
    this.get(a).get(b);
    if (this.relaxed) return this.get(acc).simd(0x105).set(acc);
    return this.op("f32x4.mul").get(acc).op("f32x4.add").set(acc);
  }
  /** Stack: a, b, and a mask of whole lanes: a where it is set, else b. */
  laneselect(): this {
    return this.relaxed ? this.simd(0x10b) : this.op("v128.bitselect");
  }
  shuffle(lanesOfBytes: readonly number[]): this {
    return this.e(SIMD, 0x0d, ...lanesOfBytes);
  }
  /** `shuffle` by words: 0 to 3 are the first vector's, 4 to 7 the second's. */
  shuffleWords(a: number, b: number, c: number, d: number): this {
    this.e(SIMD, 0x0d);
    for (const w of [a, b, c, d]) this.e(4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3);
    return this;
  }
  lane(instruction: keyof typeof lanes, lane: number): this {
    return this.coded(lanes[instruction]).e(lane);
  }
  /** Calls the function at this place: imports come first. */
  call(index: number): this {
    this.body.byte(0x10);
    this.body.unsigned(index);
    return this;
  }

  // ---- memory ------------------------------------------------------------------------------------------------------------
  /** A load or store by name; the address is on the stack. */
  access(access: Access, offset = 0): this {
    return this.coded(accesses[access]).address(offset);
  }
  laneAccess(access: keyof typeof laneAccesses, lane: number, offset = 0): this {
    return this.coded(laneAccesses[access]).address(offset).e(lane);
  }
  /** A SIMD load or store by its code. */
  mem(code: number, offset = 0, _align = 0): this {
    return this.simd(code).address(offset);
  }
  /** Alignment is only a hint, so none is promised. */
  private address(offset: number): this {
    this.body.byte(0);
    this.body.unsigned(offset);
    return this;
  }
  vload(offset = 0): this {
    return this.access("v128.load", offset);
  }
  vstore(offset = 0): this {
    return this.access("v128.store", offset);
  }
  vsplatload(offset = 0): this {
    return this.access("v128.load32_splat", offset);
  }
  loadi(offset = 0): this {
    return this.access("i32.load", offset);
  }
  storei(offset = 0): this {
    return this.access("i32.store", offset);
  }
  loadf(offset = 0): this {
    return this.access("f32.load", offset);
  }
  storef(offset = 0): this {
    return this.access("f32.store", offset);
  }
  loadu8(offset = 0): this {
    return this.access("i32.load8_u", offset);
  }
  storeu8(offset = 0): this {
    return this.access("i32.store8", offset);
  }
  f64load(offset = 0): this {
    return this.access("f64.load", offset);
  }
  f64store(offset = 0): this {
    return this.access("f64.store", offset);
  }
  /** Adds to the int32 at address + offset, as one step that no other thread can divide, and leaves what was there. Stack: address, number. */
  atomicAdd(offset = 0): this {
    this.e(0xfe, 0x1e, 2);
    this.body.unsigned(offset);
    return this;
  }
  /** Stack: to, from, bytes. */
  memoryCopy(): this {
    return this.e(0xfc, 0x0a, 0, 0);
  }
  /** Stack: to, byte, bytes. */
  memoryFill(): this {
    return this.e(0xfc, 0x0b, 0);
  }

  // ---- control -----------------------------------------------------------------------------------------------------------
  /** Runs `body` once, and again as long as it leaves a number other than 0. */
  loop(body: () => void): this {
    this.e(LOOP, NOTHING);
    body();
    return this.e(BRANCH_IF, 0, END);
  }
  /** `leave()` inside `body` takes a number from the stack and goes to the end of the block if it is not 0. */
  block(body: (leave: (depth?: number) => void) => void): this {
    this.e(BLOCK, NOTHING);
    body((depth = 0) => void this.e(BRANCH_IF, depth));
    return this.e(END);
  }
  /** Runs `then` if the number on the stack is not 0. */
  if(then: () => void, otherwise?: () => void): this {
    this.e(IF, NOTHING);
    then();
    if (otherwise) {
      this.e(ELSE);
      otherwise();
    }
    return this.e(END);
  }
}

export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}
/** A function of the host, called by its place in the list. */
export interface Import extends FunctionType {
  readonly name: string;
}

const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const FUNCTION = 0x60;
const MOST_PAGES = 65536;
type Write = (out: Bytes) => void;

function writeList(out: Bytes, items: readonly Write[]): void {
  out.unsigned(items.length);
  for (const write of items) write(out);
}
/** What `write` writes, after its length. */
function writeSized(out: Bytes, write: Write): void {
  const inner = new Bytes();
  write(inner);
  out.unsigned(inner.length);
  out.append(inner.view());
}
const text =
  (s: string): Write =>
  (out) =>
    writeList(
      out,
      [...s].map((c) => (o) => o.byte(c.charCodeAt(0))),
    );
const typesList =
  (types: readonly number[]): Write =>
  (out) =>
    writeList(
      out,
      types.map((t) => (o) => o.byte(t)),
    );

/** Function types, each once. */
class Types {
  private readonly found = new Map<string, number>();
  readonly writes: Write[] = [];
  indexOf({ params, results }: FunctionType): number {
    const key = `${params}|${results}`;
    const index = this.found.get(key) ?? this.writes.length;
    if (index === this.writes.length) {
      this.found.set(key, index);
      this.writes.push((out) => {
        out.byte(FUNCTION);
        typesList(params)(out);
        typesList(results)(out);
      });
    }
    return index;
  }
}

/** The locals by runs of one type, then the instructions. */
const body =
  (f: Fn): Write =>
  (out) =>
    writeSized(out, (o) => {
      writeList(
        o,
        runsOf(f.locals).map(([count, type]) => (r) => {
          r.unsigned(count);
          r.byte(type);
        }),
      );
      o.append(f.code);
      o.byte(END);
    });
function runsOf(types: readonly number[]): [count: number, type: number][] {
  const runs: [number, number][] = [];
  for (const type of types) {
    const last = runs.at(-1);
    if (last?.[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  return runs;
}

const imported =
  (name: string, kind: readonly number[], write: Write): Write =>
  (out) => {
    text("env")(out);
    text(name)(out);
    for (const b of kind) out.byte(b);
    write(out);
  };
const exported =
  (name: string, index: number): Write =>
  (out) => {
    text(name)(out);
    out.byte(0);
    out.unsigned(index);
  };
const index =
  (n: number): Write =>
  (out) =>
    out.unsigned(n);

export interface ModuleOptions {
  /** The memory is a shared one. */
  readonly shared?: boolean;
}

/** A module that imports `env.memory` and `env[name]` for each import, and exports the functions that have names. */
export function assemble(
  functions: readonly Fn[],
  imports: readonly Import[] = [],
  { shared = false }: ModuleOptions = {},
): Uint8Array<ArrayBuffer> {
  const types = new Types();
  // limits: flags (1: has a maximum, 2: shared), then the fewest pages and, if flagged, the most
  const memory = imported("memory", shared ? [2, 3] : [2, 0], (out) => {
    out.unsigned(0);
    if (shared) out.unsigned(MOST_PAGES);
  });
  const sections: [id: number, items: readonly Write[]][] = [
    [2, [memory, ...imports.map((i) => imported(i.name, [0], index(types.indexOf(i))))]],
    [3, functions.map((f) => index(types.indexOf(f)))],
    [7, functions.flatMap((f, i) => (f.name ? [exported(f.name, imports.length + i)] : []))],
    [10, functions.map(body)],
  ];
  const out = new Bytes();
  for (const b of MAGIC) out.byte(b);
  for (const [id, items] of [[1, types.writes] as const, ...sections]) {
    out.byte(id);
    writeSized(out, (o) => writeList(o, items));
  }
  return out.view();
}
