// Reads and writes safetensors (https://github.com/huggingface/safetensors): eight bytes of header length, a JSON header,
// the tensors. Every check of its reference reader is made, because a file may come from anybody.
import { bytesOf, type DType, LaminaFormatError, type Tensor, type TypedArray, tensor } from "@lamina/core";
import { parseStrict, type StrictValue, unsigned } from "./strictJSON.ts";

export interface SafeTensors {
  readonly tensors: Map<string, Tensor>;
  readonly metadata: Map<string, string>;
}
const MAX_HEADER = 100_000_000;

/** An element type: its size, which of ours holds it, and its values. `bytes` is aligned and has the right length. */
interface ElementType {
  readonly size: number;
  readonly dtype: DType;
  /** Undefined if a value does not fit. */
  decode(buffer: ArrayBuffer): TypedArray | undefined;
}
const half = (h: number): number => {
  const [sign, exponent, fraction] = [h >> 15 ? -1 : 1, (h >> 10) & 31, h & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
};
const bfloat = (halves: Uint16Array): Float32Array => new Float32Array(Uint32Array.from(halves, (h) => h << 16).buffer);
function smallIntegers(values: BigInt64Array): Int32Array | undefined {
  return values.some((v) => BigInt.asIntN(32, v) !== v) ? undefined : Int32Array.from(values, Number);
}
const elementTypes: Readonly<Record<string, ElementType>> = {
  F64: { size: 8, dtype: "float64", decode: (b) => new Float64Array(b) },
  F32: { size: 4, dtype: "float32", decode: (b) => new Float32Array(b) },
  F16: { size: 2, dtype: "float32", decode: (b) => Float32Array.from(new Uint16Array(b), half) },
  BF16: { size: 2, dtype: "float32", decode: (b) => bfloat(new Uint16Array(b)) },
  I64: { size: 8, dtype: "int32", decode: (b) => smallIntegers(new BigInt64Array(b)) },
  I32: { size: 4, dtype: "int32", decode: (b) => new Int32Array(b) },
  U8: { size: 1, dtype: "uint8", decode: (b) => new Uint8Array(b) },
  BOOL: { size: 1, dtype: "bool", decode: (b) => new Uint8Array(b) },
};
/** What each of our types is written as. */
const codes: Readonly<Record<DType, string>> = {
  float64: "F64",
  float32: "F32",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}
type Fail = (offset: number, what: string) => never;

/**
 * The tensors of a file, on the host. F16 and BF16 become float32, I64 int32.
 * @param file how errors call it.
 * @throws LaminaFormatError, naming the byte, if anything is not as the format says.
 */
export function readSafetensors(given: Uint8Array, file = "safetensors"): SafeTensors {
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength); // slice() of Node's Buffer would not copy
  const fail: Fail = (offset, what) => {
    throw new LaminaFormatError(file, offset, what);
  };
  const { header, dataStart } = readHeader(bytes, fail);
  const metadata = readMetadata(header.get("__metadata__"), fail);
  header.delete("__metadata__");
  const entries = [...header].map(([name, value]) => readEntry(name, value, fail));
  checkLayout(entries, bytes.length - dataStart, fail);
  const read = (e: Entry): [string, Tensor] => [e.name, readTensor(e, bytes, dataStart, fail)];
  return { tensors: new Map(entries.map(read)), metadata };
}

function readHeader(bytes: Uint8Array, fail: Fail): { header: Map<string, StrictValue>; dataStart: number } {
  if (bytes.length < 8) fail(0, `a file of ${bytes.length} bytes is too short for its header's length, which takes 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER) fail(0, `the header would have ${length} bytes, more than the ${MAX_HEADER} allowed`);
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length)
    fail(0, `the header would have ${length} bytes but the file ends after ${bytes.length - 8}`);
  const text = decodeText(bytes.subarray(8, dataStart), fail);
  const at = (character: number) => 8 + new TextEncoder().encode(text.slice(0, character)).length;
  const header = parseStrict(text, (character, what) => fail(at(character), `the header is not JSON: ${what}`));
  if (!(header instanceof Map)) return fail(8, "the header is not a JSON object");
  return { header, dataStart };
}
function decodeText(bytes: Uint8Array, fail: Fail): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail(8, "the header is not UTF-8");
  }
}
function readMetadata(value: StrictValue | undefined, fail: Fail): Map<string, string> {
  if (value === undefined) return new Map();
  if (!(value instanceof Map) || [...value.values()].some((v) => typeof v !== "string"))
    return fail(8, "__metadata__ is not an object of strings");
  return value as Map<string, string>;
}
function readEntry(name: string, value: StrictValue, fail: Fail): Entry {
  const field = (key: string) => (value instanceof Map ? value.get(key) : undefined);
  const code = field("dtype");
  const type = typeof code === "string" && Object.hasOwn(elementTypes, code) ? elementTypes[code] : undefined;
  if (!type)
    return fail(8, `${name}: dtype is ${String(code)} but must be one of ${Object.keys(elementTypes).join(", ")}`);
  const shape = integers(field("shape"));
  if (!shape) return fail(8, `${name}: shape is not a list of whole numbers`);
  const offsets = integers(field("data_offsets"));
  if (offsets?.length !== 2) return fail(8, `${name}: data_offsets are not two whole numbers`);
  const [begin, end] = offsets;
  let { size } = type;
  for (const n of shape)
    if (!Number.isSafeInteger((size *= n))) fail(8, `${name}: shape [${shape}] has too many elements`);
  if (end - begin !== size)
    fail(8, `${name}: shape [${shape}] of ${code} takes ${size} bytes but data_offsets give ${end - begin}`);
  return { name, type, shape, begin, end };
}
function integers(value: StrictValue | undefined): number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const out = value.map(unsigned);
  return out.includes(undefined) ? undefined : (out as number[]);
}
/** One after another without holes or overlaps, to the end of the file exactly. Sorts them. */
function checkLayout(entries: Entry[], length: number, fail: Fail): void {
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const e of entries) {
    if (e.begin !== end)
      fail(8, `${e.name}: begins at byte ${e.begin} of the data but what is before it ends at ${end}`);
    end = e.end;
  }
  if (end !== length) fail(8, `the tensors take ${end} bytes but the file has ${length} after its header`);
}
function readTensor(
  { name, type, shape, begin, end }: Entry,
  bytes: Uint8Array,
  dataStart: number,
  fail: Fail,
): Tensor {
  const data = type.decode(bytes.slice(dataStart + begin, dataStart + end).buffer);
  if (!data) return fail(dataStart + begin, `${name}: a value does not fit 32 bits`);
  return tensor(data, { shape, dtype: type.dtype });
}

/** The bytes of a file with these tensors: the largest element types first, then by name, so that all are aligned. */
export async function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const width = (t: Tensor) => bytesOf({ shape: [], dtype: t.dtype });
  const sorted = [...tensors].sort(([a, x], [b, y]) => width(y) - width(x) || (a < b ? -1 : 1));
  const entries: [string, unknown][] = Object.keys(metadata).length ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, t] of sorted) {
    if (name === "__metadata__")
      throw new Error(
        "writeSafetensors: a tensor cannot be called __metadata__, which the format keeps for itself; rename it",
      );
    const begin = end;
    end += bytesOf(t);
    entries.push([name, { dtype: codes[t.dtype], shape: t.shape, data_offsets: [begin, end] }]);
  }
  // Not JSON.stringify of an object: one would move names like "0" to the front, and lose "__proto__".
  const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const header = new TextEncoder().encode(json);
  const padded = Math.ceil(header.length / 8) * 8;
  if (padded > MAX_HEADER)
    throw new Error(
      `writeSafetensors: the header would have ${padded} bytes, more than the ${MAX_HEADER} allowed; write fewer tensors to a file`,
    );
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded).set(header, 8);
  const parts = await Promise.all(sorted.map(([, t]) => t.data()));
  let at = 8 + padded;
  for (const data of parts) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
