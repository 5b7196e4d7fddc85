// A program's instructions as the passes see them: each with the place of its scalars. The passes never change one;
// each returns a new list.
import type { Spec } from "../dtype.ts";
import type { Program } from "../program.ts";

export interface Node {
  readonly op: string;
  readonly attrs: object;
  /** Which of the program's scalars are its own. */
  readonly scalars: readonly number[];
  /** Slots, and how this node sees them (an alias may have given a slot another shape). */
  readonly inputs: readonly number[];
  readonly inputSpecs: readonly Spec[];
  readonly out: number;
  readonly spec: Spec;
}

export function nodesOf(program: Program): Node[] {
  let scalar = 0;
  return program.instructions.map(({ op, attrs, scalars, inputs, inputSpecs, out, spec }) => ({
    op: op.name,
    attrs,
    scalars: Array.from({ length: scalars }, () => scalar++),
    inputs,
    inputSpecs,
    out,
    spec,
  }));
}
