// Element types and shapes: what they are called, which typed array holds them, how two of them combine.
// Which op accepts which is said by the op.

/** bool is stored as one byte, 0 or 1. float64 exists on the reference backend only. */
export type DType = "float32" | "float64" | "int32" | "uint8" | "bool";
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;
export type Shape = readonly number[];
/** What is known about a value before it is computed. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;
export const dtypes = Object.keys(arrays) as readonly DType[];

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
export const bytesOf = ({ shape, dtype }: Spec): number => sizeOf(shape) * arrays[dtype].BYTES_PER_ELEMENT;
/** A number of bytes as people read it. */
export function inBytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const k = n < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(n) / 10));
  return `${Number((n / 1024 ** k).toFixed(1))} ${units[k]}`;
}
export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";
/** A zero-filled array for `length` elements. */
export const allocate = (dtype: DType, length: number): TypedArray => new arrays[dtype](length);
/** Copies `data`, converting as JavaScript's typed arrays do (bool: anything but 0 and false is true). */
export function toTypedArray(data: ArrayLike<number>, dtype: DType): TypedArray {
  return dtype === "bool" ? Uint8Array.from(data, (v) => +(Number(v) !== 0)) : new arrays[dtype](data);
}

const rank: Record<DType, number> = { bool: 0, uint8: 1, int32: 2, float32: 3, float64: 4 };
/** The type that holds both, as PyTorch's `torch.promote_types`: bool < uint8 < int32 < float32 < float64. */
export const promote = (a: DType, b: DType): DType => (rank[a] >= rank[b] ? a : b);
