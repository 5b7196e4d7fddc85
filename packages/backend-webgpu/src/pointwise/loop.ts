// A loop of pointwise ops as a dispatch: an element a thread. A loop over more elements than a binding holds becomes one
// dispatch for each part of its arrays.
import { type DType, type Spec, sizeOf } from "@lamina/core";
import { elementsOf, type Free, type LoopPlan, planLoop, stridesOf, type Unit } from "@lamina/core/passes";
import type { Argument, Call, Quantity } from "../calls.ts";
import { coordinatesText, dotText } from "../coordinates.ts";
import { wgslType } from "../shader.ts";
import { libraryOf } from "./library.ts";
import { expressionOf, valueType } from "./ops.ts";

const LANES = 64;

/** As it is computed with, from what is in memory. */
const decoded = (dtype: DType, text: string): string => (dtype === "bool" ? `(${text} != 0u)` : text);
const encoded = (dtype: DType, text: string): string => (dtype === "bool" ? `select(0u, 1u, ${text})` : text);

function isContiguous(sizes: readonly number[], strides: readonly number[]): boolean {
  const contiguous = stridesOf(sizes);
  return strides.every((s, axis) => s === contiguous[axis] || sizes[axis] === 1);
}

/** Where a load reads, in WGSL: by the number of the element, or by its coordinates. */
function indexText(sizes: readonly number[], strides: readonly number[]): string {
  if (isContiguous(sizes, strides)) return "i";
  return `u32(${dotText(strides)})`;
}

function bodyOf({ sizes, loads, values, stores }: LoopPlan): string {
  const lines = values.map((value) => {
    if (value.kind === "load")
      return decoded(value.dtype, `read_x${value.load}(${indexText(sizes, loads[value.load].strides)})`);
    if (value.kind === "scalar") return decoded(value.dtype, `p.s${value.scalar}`);
    return expressionOf(
      value.op,
      value.args.map((a) => ({ text: `v${a}`, dtype: values[a].dtype })),
      value.dtype,
    );
  });
  const strided = loads.some(({ strides }) => !isContiguous(sizes, strides));
  return [
    `  let i = group * ${LANES}u + local;`,
    "  if (i >= p.count) { return; }",
    ...(strided ? [`  ${coordinatesText(sizes, "i + p.offset")}`] : []),
    ...lines.map((text, k) => `  let v${k}: ${valueType(values[k].dtype)} = ${text};`),
    ...stores.map((value, k) => `  write_y${k}(i, ${encoded(values[value].dtype, `v${value}`)});`),
  ].join("\n");
}

/** Loops that read element by element do not depend on their size. */
const keyOf = (plan: LoopPlan): string => {
  const { sizes, loads, values, stores } = plan;
  const strided = loads.some(({ strides }) => !isContiguous(sizes, strides));
  return `loop ${JSON.stringify(strided ? plan : { loads: loads.map((l) => l.dtype), values, stores })}`;
};
/** The ops of a loop, each once, in the order in which they come. */
const opsOf = ({ values, loads }: LoopPlan): string => {
  const names = [...new Set(values.flatMap((v) => (v.kind === "op" ? [v.op] : [])))];
  return names.length ? names.join(" ") : loads.length ? "expand" : "full";
};

interface Slots {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly scalars: readonly number[];
}

function callsOfPlan(plan: LoopPlan, { reads, writes, scalars }: Slots, partLength: number): Call[] {
  const key = keyOf(plan);
  const total = elementsOf(plan);
  const wgsl = () => {
    const main = bodyOf(plan);
    return { globals: libraryOf(main), main };
  };
  const scalarTypes = new Map(plan.values.flatMap((v) => (v.kind === "scalar" ? [[v.scalar, v.dtype] as const] : [])));
  const parts = Math.ceil(total / partLength);
  return Array.from({ length: parts }, (_, part): Call => {
    const count = Math.min(partLength, total - part * partLength);
    const cut = parts > 1 ? { part } : {};
    const args: Argument[] = [
      ...reads.map((slot, k) => ({
        name: `x${k}`,
        width: 1 as const,
        at: { slot },
        ...(isContiguous(plan.sizes, plan.loads[k].strides) && cut),
      })),
      ...writes.map((slot, k) => ({ name: `y${k}`, width: 1 as const, at: { slot }, ...cut })),
    ];
    const numbers: Quantity[] = [
      { name: "count", type: "u32", value: count },
      { name: "offset", type: "u32", value: part * partLength },
      ...scalars.map((scalar, k): Quantity => {
        const dtype = scalarTypes.get(k)!;
        return { name: `s${k}`, type: wgslType(dtype), scalar, dtype };
      }),
    ];
    const work = count * Math.max(1, plan.values.length);
    return {
      ops: opsOf(plan),
      key,
      wgsl,
      args,
      numbers,
      workgroupSize: LANES,
      workgroups: Math.ceil(count / LANES),
      work,
    };
  });
}

export function loopCalls(unit: Unit, free: Free, partLength: number): Call[] {
  const { plan, ...slots } = planLoop(unit, free);
  return callsOfPlan(plan, slots, partLength);
}
/** Every element of `slot` becomes the scalar. */
export function fillCalls({ shape, dtype }: Spec, slot: number, scalar: number, partLength: number): Call[] {
  const plan: LoopPlan = {
    sizes: [sizeOf(shape)],
    loads: [],
    values: [{ kind: "scalar", dtype, scalar: 0 }],
    stores: [0],
  };
  return callsOfPlan(plan, { reads: [], writes: [slot], scalars: [scalar] }, partLength);
}
