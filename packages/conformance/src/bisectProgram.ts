// The second look of bisectBackends: where each op is right by itself, whether a device computes another thing when it compiles them
// together. Finds a short run of ops of which that is so, by halving from both ends, and leaves out what does not matter for it.
import { type Backend, setBackend } from "@lamina/core";
import { type Graph, leadingTo, partOf, replay } from "./graph.ts";
import { type Change, changeWhenCompiled } from "./levels/programs.ts";
import { uncompiled, type Value } from "./subject.ts";

export interface ProgramDivergence {
  readonly device: string;
  /** Which ops of the whole, in order. */
  readonly chosen: readonly number[];
  /** These ops alone. */
  readonly graph: Graph;
  readonly change: Change;
}

/** @returns undefined where the devices that compile give the same bits compiled as kernel by kernel. */
export async function bisectProgram(graph: Graph, devices: readonly Backend[]): Promise<ProgramDivergence | undefined> {
  for (const device of devices.filter(({ compile }) => compile)) {
    const found = await bisectOn(device, graph);
    if (found) return found;
  }
  return undefined;
}

async function bisectOn(device: Backend, whole: Graph): Promise<ProgramDivergence | undefined> {
  const look = async (values: readonly Value[], chosen: readonly number[]): Promise<ProgramDivergence | undefined> => {
    const graph = partOf(whole, values, chosen);
    const change = graph.outputs.length ? await changeWhenCompiled(device, () => () => replay(graph)) : undefined;
    return change && { device: device.name, chosen, graph, change };
  };
  const n = whole.ops.length;
  if (!(await look(whole.leaves, range(0, n)))) return undefined;
  const end = await edge(0, n, async (to) => (await look(whole.leaves, range(0, to))) !== undefined);
  const values = await valuesOf(device, whole, end);
  const start = await edge(end, 0, async (from) => (await look(values, range(from, end))) !== undefined);
  const found = (await look(values, range(start, end)))!;
  const { chosen, graph, change } = found;
  const last = chosen[graph.outputs[change.result] - graph.leaves.length];
  return (await look(values, leadingTo(whole, chosen, last))) ?? found;
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Between a place where it holds and one where it does not: the last where it holds, next to one where it does not. */
async function edge(not: number, holds: number, test: (at: number) => Promise<boolean>): Promise<number> {
  while (Math.abs(holds - not) > 1) {
    const middle = (holds + not) >> 1;
    if (await test(middle)) holds = middle;
    else not = middle;
  }
  return holds;
}

/** All values up to op `end`, kernel by kernel. */
async function valuesOf(device: Backend, { leaves, ops }: Graph, end: number): Promise<Value[]> {
  setBackend(uncompiled(device));
  const outputs = range(leaves.length, leaves.length + end);
  const tensors = replay({ leaves, ops: ops.slice(0, end), outputs });
  const read = tensors.map(async (x): Promise<Value> => ({ shape: x.shape, dtype: x.dtype, data: await x.data() }));
  return [...leaves, ...(await Promise.all(read))];
}
