// Reads the fixtures that tools/goldens wrote: safetensors files of this package, so they are trusted and not checked.
import { type DType, type Tensor, type TypedArray, tensor } from "@lamina/core";

interface Entry {
  readonly dtype: "F32" | "F64" | "I32" | "U8" | "BOOL";
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}
const arrays = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array, BOOL: Uint8Array } as const;
const dtypes: Record<Entry["dtype"], DType> = {
  F32: "float32",
  F64: "float64",
  I32: "int32",
  U8: "uint8",
  BOOL: "bool",
};

/** A file of values by name, and the cases that its metadata tells of. */
export class Fixture<Case> {
  readonly cases: readonly Case[];
  private readonly entries: Readonly<Record<string, Entry>>;
  private readonly bytes: ArrayBuffer;
  private readonly start: number;
  constructor(bytes: ArrayBuffer) {
    const length = Number(new DataView(bytes).getBigUint64(0, true));
    const { __metadata__, ...entries } = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length)));
    this.bytes = bytes;
    this.start = 8 + length;
    this.entries = entries;
    this.cases = JSON.parse(__metadata__.cases);
  }
  has(name: string): boolean {
    return name in this.entries;
  }
  /** Names that begin with `prefix`, without it. */
  namesAfter(prefix: string): string[] {
    return Object.keys(this.entries)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  }
  private entry(name: string): Entry {
    const entry = this.entries[name];
    if (!entry) throw new Error(`fixtures: there is no ${name}; run tools/goldens again`);
    return entry;
  }
  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }
  data(name: string): TypedArray {
    const {
      dtype,
      data_offsets: [from, to],
    } = this.entry(name);
    return new arrays[dtype](this.bytes.slice(this.start + from, this.start + to));
  }
  tensor(name: string): Tensor {
    const { dtype, shape } = this.entry(name);
    return tensor(this.data(name), { shape, dtype: dtypes[dtype] });
  }
}

/** Loads one of the fixtures: from the file beside this module in Node, by fetch elsewhere. */
export async function loadFixture<Case>(name: string): Promise<Fixture<Case>> {
  const url = new URL(`../fixtures/${name}.safetensors`, import.meta.url);
  if (url.protocol !== "file:") return new Fixture(await (await fetch(url)).arrayBuffer());
  const { readFile } = await import("node:fs/promises");
  const file = await readFile(url);
  return new Fixture(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer);
}
