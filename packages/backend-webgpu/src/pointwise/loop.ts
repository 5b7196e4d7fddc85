// A loop of pointwise ops as a dispatch: an element a thread. A loop over more elements than a binding holds becomes one
// dispatch for each part of its arrays.
import { type DType, type Spec, sizeOf } from "@lamina/core";
import { elementsOf, type Free, type LoopPlan, planLoop, stridesOf, type Unit } from "@lamina/core/passes";
import type { Argument, Call, Quantity } from "../calls.ts";
import { axisNumbers, coordinatesText, dotText, strideKey, strideNumbers } from "../coordinates.ts";
import { type Fixed, numbers } from "../kernels/numbers.ts";
import { wgslType } from "../shader.ts";
import { libraryOf } from "./library.ts";
import { expressionOf, isWideOp, valueType, type Width } from "./ops.ts";

const LANES = 64;

/** As it is computed with, from what is in memory. */
const decoded = (dtype: DType, text: string, width: Width): string =>
  dtype === "bool" ? `(${text} != ${vector("u32", width)}())` : text;
const encoded = (dtype: DType, text: string, width: Width): string =>
  dtype === "bool" ? `${vector("u32", width)}(${text})` : text;
const vector = (type: string, width: Width): string => (width === 1 ? type : `vec4<${type}>`);

function isContiguous(sizes: readonly number[], strides: readonly number[]): boolean {
  const contiguous = stridesOf(sizes);
  return strides.every((s, axis) => s === contiguous[axis] || sizes[axis] === 1);
}
const isStrided = ({ sizes, loads }: LoopPlan): boolean => loads.some(({ strides }) => !isContiguous(sizes, strides));

/**
 * Four elements a thread where all ops can, and each load is a vector, or one number for all four: then the last axis is a whole
 * number of vectors, or everything is read element by element, and what lies past the end is nobody's.
 */
function widthOf(plan: LoopPlan): Width {
  const { values } = plan;
  const isWideValue = (v: LoopPlan["values"][number]) =>
    v.kind !== "op" || isWideOp(v.op, values[v.args.at(-1)!].dtype, v.dtype);
  if (!values.every(isWideValue)) return 1;
  if (!isStrided(plan)) return 4;
  const last = plan.sizes.length - 1;
  const aligned = ({ strides }: { strides: readonly number[] }) =>
    isContiguous(plan.sizes, strides) ||
    (strides[last] <= 1 && strides.every((s, axis) => strides[last] === 0 || axis === last || s % 4 === 0));
  return plan.sizes[last] % 4 === 0 && plan.loads.every(aligned) ? 4 : 1;
}
/** How a load is read by a thread of four: as vectors, or as one number. */
const loadWidth = ({ sizes, loads }: LoopPlan, load: number, width: Width): Width => {
  const { strides } = loads[load];
  return isContiguous(sizes, strides) || strides[sizes.length - 1] === 1 ? width : 1;
};

/** What a load reads, in WGSL: by the number of the element, or by its coordinates. */
function loadText(plan: LoopPlan, load: number, width: Width): string {
  const { sizes, loads } = plan;
  const { strides, dtype } = loads[load];
  if (isContiguous(sizes, strides)) return `read_x${load}(i)`;
  const own = loadWidth(plan, load, width);
  const offset = dotText(strides, `stride${load}_`);
  const at = own === 4 ? `(${offset}) / 4u` : offset;
  return own === width ? `read_x${load}(${at})` : `${vector(wgslType(dtype), width)}(read_x${load}(${at}))`;
}

function bodyOf(plan: LoopPlan, width: Width): string {
  const { sizes, values, stores } = plan;
  const lines = values.map((value) => {
    if (value.kind === "load") return decoded(value.dtype, loadText(plan, value.load, width), width);
    if (value.kind === "scalar")
      return decoded(value.dtype, `${vector(wgslType(value.dtype), width)}(p.s${value.scalar})`, width);
    const operands = value.args.map((a) => ({ text: `v${a}`, dtype: values[a].dtype }));
    return expressionOf(value.op, operands, value.dtype, width);
  });
  return [
    `  let i = group * ${LANES}u + local;`,
    "  if (i >= p.count) { return; }",
    ...(isStrided(plan)
      ? [`  ${coordinatesText(sizes.length, "size", width === 4 ? "i * 4u + p.offset" : "i + p.offset")}`]
      : []),
    ...lines.map((text, k) => `  let v${k}: ${valueType(values[k].dtype, width)} = ${text};`),
    ...stores.map((value, k) => `  write_y${k}(i, ${encoded(values[value].dtype, `v${value}`, width)});`),
  ].join("\n");
}

/** Of sizes the code depends only on how many there are, and only where something is not read element by element. */
function keyOf(plan: LoopPlan, width: Width): string {
  const { sizes, loads, values, stores } = plan;
  const access = loads.map(({ dtype, strides }, k) =>
    isContiguous(sizes, strides) ? dtype : `${dtype} ${strideKey(strides)} x${loadWidth(plan, k, width)}`,
  );
  return `loop of ${width} ${JSON.stringify({ access, axes: isStrided(plan) ? sizes.length : 0, values, stores })}`;
}
/** The numbers that a loop reads whose loads are not all element by element. */
const strideQuantities = ({ sizes, loads }: LoopPlan): Fixed[] => [
  ...axisNumbers("size", sizes),
  ...loads.flatMap(({ strides }, k) => (isContiguous(sizes, strides) ? [] : strideNumbers(`stride${k}_`, strides))),
];
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
  const width = widthOf(plan);
  const key = keyOf(plan, width);
  const total = elementsOf(plan);
  const strides = isStrided(plan) ? strideQuantities(plan) : [];
  const wgsl = () => {
    const main = bodyOf(plan, width);
    return { globals: libraryOf(main), main };
  };
  const scalarTypes = new Map(plan.values.flatMap((v) => (v.kind === "scalar" ? [[v.scalar, v.dtype] as const] : [])));
  const parts = Math.ceil(total / partLength);
  return Array.from({ length: parts }, (_, part): Call => {
    const count = Math.min(partLength, total - part * partLength);
    const threads = Math.ceil(count / width);
    const cut = parts > 1 ? { part } : {};
    const args: Argument[] = [
      ...reads.map((slot, k) => ({
        name: `x${k}`,
        width: loadWidth(plan, k, width),
        at: { slot },
        ...(isContiguous(plan.sizes, plan.loads[k].strides) && cut),
      })),
      ...writes.map((slot, k) => ({ name: `y${k}`, width, at: { slot }, ...cut })),
    ];
    const quantities: Quantity[] = [
      ...numbers({ count: threads, offset: part * partLength }),
      ...strides,
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
      numbers: quantities,
      workgroupSize: LANES,
      workgroups: Math.ceil(threads / LANES),
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
