// One use of one op as a file that stands for itself: op, attributes, scalars and the numbers of its inputs, bit for bit. bisect.ts
// writes such files, and the suite replays them on any device.
import { allocate, type DType, type OpName, ops, type Shape, type Spec, sizeOf, type TypedArray } from "@lamina/core";
import type { Use, Value } from "./subject.ts";

export interface CaseFile {
  readonly format: "lamina-case";
  readonly version: 1;
  readonly op: OpName;
  /** Where it was met: the path of the module, and whether in the forward or the backward pass. */
  readonly name: string;
  readonly attrs: object;
  readonly scalars: readonly number[];
  readonly out: Spec;
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType; readonly base64: string }[];
  /** What was wrong there. */
  readonly found: string;
}

function toBase64({ buffer, byteOffset, byteLength }: TypedArray): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
function fromBase64(text: string, dtype: DType, length: number): TypedArray {
  const data = allocate(dtype, length);
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (bytes.length !== data.byteLength) throw new Error(`${bytes.length} bytes for ${data.byteLength}`);
  new Uint8Array(data.buffer).set(bytes);
  return data;
}

export function caseFileOf({ op, attrs, scalars, out, inputs }: Use, name: string, found: string): CaseFile {
  const encode = ({ shape, dtype, data }: Value) => ({ shape, dtype, base64: toBase64(data) });
  const { shape, dtype } = out;
  const spec = { shape, dtype };
  return { format: "lamina-case", version: 1, op, name, attrs, scalars, out: spec, inputs: inputs.map(encode), found };
}

/** @throws if it is no case file, or not whole. */
export function useInFile(file: CaseFile): Use {
  try {
    if (file.format !== "lamina-case" || file.version !== 1 || !Object.hasOwn(ops, file.op))
      throw new Error("not its form");
    const inputs = file.inputs.map(
      ({ shape, dtype, base64 }): Value => ({ shape, dtype, data: fromBase64(base64, dtype, sizeOf(shape)) }),
    );
    return { op: file.op, inputs, attrs: file.attrs, scalars: file.scalars, out: file.out };
  } catch (error) {
    throw new Error(`this is no case file of bisectBackends (${(error as Error).message}); pass one that it wrote`, {
      cause: error,
    });
  }
}
