// Levels "ops" and "edges": every op record by the device's kernel, as a compiled program, and through core's decomposition.
import {
  type Backend,
  type DType,
  memory,
  type OpName,
  ops,
  record,
  setBackend,
  type TypedArray,
  tensor,
} from "@lamina/core";
import type { OpCase } from "../case.ts";
import { opCases } from "../cases/index.ts";
import { Absent, type Check, Mismatch, type Outcome } from "../check.ts";
import { compare, largest, type Measure } from "../compare.ts";
import { absolute, byKernel, byProgram, recordOf, type Subject, type Use, useOf, without } from "../subject.ts";
import { decomposedTolerance, type Tolerance, toleranceOf, withHalfOperands, withMixedTerms } from "../tolerance.ts";

/** Every op that a device can be asked for has a case, or the suite says so. */
function missingCases(): Check[] {
  const covered = new Set<string>(opCases.map((c) => c.op));
  return (Object.keys(ops) as OpName[])
    .filter((op) => !recordOf(op).alias && !covered.has(op))
    .map((op) => ({
      level: "ops",
      op,
      name: "has a case",
      run: async () => {
        throw new Error(`${op}: no case tries this op; add one to conformance/src/cases`);
      },
    }));
}

/** Required ops that the device has no row for. */
export const missingKernels = ({ kernels }: Backend): OpName[] =>
  (Object.keys(ops) as OpName[]).filter((op) => {
    const { alias, decompose } = recordOf(op);
    return !alias && !decompose && !kernels[op];
  });
/** Only the kernels that are there, each called by itself. */
export const kernelChecks = (subject: Subject): Check[] =>
  opCases
    .filter((c) => subject.backend.kernels[c.op])
    .flatMap((c) => checksOf(subject, c, { use: () => useOf(c), recorded: false }));

export function opChecks(subject: Subject): Check[] {
  return [...missingCases(), ...opCases.flatMap((c) => checksOf(subject, c, { use: () => useOf(c) }))];
}

/** One use of an op, from a file. */
export const useChecks = (subject: Subject, named: Named, use: Use): Check[] =>
  checksOf(subject, named, { use: () => use });

export type Named = Pick<OpCase, "op" | "name" | "level" | "attrs"> & {
  readonly inputs: readonly { readonly dtype: DType }[];
};
function checksOf(
  { backend, oracle }: Subject,
  c: Named,
  { use, recorded = true }: { use: () => Use; recorded?: boolean },
): Check[] {
  const { op, name, level = "ops" } = c;
  let known: Expected | undefined;
  const expected = async () => (known ??= await expectedOf(oracle, use()));
  const check = (suffix: string, run: (e: Expected) => Promise<Outcome>): Check => ({
    level,
    op,
    name: name + suffix,
    run: async () => {
      checkDtypes(backend, c);
      return run(await expected());
    },
  });
  const checks: Check[] = [];
  const { decompose } = recordOf(op);
  if (backend.kernels[op] || !decompose)
    checks.push(check("", async (e) => judge(await byKernel(backend, e.use), e, toleranceOn(backend, e))));
  if (backend.compile && backend.kernels[op])
    checks.push(check(", compiled", async (e) => judge(await byProgram(backend, e.use), e, toleranceOn(backend, e))));
  if (decompose && recorded) checks.push(check(", decomposed", (e) => judgeDecomposed(backend, e)));
  return checks;
}
function checkDtypes(backend: Backend, { inputs, attrs }: Named): void {
  const wanted = [...inputs.map((x) => x.dtype), ...(attrs && "dtype" in attrs ? [attrs.dtype] : [])];
  const missing = wanted.find((dtype) => !(backend.dtypes as readonly unknown[]).includes(dtype));
  if (missing) throw new Absent(`the ${backend.name} backend has no ${missing}`);
}

export interface Expected {
  readonly use: Use;
  readonly data: TypedArray;
  readonly terms: TypedArray;
  readonly tolerance: Tolerance;
}
export async function expectedOf(oracle: Backend, use: Use): Promise<Expected> {
  const tolerance = toleranceOf(use.op, use.inputs, use.attrs, use.out);
  const data = await byKernel(oracle, use);
  const terms = tolerance.of === "terms" ? await byKernel(oracle, absolute(use)) : data;
  return { use, data, terms, tolerance };
}

export function judge(actual: TypedArray, { use, data, terms }: Expected, tolerance: Tolerance): Outcome {
  const yardsticks = {
    result: undefined,
    terms,
    largestTerms: largest([terms]),
    largest: largest([data, ...use.inputs.map((x) => x.data)]),
  };
  const measure: Measure = { ...tolerance, of: yardsticks[tolerance.of] };
  const { ulps, message } = compare(actual, data, measure);
  const outcome = { ulps, tolerance: tolerance.ulps };
  if (message) throw new Mismatch(message, outcome);
  return outcome;
}

async function judgeDecomposed(backend: Backend, expected: Expected): Promise<Outcome> {
  return judge(await byCore(without(backend, expected.use.op), expected.use), expected, loosened(expected));
}
const loosened = ({ tolerance }: Expected): Tolerance => decomposedTolerance(tolerance, 12);

/** One op on a device as core would run it: by its kernel, or else decomposed. */
export const computeAlone = (backend: Backend, use: Use): Promise<TypedArray> =>
  backend.kernels[use.op] ? byKernel(backend, use) : byCore(backend, use);
/** What that may be off by. */
export function toleranceOn({ kernels, halfOperands, mixedTerms }: Backend, expected: Expected): Tolerance {
  const { op } = expected.use;
  const direct = kernels[op] ? expected.tolerance : loosened(expected);
  const tolerance = mixedTerms?.includes(op) && isMixable(expected.use) ? withMixedTerms(direct) : direct;
  return halfOperands?.includes(op) ? withHalfOperands(tolerance) : tolerance;
}

/** Windows of 3 x 3 or 5 x 5 without strides, dilation or groups are those that fast convolutions are for. */
function isMixable({ op, inputs, attrs, out }: Use): boolean {
  const { shape } = op === "conv2dGradWeight" ? out : inputs[1];
  const { stride, dilation, groups } = attrs as { stride: number[]; dilation: number[]; groups: number };
  return (
    [3, 5].includes(shape[2]) && shape[2] === shape[3] && groups === 1 && [...stride, ...dilation].every((n) => n === 1)
  );
}

async function byCore(backend: Backend, { op, inputs, attrs, scalars }: Use): Promise<TypedArray> {
  setBackend(backend);
  const before = memory().buffers;
  const result = record(
    recordOf(op),
    inputs.map(({ data, shape, dtype }) => tensor(data, { shape, dtype })),
    attrs,
    scalars,
  );
  const data = await result.data();
  const left = memory().buffers - before;
  if (left > 0) throw new Error(`memory: ${left} buffers of the decomposition are left over after it was read`);
  return data;
}
