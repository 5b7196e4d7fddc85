// Sums of what a loop computes, or of what a kernel writes slice by slice, are added up where that is done: each slice has its own,
// which a short call puts together. The array is not read again for them, and if nobody else reads it, it is never written.
import { type Spec, sizeOf } from "@lamina/core";
import { commonSizes, joined, type LoopPlan, stridesIn, stridesOf } from "@lamina/core/passes";
import type { Relaxed } from "./assembler.ts";
import type { Argument, Call } from "./calls.ts";
import { emitSumming, emitTogether, partialBytes, type SummingPlan } from "./pointwise/summing.ts";

/** An array as [all, kept], or [images, kept, all]: `kept` is what there is a sum for. */
export interface Summed {
  readonly sizes: readonly number[];
}
/** A loop's sums. */
export interface Sums {
  /** Indices of its values, and the slot that each sum goes to. */
  readonly values: readonly number[];
  readonly outs: readonly number[];
  /** For each of what: see SummingPlan. */
  readonly keeps: SummingPlan["keeps"];
}

/** Elements below which reading them again costs nothing. */
const LEAST = 16384;
/** Elements of a slice, about, and at least where it is a kernel's. */
const SLICE = 8192;
const LEAST_SLICE = 256;

/** How the input of a sum lies, if it is an array worth it. */
export function summedOf({ shape, dtype }: Spec, attrs: object): Summed | undefined {
  if (dtype !== "float32" || sizeOf(shape) < LEAST) return undefined;
  const { axes } = attrs as { axes: readonly number[] };
  const sizes: number[] = [];
  const reduced: boolean[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const isReduced = axes.includes(axis);
    if (reduced.at(-1) === isReduced) sizes[sizes.length - 1] *= size;
    else {
      sizes.push(size);
      reduced.push(isReduced);
    }
  });
  if (String(reduced) === "true,false") return { sizes };
  return String(reduced) === "true,false,true" && sizes[2] >= SHORT ? { sizes } : undefined;
}
/** A row shorter than this takes longer to begin than to add up. */
const SHORT = 16;

/** Calls in which sums have moved to the loops and kernels whose results they are of. `wanted` are slots that are handed out. */
export function withSums(calls: readonly Call[], wanted: ReadonlySet<number>, relaxed: Relaxed): Call[] {
  const madeAt = new Map<number, number>();
  const readers = new Map<number, number>();
  calls.forEach(({ args, writes }, i) => {
    for (const slot of writes) madeAt.set(slot, i);
    for (const arg of args)
      if ("slot" in arg && !writes.includes(arg.slot)) readers.set(arg.slot, 1 + (readers.get(arg.slot) ?? 0));
  });
  const replaced = new Map<number, Call>();
  const gone = new Set<number>();
  calls.forEach((sum, i) => {
    if (!sum.summed) return;
    const [{ slot }] = sum.args as readonly { readonly slot: number }[];
    const at = madeAt.get(slot);
    if (at === undefined) return;
    const maker = replaced.get(at) ?? calls[at];
    if (maker.plan) {
      const unread = !wanted.has(slot) && readers.get(slot) === 1;
      const more = added(maker, sum, slot, unread, relaxed);
      if (!more) return;
      replaced.set(at, more);
      gone.add(i);
      readers.set(slot, readers.get(slot)! - 1);
    } else if (maker.rows) {
      replaced.set(i, alone(sum, relaxed));
    }
  });
  return calls.flatMap((call, i) => (gone.has(i) ? [] : [replaced.get(i) ?? call]));
}

const keepsOf = ({ sizes }: Summed): Sums["keeps"] => (sizes.length === 3 ? 1 : 2);
/** The loop that also adds up one of its results; `unread`: which is not written any more. */
function added(
  loop: Call,
  { summed, writes: [out] }: Call,
  slot: number,
  unread: boolean,
  relaxed: Relaxed,
): Call | undefined {
  const { sums = { values: [], outs: [], keeps: keepsOf(summed!) }, writes } = loop;
  const plan = asArray(loop.plan!, summed!);
  if (!plan || (loop.sums && String(loop.plan!.sizes) !== String(plan.sizes))) return undefined;
  const k = writes.indexOf(slot);
  const value = k < 0 ? undefined : plan.stores[k];
  if (value === undefined) return undefined;
  const without = <T>(list: readonly T[], at: number) => list.filter((_, i) => i !== at);
  const slots = loop.args.slice(0, plan.loads.length + plan.stores.length + 1);
  const left = unread
    ? {
        plan: { ...plan, stores: without(plan.stores, k) },
        args: without(slots, plan.loads.length + k),
        writes: without(writes, k),
      }
    : { plan, args: slots, writes };
  const inPlace = loop.inPlace.filter(([to]) => left.writes.includes(to));
  return summing(
    { ...loop, ...left, inPlace },
    { ...sums, values: [...sums.values, value], outs: [...sums.outs, out] },
    relaxed,
  );
}
/** The sum as a loop that writes nothing else: it can run with the kernel whose result it reads. */
function alone({ summed, args, writes: [out], inPlace }: Call, relaxed: Relaxed): Call {
  const { sizes } = summed!;
  const load = { dtype: "float32", strides: stridesOf(sizes) } as const;
  const plan: LoopPlan = { sizes, loads: [load], values: [{ kind: "load", dtype: "float32", load: 0 }], stores: [] };
  const loop = { plan, args: [args[0], { scalars: [] }], writes: [], inPlace } as const;
  return summing(
    { key: "", file: "", emit: () => emitSumming(plan as SummingPlan, relaxed), ...loop },
    { values: [0], outs: [out], keeps: keepsOf(summed!) },
    relaxed,
  );
}

/** The plan in the axes of what is added up, if it has such. */
function asArray(plan: LoopPlan, { sizes }: Summed): LoopPlan | undefined {
  const accesses = plan.loads.map(({ strides }) => joined({ sizes: plan.sizes, strides }));
  const common = commonSizes([{ sizes, strides: stridesOf(sizes) }, ...accesses]);
  if (String(common) !== String(sizes)) return undefined;
  const loads = plan.loads.map(({ dtype }, i) => ({ dtype, strides: stridesIn(accesses[i], sizes) }));
  return { ...plan, sizes, loads };
}

/** A call of the loop with its sums, cut into slices of its own; its plan stays whole. */
function summing(loop: Call, sums: Sums, relaxed: Relaxed): Call {
  const plan = loop.plan!;
  const [rows, columns] = plan.sizes;
  const cut = plan.sizes.length === 3 ? plan : cutRows(plan, slicesOf(rows, columns));
  return {
    ...loop,
    file: "pointwise/summing.ts",
    sums,
    ...sliced(cut, sums, loop.args, relaxed),
    slices: cut.sizes[0],
  };
}
/** As many slices as divide the rows. */
function slicesOf(rows: number, columns: number): number {
  for (let slices = Math.max(1, Math.min(rows, Math.floor((rows * columns) / SLICE))); slices > 1; slices--)
    if (rows % slices === 0) return slices;
  return 1;
}
const cutRows = (plan: LoopPlan, slices: number): LoopPlan => {
  const [rows, columns] = plan.sizes;
  const each = rows / slices;
  const loads = plan.loads.map(({ dtype, strides: [down, along] }) => ({ dtype, strides: [each * down, down, along] }));
  return { ...plan, sizes: [slices, each, columns], loads };
};

/** Whether a loop with sums can run so: cut into slices along its first axis. */
export const isSummable = ({ sizes }: LoopPlan): boolean => sizes.length === 3 && sizes[1] * sizes[2] >= LEAST_SLICE;

/** What runs for a slice of `cut`, and what puts the slices' sums together. `args` are the loop's up to the scalars. */
export function sliced(
  cut: LoopPlan,
  { values, outs, keeps }: Sums,
  args: readonly Argument[],
  relaxed: Relaxed,
): Pick<Call, "key" | "emit" | "args"> & { readonly finish: Call } {
  const plan: SummingPlan = { ...cut, sums: values, keeps };
  const partials: Argument = { scratch: partialBytes(plan) };
  const finish: Call = {
    key: `sums together ${plan.sizes} ${keeps} ${values.length}`,
    file: "pointwise/summing.ts",
    emit: () => emitTogether(plan),
    args: [partials, ...outs.map((slot) => ({ slot }))],
    writes: outs,
    inPlace: [],
  };
  const key = `loop with sums ${JSON.stringify(plan)}`;
  const count = cut.loads.length + cut.stores.length + 1;
  return { key, emit: () => emitSumming(plan, relaxed), args: [...args.slice(0, count), partials], finish };
}
