// What a device is known not to do: declared by exact case and, where that depends on the device that is open, with a question to it.
import type { Backend, OpName } from "@lamina/core";
import { computeAlone } from "./levels/ops.ts";
import { recordOf, type Value } from "./subject.ts";

export interface Gap {
  /** A result's id, exactly. */
  readonly id: string;
  readonly reason: string;
  /**
   * Whether the device that is open has it. Left out: it always has. Asked once a run, before any case, for all gaps that name the
   * same function.
   */
  readonly when?: (device: Asked) => boolean | Promise<boolean>;
}
/** The open device, as a gap's `when` sees it. */
export interface Asked {
  readonly details: NonNullable<Backend["details"]>;
  /** What the device makes of an op without attributes on single float32 numbers: `compute("add", 2 ** -149, 2 ** -149)`. */
  compute(op: OpName, ...numbers: readonly number[]): Promise<number>;
}

function asked(backend: Backend): Asked {
  const value = (x: number): Value => ({ shape: [1], dtype: "float32", data: Float32Array.of(x) });
  return {
    details: backend.details ?? {},
    async compute(op, ...numbers) {
      const inputs = numbers.map(value);
      const use = { op, inputs, attrs: {}, scalars: [], out: recordOf(op).infer(inputs, {}) };
      return (await computeAlone(backend, use))[0];
    },
  };
}

/** Of the gaps that the open device has, the reason by the id. */
export async function reasonsOn(backend: Backend, gaps: readonly Gap[]): Promise<Map<string, string>> {
  const questions = new Set(gaps.flatMap(({ when }) => when ?? []));
  const answers = new Map<Gap["when"], boolean>([[undefined, true]]);
  for (const when of questions) answers.set(when, await when(asked(backend)));
  return new Map(gaps.filter(({ when }) => answers.get(when)).map(({ id, reason }) => [id, reason]));
}

const isGap = (gap: Partial<Gap> | null): boolean =>
  typeof gap?.id === "string" &&
  typeof gap.reason === "string" &&
  (gap.when === undefined || typeof gap.when === "function");

/**
 * The gaps that a module declares, as its export `gaps`.
 * @throws if that is something else.
 */
export function gapsIn({ gaps = [] }: Readonly<Record<string, unknown>>): readonly Gap[] {
  if (Array.isArray(gaps) && gaps.every(isGap)) return gaps;
  throw new Error('conformance: the export "gaps" must be a list of { id, reason, when? }, where when is a function');
}
