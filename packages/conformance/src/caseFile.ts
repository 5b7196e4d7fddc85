// One use of one op, or a program of several, as a file that stands for itself: ops, attributes, scalars and the numbers that they start
// from, bit for bit. bisect.ts writes such files, and the suite replays them on any device.
import { allocate, type DType, type OpName, ops, type Shape, type Spec, sizeOf, type TypedArray } from "@lamina/core";
import type { Graph, GraphOp } from "./graph.ts";
import type { Use, Value } from "./subject.ts";

interface Encoded {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly base64: string;
}
export interface OpCaseFile {
  readonly format: "lamina-case";
  readonly version: 1;
  readonly op: OpName;
  /** Where it was met: the path of the module, and whether in the forward or the backward pass. */
  readonly name: string;
  readonly attrs: object;
  readonly scalars: readonly number[];
  readonly out: Spec;
  readonly inputs: readonly Encoded[];
  /** What was wrong there. */
  readonly found: string;
}
export interface ProgramCaseFile {
  readonly format: "lamina-program-case";
  readonly version: 1;
  /** Where its ops were met: the first and the last of them. */
  readonly name: string;
  readonly leaves: readonly Encoded[];
  readonly ops: readonly GraphOp[];
  readonly outputs: readonly number[];
  /** What was wrong there. */
  readonly found: string;
}
export type CaseFile = OpCaseFile | ProgramCaseFile;

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

const encoded = ({ shape, dtype, data }: Value): Encoded => ({ shape, dtype, base64: toBase64(data) });
const decoded = ({ shape, dtype, base64 }: Encoded): Value => ({
  shape,
  dtype,
  data: fromBase64(base64, dtype, sizeOf(shape)),
});

export function caseFileOf({ op, attrs, scalars, out, inputs }: Use, name: string, found: string): OpCaseFile {
  const { shape, dtype } = out;
  const spec = { shape, dtype };
  return { format: "lamina-case", version: 1, op, name, attrs, scalars, out: spec, inputs: inputs.map(encoded), found };
}
export const programCaseFileOf = ({ leaves, ops, outputs }: Graph, name: string, found: string): ProgramCaseFile => ({
  format: "lamina-program-case",
  version: 1,
  name,
  leaves: leaves.map(encoded),
  ops,
  outputs,
  found,
});

export type Case = { readonly use: Use } | { readonly graph: Graph };
/** What a file holds. @throws if it is no case file, or not whole. */
export function caseIn(file: CaseFile): Case {
  try {
    if (file.version !== 1) throw new Error("not its form");
    if (file.format === "lamina-case") return { use: useIn(file) };
    if (file.format === "lamina-program-case") return { graph: graphIn(file) };
    throw new Error("not its form");
  } catch (error) {
    throw new Error(`this is no case file of bisectBackends (${(error as Error).message}); pass one that it wrote`, {
      cause: error,
    });
  }
}
function useIn({ op, inputs, attrs, scalars, out }: OpCaseFile): Use {
  checkOp(op);
  return { op, inputs: inputs.map(decoded), attrs, scalars, out };
}
function graphIn({ leaves, ops: of, outputs }: ProgramCaseFile): Graph {
  for (const { op } of of) checkOp(op);
  return { leaves: leaves.map(decoded), ops: of, outputs };
}
function checkOp(op: string): void {
  if (!Object.hasOwn(ops, op)) throw new Error(`there is no op ${op}`);
}
