// A device on paper, for one that has none of its own (Backend.onPaper): it counts what a step takes kernel by kernel, in the order
// in which core runs it. A device that fuses takes less, one that rounds sizes up a little more.
import type { Backend, Kernel } from "./backend.ts";
import { allocate, bytesOf, type DType, type Spec, sizeOf } from "./dtype.ts";
import { OutOfMemoryError } from "./errors.ts";

interface Sheet {
  readonly dtype: DType;
  readonly length: number;
  readonly bytes: number;
}

/** `backend` with so many bytes: the same kernels by name, so that the same ops are decomposed. Takes no memory and computes nothing. */
export function onPaper({ name, dtypes, kernels }: Backend, limit: number): Backend<Sheet> {
  let [bytes, buffers, peakBytes] = [0, 0, 0];
  const take = ({ shape, dtype }: Spec): Sheet => {
    const sheet = { dtype, length: sizeOf(shape), bytes: bytesOf({ shape, dtype }) };
    if (bytes + sheet.bytes > limit) throw new OutOfMemoryError(name, { requested: sheet.bytes, inUse: bytes, limit });
    bytes += sheet.bytes;
    buffers++;
    peakBytes = Math.max(peakBytes, bytes);
    return sheet;
  };
  const kernel: Kernel<Sheet> = (_inputs, _attrs, _scalars, out) => take(out);
  return {
    name,
    dtypes,
    kernels: Object.fromEntries(Object.keys(kernels).map((op) => [op, kernel])),
    upload: ({ length }, dtype) => take({ shape: [length], dtype }),
    read: ({ dtype, length }) => allocate(dtype, length),
    free: (sheet) => {
      bytes -= sheet.bytes;
      buffers--;
    },
    memory: () => ({ bytes, buffers, peakBytes, limit }),
    close: async () => {},
  };
}
