// A recorded graph as data: the numbers it starts from, its ops in order, and what it gives. Replaying it records it again.
import { type OpName, record, type Tensor, tensor } from "@lamina/core";
import { recordOf, type Value } from "./subject.ts";

export interface GraphOp {
  readonly op: OpName;
  readonly attrs: object;
  readonly scalars: readonly number[];
  /** Which values it takes: leaves come first, then each op's result. */
  readonly inputs: readonly number[];
}
export interface Graph {
  readonly leaves: readonly Value[];
  readonly ops: readonly GraphOp[];
  /** Which values it gives. */
  readonly outputs: readonly number[];
}

/** Records all of it on the backend in use. */
export function replay({ leaves, ops, outputs }: Graph): Tensor[] {
  const values = leaves.map(({ data, shape, dtype }): Tensor => tensor(data, { shape, dtype }));
  for (const { op, attrs, scalars, inputs } of ops) {
    const from = inputs.map((i) => values[i]);
    values.push(record(recordOf(op), from, attrs, scalars));
  }
  return outputs.map((i) => values[i]);
}

/**
 * Some of its ops by themselves, `chosen` by their number, in order: they start from `values` of the whole graph, by index, and give what
 * other ops use, or nothing does.
 */
export function partOf({ leaves, ops, outputs }: Graph, values: readonly Value[], chosen: readonly number[]): Graph {
  const inside = new Set(chosen);
  const made = chosen.map((k) => leaves.length + k);
  const from = [...new Set(chosen.flatMap((k) => ops[k].inputs))].filter((i) => !inside.has(i - leaves.length));
  const place = new Map([...from, ...made].map((i, at) => [i, at]));
  const wanted = new Set([...ops.flatMap(({ inputs }, k) => (inside.has(k) ? [] : inputs)), ...outputs]);
  return {
    leaves: from.map((i) => values[i]),
    ops: chosen.map((k) => ({ ...ops[k], inputs: ops[k].inputs.map((i) => place.get(i)!) })),
    outputs: made.filter((i) => wanted.has(i)).map((i) => place.get(i)!),
  };
}
/** Those of the ops `chosen` that op `last` is computed from, and itself. */
export function leadingTo({ leaves, ops }: Graph, chosen: readonly number[], last: number): number[] {
  const needed = new Set([last]);
  for (const k of chosen.toReversed()) if (needed.has(k)) for (const i of ops[k].inputs) needed.add(i - leaves.length);
  return chosen.filter((k) => needed.has(k));
}
