// Chains: a loop over the result of a kernel runs slice by slice with it, while the slice is in the cache: the bias and activation
// after a convolution, an optimiser's update after the product that is its gradient. If nobody else reads the kernel's result, it
// never exists as a whole. What a chain computes is what its two calls would.
import type { LoopPlan } from "@lamina/core/passes";
import type { Relaxed } from "./assembler.ts";
import type { Argument, Call } from "./calls.ts";
import { emitLoop } from "./pointwise/loop.ts";
import { isSummable, type Sums, sliced } from "./sums.ts";

/** The loop at the end of a chain: it is called for each row of the result that the kernel's slice has written. */
export interface Link {
  readonly key: string;
  /** What it does, for whoever asks. */
  readonly plan: LoopPlan;
  readonly sums: Sums | undefined;
  readonly emit: Call["emit"];
  /** How many of the chain's arguments are the kernel's; the others are the loop's. */
  readonly kernelArguments: number;
  /** Rows of the result, and how many of them a slice writes. */
  readonly rows: number;
  readonly perSlice: number;
  /** Arguments that are addresses of one slice's results, and how many bytes those are: the whole would begin that much before. */
  readonly moved: readonly number[];
  readonly sliceBytes: number;
}

/** The plan with `rows` as its first axis, if its axes can be cut there. */
function cutAt(plan: LoopPlan, rows: number): LoopPlan | undefined {
  const { sizes, loads } = plan;
  let outer = 1;
  let axis = 0;
  while (axis < sizes.length && rows % (outer * sizes[axis]) === 0 && outer * sizes[axis] <= rows)
    outer *= sizes[axis++];
  const rest = rows / outer;
  if (rest > 1 && (axis === sizes.length || sizes[axis] % rest !== 0)) return undefined;
  const cut = rest > 1 ? [...sizes.slice(0, axis), rest, sizes[axis] / rest, ...sizes.slice(axis + 1)] : [...sizes];
  const count = axis + (rest > 1 ? 1 : 0);
  const inner = cut.slice(count);
  const cutLoads = loads.map(({ dtype, strides }) => {
    const all =
      rest > 1 ? [...strides.slice(0, axis), strides[axis] * (sizes[axis] / rest), ...strides.slice(axis)] : strides;
    const [outers, inners] = [all.slice(0, count), all.slice(count)];
    // one index must reach all of the outer axes
    const joins = outers.every((s, i) => i === count - 1 || s === outers[i + 1] * cut[i + 1]);
    return joins ? { dtype, strides: [outers[count - 1], ...inners] } : undefined;
  });
  if (cutLoads.some((load) => load === undefined)) return undefined;
  return {
    ...plan,
    sizes: [rows, ...(inner.length ? inner : [1])],
    loads: cutLoads.map((load) => withAxes(load!, inner)),
  };
}
const withAxes = <L extends { strides: readonly number[] }>(load: L, inner: readonly number[]): L =>
  inner.length ? load : { ...load, strides: [...load.strides, 1] };

const slotsOf = (args: readonly Argument[]): number[] => args.flatMap((arg) => ("slot" in arg ? [arg.slot] : []));

/** Calls in which loops have been moved to the kernels that they follow. `wanted` are slots that are handed out. */
export function chained(calls: readonly Call[], wanted: ReadonlySet<number>, relaxed: Relaxed): Call[] {
  const madeAt = new Map<number, number>();
  calls.forEach(({ writes, finish }, i) => {
    for (const slot of [...writes, ...(finish?.writes ?? [])]) madeAt.set(slot, i);
  });
  const readers = new Map<number, number[]>();
  calls.forEach(({ args, writes }, i) => {
    for (const slot of new Set(slotsOf(args))) if (!writes.includes(slot)) push(readers, slot, i);
  });
  const replaced = new Map<number, Call>();
  const gone = new Set<number>();
  calls.forEach((kernel, at) => {
    if (!kernel.rows) return;
    const [out] = kernel.writes;
    for (const i of readers.get(out) ?? []) {
      const loop = calls[i];
      const ready = slotsOf(loop.args).every((slot) => loop.writes.includes(slot) || (madeAt.get(slot) ?? -1) <= at);
      if (gone.has(i) || !loop.plan || !ready) continue;
      const isOnlyReader = !wanted.has(out) && readers.get(out)!.length === 1;
      const chain = link(kernel, loop, out, isOnlyReader, relaxed);
      if (!chain) continue;
      replaced.set(at, chain);
      gone.add(i);
      return;
    }
  });
  return calls.flatMap((call, i) => (gone.has(i) ? [] : [replaced.get(i) ?? call]));
}
function push(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function link(kernel: Call, loop: Call, out: number, isOnlyReader: boolean, relaxed: Relaxed): Call | undefined {
  const { count, perSlice } = kernel.rows!;
  const plan = loop.plan!;
  const size = plan.sizes.reduce((a, b) => a * b, 1);
  const loads = loop.args.flatMap((arg, i) => ("slot" in arg && arg.slot === out ? [i] : []));
  if (loads.length !== 1 || !isWhole(plan, loads[0]) || size !== kernel.rows!.size) return undefined;
  const cut = cutAt(plan, count);
  if (!cut || (loop.sums && !isSummable(cut))) return undefined;
  const run = loop.sums
    ? sliced(cut, loop.sums, loop.args, relaxed)
    : { key: `loop ${JSON.stringify(cut)}`, args: loop.args, emit: () => emitLoop(cut, relaxed, true) };
  const rowBytes = (4 * size) / count;
  const slice: Argument = { scratch: perSlice * rowBytes, own: true };
  const place = (arg: Argument): Argument => (isOnlyReader && "slot" in arg && arg.slot === out ? slice : arg);
  const args = [...kernel.args, ...run.args];
  const { key, emit } = run;
  return {
    ...kernel,
    ...("finish" in run && { finish: run.finish }),
    key: `${kernel.key} then ${count} by ${perSlice}${isOnlyReader ? "" : " kept"} ${key}`,
    args: args.map(place),
    writes: isOnlyReader ? loop.writes : [...kernel.writes, ...loop.writes],
    // the kernel still reads its inputs when the first rows of the loop's results are written
    inPlace: loop.inPlace.filter(([, input]) => !slotsOf(kernel.args).includes(input)),
    rows: undefined,
    link: {
      key,
      plan,
      sums: loop.sums,
      emit,
      kernelArguments: kernel.args.length,
      rows: count,
      perSlice,
      moved: isOnlyReader ? args.flatMap((arg, i) => ("slot" in arg && arg.slot === out ? [i] : [])) : [],
      sliceBytes: perSlice * rowBytes,
    },
  };
}
/** Whether load `i` reads its array element by element from the start. */
function isWhole({ sizes, loads }: LoopPlan, i: number): boolean {
  let stride = 1;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    if (sizes[axis] !== 1 && loads[i].strides[axis] !== stride) return false;
    stride *= sizes[axis];
  }
  return true;
}
