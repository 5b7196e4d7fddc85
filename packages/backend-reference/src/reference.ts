// The reference backend: the definitions in kernels/, given buffers to read and to fill.
import type { Backend, Kernel, TypedArray } from "@lamina/core";
import { converter } from "./kernels/cast.ts";
import { definitions } from "./kernels/index.ts";
import { Memory, type Precision, type ReferenceBuffer } from "./memory.ts";
import type { Definition } from "./ndarray.ts";

export interface ReferenceOptions {
  /**
   * "declared" (the default): every result is rounded once to its dtype. "double": float32 buffers hold float64 numbers that are never
   * rounded, uploads and constants included, and `read` gives a Float64Array for them: what other backends are judged by.
   */
  precision?: Precision;
  /** Called with the op's name before each kernel. What it throws, the kernel throws: for tests of what survives a failure. */
  beforeKernel?: (op: string) => void;
}

const dtypes = ["float32", "float64", "int32", "uint8", "bool"] as const;

/**
 * Opens the backend that defines every op of docs/ops.md by plain loops with float64 sums. All dtypes, any host, slow.
 * `read` is synchronous. Freeing a buffer twice, and using one after it was freed, throw.
 */
export async function reference({
  precision = "declared",
  beforeKernel,
}: ReferenceOptions = {}): Promise<Backend<ReferenceBuffer>> {
  const memory = new Memory(precision);
  const kernel =
    (op: string, define: Definition): Kernel<ReferenceBuffer> =>
    (inputs, attrs, scalars, { shape, dtype }) => {
      beforeKernel?.(op);
      const views = inputs.map((x) => ({ shape: x.shape, dtype: x.dtype, data: memory.data(x.buffer, op) }));
      const length = shape.reduce((a, b) => a * b, 1);
      const data = memory.zeros(dtype, length);
      define(views, attrs, scalars, { shape, dtype, data });
      return memory.adopt(data, dtype);
    };
  return {
    name: "reference",
    dtypes,
    kernels: mapValues(definitions, kernel),
    upload(host: TypedArray, dtype) {
      const data = memory.zeros(dtype, host.length);
      const convert = converter(dtype);
      for (let i = 0; i < host.length; i++) data[i] = convert(host[i]);
      return memory.adopt(data, dtype);
    },
    read: (buffer) => memory.data(buffer, "read").slice(),
    free: (buffer) => memory.free(buffer),
    memory: () => memory.info(),
    close: async () => memory.freeAll(),
  };
}

const mapValues = <K extends string, A, B>(object: Record<K, A>, f: (key: K, value: A) => B): Record<K, B> =>
  Object.fromEntries(Object.entries(object).map(([k, v]) => [k, f(k as K, v as A)])) as Record<K, B>;
