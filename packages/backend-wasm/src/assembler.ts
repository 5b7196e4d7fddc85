// A run-time WebAssembly assembler: functions as bytes, and modules of them.
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;

function uleb(value: number): number[] {
  const out: number[] = [];
  let n = value >>> 0;
  do {
    const b = n & 127;
    n >>>= 7;
    out.push(n ? b | 128 : b);
  } while (n);
  return out;
}
function sleb(value: number): number[] {
  const out: number[] = [];
  let n = value | 0;
  for (;;) {
    const b = n & 127;
    n >>= 7;
    if ((n === 0 && !(b & 64)) || (n === -1 && b & 64)) {
      out.push(b);
      return out;
    }
    out.push(b | 128);
  }
}
const scratch = new DataView(new ArrayBuffer(8));
const bytesOfF32 = (x: number): number[] => {
  scratch.setFloat32(0, x, true);
  return [0, 1, 2, 3].map((i) => scratch.getUint8(i));
};
const bytesOfI32 = (x: number): number[] => {
  scratch.setInt32(0, x, true);
  return [0, 1, 2, 3].map((i) => scratch.getUint8(i));
};

export class Fn {
  readonly name: string;
  readonly params: readonly number[];
  readonly results: readonly number[];
  readonly locals: number[] = [];
  readonly b: number[] = [];
  constructor(name: string, params: readonly number[], results: readonly number[] = []) {
    this.name = name;
    this.params = params;
    this.results = results;
  }
  local(type: number): number {
    return this.params.length + this.locals.push(type) - 1;
  }
  e(...bytes: number[]): this {
    for (const b of bytes) this.b.push(b);
    return this;
  }
  get(i: number): this { return this.e(0x20, ...uleb(i)); }
  set(i: number): this { return this.e(0x21, ...uleb(i)); }
  tee(i: number): this { return this.e(0x22, ...uleb(i)); }
  i32(n: number): this { return this.e(0x41, ...sleb(n)); }
  f64(x: number): this {
    scratch.setFloat64(0, x, true);
    this.e(0x44);
    for (let i = 0; i < 8; i++) this.e(scratch.getUint8(i));
    return this;
  }
  add(): this { return this.e(0x6a); }
  sub(): this { return this.e(0x6b); }
  loop(body: () => void): this { this.e(0x03, 0x40); body(); return this.e(0x0d, 0, 0x0b); }
  call(i: number): this { return this.e(0x10, ...uleb(i)); }
  simd(n: number): this { return this.e(0xfd, ...uleb(n)); }
  mem(n: number, offset = 0, align = 2): this { return this.simd(n).e(...uleb(align), ...uleb(offset)); }
  vload(offset = 0): this { return this.mem(0x00, offset); }
  vstore(offset = 0): this { return this.mem(0x0b, offset); }
  vsplatload(offset = 0): this { return this.mem(0x09, offset); }
  vzero(): this { return this.e(0xfd, 0x0c, ...new Array<number>(16).fill(0)); }
  vconst(x: number): this { const q = bytesOfF32(x); return this.e(0xfd, 0x0c, ...q, ...q, ...q, ...q); }
  viconst(x: number): this { const q = bytesOfI32(x); return this.e(0xfd, 0x0c, ...q, ...q, ...q, ...q); }
  shuffle(l: readonly number[]): this { return this.e(0xfd, 0x0d, ...l); }
  loadi(offset = 0): this { return this.e(0x28, 2, ...uleb(offset)); }
  storei(offset = 0): this { return this.e(0x36, 2, ...uleb(offset)); }
  storef(offset = 0): this { return this.e(0x38, 2, ...uleb(offset)); }
  loadu8(offset = 0): this { return this.e(0x2d, 0, ...uleb(offset)); }
  storeu8(offset = 0): this { return this.e(0x3a, 0, ...uleb(offset)); }
  f64load(offset = 0): this { return this.e(0x2b, 3, ...uleb(offset)); }
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
const text = (s: string): number[] => [...uleb(s.length), ...[...s].map((c) => c.charCodeAt(0))];
const list = (items: readonly number[][]): number[] => [...uleb(items.length), ...items.flat()];

/** A module that imports `env.memory` and `env[name]` for each import, and exports the functions that have names. */
export function assemble(functions: readonly Fn[], imports: readonly Import[] = []): Uint8Array<ArrayBuffer> {
  const types: number[][] = [];
  const typeAt = new Map<string, number>();
  const typeOf = ({ params, results }: FunctionType): number => {
    const key = `${params}|${results}`;
    if (!typeAt.has(key)) {
      typeAt.set(key, types.length);
      types.push([0x60, ...list(params.map((t) => [t])), ...list(results.map((t) => [t]))]);
    }
    return typeAt.get(key)!;
  };
  const imported = imports.map((i) => [...text("env"), ...text(i.name), 0, ...uleb(typeOf(i))]);
  const memory = [...text("env"), ...text("memory"), 2, 0, ...uleb(0)];
  const own = functions.map((f) => uleb(typeOf(f)));
  const exported = functions.flatMap((f, i) => (f.name ? [[...text(f.name), 0, ...uleb(imports.length + i)]] : []));
  const sections: [number, number[]][] = [
    [1, list(types)],
    [2, list([memory, ...imported])],
    [3, list(own)],
    [7, list(exported)],
    [10, codeSection(functions)],
  ];
  return joinSections(sections);
}
function bodyOf(f: Fn): number[] {
  const runs: [number, number][] = [];
  for (const t of f.locals) {
    const last = runs.at(-1);
    if (last && last[1] === t) last[0]++;
    else runs.push([1, t]);
  }
  const head = list(runs.map(([n, t]) => [...uleb(n), t]));
  return [...uleb(head.length + f.b.length + 1), ...head, ...f.b, 0x0b];
}
function codeSection(functions: readonly Fn[]): number[] {
  const out = uleb(functions.length);
  for (const f of functions) for (const b of bodyOf(f)) out.push(b);
  return out;
}
function joinSections(sections: readonly [number, number[]][]): Uint8Array<ArrayBuffer> {
  const out = [...MAGIC];
  for (const [id, body] of sections) {
    out.push(id, ...uleb(body.length));
    for (const b of body) out.push(b);
  }
  return Uint8Array.from(out);
}
