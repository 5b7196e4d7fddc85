// Who is judged and by whom, and how one op is computed on either: kernels are called as core would call them.
import { type Backend, type Op, type OpName, ops, type Program, type Spec, type TypedArray } from "@lamina/core";
import type { OpCase } from "./case.ts";
import { sameBits } from "./compare.ts";
import { seedOf, valuesOf } from "./inputs.ts";

export interface Subject {
  readonly backend: Backend;
  /** Computes in double precision and never rounds. */
  readonly oracle: Backend;
  /** Another device of the same kind, for what needs one of its own. */
  open(): Promise<Backend>;
}

export interface Value extends Spec {
  readonly data: TypedArray;
}
/** An op with all that a kernel is given. */
export interface Use {
  readonly op: OpName;
  readonly inputs: readonly Value[];
  readonly attrs: object;
  readonly scalars: readonly number[];
  readonly out: Spec;
}

/** The op record with its attribute type erased, as a backend meets it. */
export const recordOf = (name: OpName): Op => ops[name] as unknown as Op;

export function useOf({ op, name, inputs, attrs = {}, scalars = [] }: OpCase): Use {
  const seed = seedOf(`${op}/${name}`);
  const values = inputs.map((x, i): Value => ({ shape: x.shape, dtype: x.dtype, data: valuesOf(x, seed + i) }));
  return { op, inputs: values, attrs, scalars, out: recordOf(op).infer(values, attrs) };
}
/** The same op on the absolute values of its inputs. */
export const absolute = (use: Use): Use => ({
  ...use,
  inputs: use.inputs.map((x) => (x.dtype === "float32" ? { ...x, data: x.data.map(Math.abs) as TypedArray } : x)),
});

/** Uploads, calls `compute`, reads, frees. Throws if an input was written to, or if a buffer is left over. */
async function onDevice<B>(
  backend: Backend<B>,
  inputs: readonly Value[],
  compute: (buffers: B[]) => B,
): Promise<TypedArray> {
  const before = backend.memory();
  const buffers = inputs.map((x) => backend.upload(x.data, x.dtype));
  try {
    const result = compute(buffers);
    try {
      const data = await backend.read(result);
      for (const [i, buffer] of buffers.entries()) {
        const change = sameBits(await backend.read(buffer), await uploaded(backend, inputs[i]));
        if (change) throw new Error(`input ${i} was written to: ${change}; a kernel returns a fresh buffer`);
      }
      return data;
    } finally {
      backend.free(result);
    }
  } finally {
    for (const buffer of buffers) backend.free(buffer);
    checkBalance(before.buffers, backend.memory().buffers, before.bytes, backend.memory().bytes);
  }
}
/** What the device makes of host data by itself: the oracle keeps float32 as float64. */
async function uploaded<B>(backend: Backend<B>, { data, dtype }: Value): Promise<TypedArray> {
  const buffer = backend.upload(data, dtype);
  const copy = await backend.read(buffer);
  backend.free(buffer);
  return copy;
}
function checkBalance(buffersBefore: number, buffers: number, bytesBefore: number, bytes: number): void {
  if (buffers !== buffersBefore || bytes !== bytesBefore)
    throw new Error(
      `memory: ${buffers - buffersBefore} buffers and ${bytes - bytesBefore} bytes are left over; a kernel frees what it does not return`,
    );
}

export function byKernel<B>(backend: Backend<B>, { op, inputs, attrs, scalars, out }: Use): Promise<TypedArray> {
  const kernel = backend.kernels[op];
  if (!kernel) throw new Error(`${op}: the ${backend.name} backend has no kernel for this op; add a row`);
  return onDevice(backend, inputs, (buffers) =>
    kernel(
      inputs.map(({ shape, dtype }, i) => ({ buffer: buffers[i], shape, dtype })),
      attrs,
      scalars,
      out,
    ),
  );
}

/** As a program of one instruction through the backend's own `compile`. */
export function byProgram<B>(backend: Backend<B>, { op, inputs, attrs, scalars, out }: Use): Promise<TypedArray> {
  const inputSpecs = inputs.map(({ shape, dtype }): Spec => ({ shape, dtype }));
  const slots = inputs.map((_, i) => i);
  const instruction = {
    op: recordOf(op),
    attrs,
    scalars: scalars.length,
    inputs: slots,
    out: slots.length,
    spec: out,
    inputSpecs,
    frees: [],
  };
  const program: Program = { inputs: inputSpecs, instructions: [instruction], outputs: [slots.length] };
  const run = backend.compile!(program);
  return onDevice(backend, inputs, (buffers) => run(buffers, scalars)[0]);
}

/** The backend without some of its abilities. */
export const without = (backend: Backend, op: OpName): Backend => ({
  ...backend,
  kernels: Object.fromEntries(Object.entries(backend.kernels).filter(([name]) => name !== op)),
});
export function uncompiled<B>({ compile: _, ...rest }: Backend<B>): Backend<B> {
  return rest;
}
