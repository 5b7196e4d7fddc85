// Reads IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist): two zero bytes, a type, the number of dimensions,
// the dimensions as big-endian 32-bit numbers, then the values. What they show is left to images.ts.
import { type DType, LaminaFormatError, type Shape, sizeOf, type TypedArray } from "@lamina/core";
import { gunzip, isGzip, type Promised } from "./gzip.ts";
import { type Pieces, unpacked } from "./pieces.ts";

/** Values and their shape as an IDX file holds them. */
export interface IDX {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}

export interface ParseOptions {
  /** What errors call the file. */
  readonly name?: string;
  /** Larger files are refused, 512 MiB by default: a header may promise anything. */
  readonly maxBytes?: number;
}

interface ElementType {
  readonly name: string;
  readonly dtype: DType;
  readonly bytes: number;
  readonly get: (view: DataView, at: number) => number;
}
/** By type byte. lamina has no 8-bit signed and no 16-bit integers, so they widen to int32. */
const types: Readonly<Record<number, ElementType>> = {
  8: { name: "uint8", dtype: "uint8", bytes: 1, get: (view, at) => view.getUint8(at) },
  9: { name: "int8", dtype: "int32", bytes: 1, get: (view, at) => view.getInt8(at) },
  11: { name: "int16", dtype: "int32", bytes: 2, get: (view, at) => view.getInt16(at) },
  12: { name: "int32", dtype: "int32", bytes: 4, get: (view, at) => view.getInt32(at) },
  13: { name: "float32", dtype: "float32", bytes: 4, get: (view, at) => view.getFloat32(at) },
  14: { name: "float64", dtype: "float64", bytes: 8, get: (view, at) => view.getFloat64(at) },
};
const arrays = { uint8: Uint8Array, bool: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array };

const MAX_DIMENSIONS = 4;
const MAX_HEADER = 4 + 4 * MAX_DIMENSIONS;

interface Header {
  readonly type: ElementType;
  readonly shape: Shape;
  /** Where the values begin. */
  readonly start: number;
  /** The size of the whole file. */
  readonly size: number;
}

/**
 * Reads an IDX file, gzipped or plain, whole or piece by piece.
 * @returns the values in row-major order. Bytes of a plain file are a view of it, not a copy.
 * @throws LaminaFormatError, naming file and byte, if the bytes are anything but one whole IDX file of 1 to 4 dimensions.
 * In a gzipped file the byte is counted in the unpacked bytes.
 */
export async function parseIDX(
  file: Uint8Array | Pieces,
  { name = "IDX file", maxBytes = 2 ** 29 }: ParseOptions = {},
): Promise<IDX> {
  const read = (first: Uint8Array) => readHeader(first, name, maxBytes);
  const promised = { head: MAX_HEADER, size: (first: Uint8Array) => read(first).size };
  const plain = await unpackedBytes(file, name, promised);
  const header = read(plain);
  checkSize(plain.length, header, name);
  return { dtype: header.type.dtype, shape: header.shape, data: valuesOf(plain, header) };
}

async function unpackedBytes(file: Uint8Array | Pieces, name: string, promised: Promised): Promise<Uint8Array> {
  if (!(file instanceof Uint8Array)) return unpacked(file, name, promised);
  return isGzip(file) ? gunzip(file, name, promised) : file;
}

function readHeader(bytes: Uint8Array, name: string, maxBytes: number): Header {
  checkMagic(bytes, name);
  const ndim = bytes[3];
  const start = 4 + 4 * ndim;
  if (bytes.length < start)
    throw new LaminaFormatError(
      name,
      bytes.length,
      `the file has ${bytes.length} bytes but the header of an IDX file with ${ndim} dimensions has ${start}; it is truncated, get it again`,
    );
  const view = viewOf(bytes);
  const shape = Array.from({ length: ndim }, (_, i) => view.getUint32(4 + 4 * i));
  const type = types[bytes[2]];
  const size = start + sizeOf(shape) * type.bytes;
  if (size > maxBytes)
    throw new LaminaFormatError(
      name,
      4,
      `the header promises ${size} bytes (${type.name} [${shape}]) but the limit is ${maxBytes}; pass a larger maxBytes if that is right`,
    );
  return { type, shape, start, size };
}

function checkMagic(bytes: Uint8Array, name: string): void {
  const found = hex(bytes.subarray(0, 4));
  const wrong = (offset: number, message: string) => new LaminaFormatError(name, offset, message);
  if (bytes.length < 4)
    throw wrong(
      bytes.length,
      `the file has ${bytes.length} bytes but an IDX file has at least 8; it is truncated, get it again`,
    );
  if (bytes[0] !== 0 || bytes[1] !== 0)
    throw wrong(
      0,
      `the file begins with ${found} but an IDX file begins with 00 00; check that this is the file you mean and not, say, an error page`,
    );
  if (!types[bytes[2]])
    throw wrong(
      2,
      `the magic number ${found} has type ${hex(bytes.subarray(2, 3))} but IDX has 08, 09, 0b, 0c, 0d and 0e; check that this is an IDX file`,
    );
  if (bytes[3] < 1 || bytes[3] > MAX_DIMENSIONS)
    throw wrong(
      3,
      `the magic number ${found} says ${bytes[3]} dimensions but 1 to ${MAX_DIMENSIONS} can be read; check that this is an IDX file`,
    );
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" ");

function checkSize(length: number, { type, shape, size }: Header, name: string): void {
  if (length === size) return;
  const promise = `the header promises ${size} (${type.name} [${shape}])`;
  if (length < size)
    throw new LaminaFormatError(
      name,
      length,
      `the file has ${length} bytes but ${promise}; it is truncated, get it again`,
    );
  throw new LaminaFormatError(
    name,
    size,
    `the file has ${length} bytes but ${promise}; ${length - size} bytes follow the end, get it again`,
  );
}

function valuesOf(bytes: Uint8Array, { type, start, shape }: Header): TypedArray {
  if (type.name === "uint8") return bytes.subarray(start);
  const view = viewOf(bytes);
  const values = new arrays[type.dtype](sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = type.get(view, start + i * type.bytes);
  return values;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
