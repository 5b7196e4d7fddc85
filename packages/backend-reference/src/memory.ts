// The buffers of the reference backend: which are alive, and how many bytes they take. A buffer that has been freed says so when it is used.
import { allocate, bytesOf, type DType, type MemoryInfo, OutOfMemoryError, type TypedArray } from "@lamina/core";

export interface ReferenceBuffer {
  readonly dtype: DType;
  /** undefined once it has been freed. */
  data: TypedArray | undefined;
}

/** "declared": a buffer holds its dtype. "double": float32 buffers hold float64 numbers, which nothing rounds. */
export type Precision = "declared" | "double";

export class Memory {
  private readonly precision: Precision;
  private readonly live = new Set<ReferenceBuffer>();
  private bytes = 0;
  private peakBytes = 0;

  constructor(precision: Precision) {
    this.precision = precision;
  }
  /** Zeros that are not counted yet: what a kernel works on, and loses if it throws. @throws OutOfMemoryError */
  zeros(dtype: DType, length: number): TypedArray {
    const held = this.precision === "double" && dtype === "float32" ? "float64" : dtype;
    try {
      return allocate(held, length);
    } catch (cause) {
      const requested = bytesOf({ shape: [length], dtype: held });
      throw new OutOfMemoryError("reference", { requested, inUse: this.bytes, limit: undefined }, { cause });
    }
  }
  /** Takes `data` over as a live buffer. */
  adopt(data: TypedArray, dtype: DType): ReferenceBuffer {
    const buffer = { data, dtype };
    this.live.add(buffer);
    this.bytes += data.byteLength;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    return buffer;
  }
  /** @throws if `buffer` has been freed or belongs to another backend; `user` says who wanted it. */
  data(buffer: ReferenceBuffer, user: string): TypedArray {
    if (!buffer.data)
      throw new Error(`${user}: the ${buffer.dtype} buffer has been freed; free it after its last use, and only once`);
    if (!this.live.has(buffer))
      throw new Error(
        `${user}: the ${buffer.dtype} buffer belongs to another backend; read it there and upload it here`,
      );
    return buffer.data;
  }
  free(buffer: ReferenceBuffer): void {
    this.bytes -= this.data(buffer, "free").byteLength;
    this.live.delete(buffer);
    buffer.data = undefined;
  }
  freeAll(): void {
    for (const buffer of this.live) this.free(buffer);
  }
  info(): MemoryInfo {
    return { bytes: this.bytes, buffers: this.live.size, peakBytes: this.peakBytes };
  }
}
