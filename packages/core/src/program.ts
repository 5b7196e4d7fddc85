// A recorded graph made flat: slots and no tensors. run.ts makes programs, backends may compile them.
import type { Spec } from "./dtype.ts";
import type { Op } from "./op.ts";

export interface Instruction {
  readonly op: Op;
  readonly attrs: object;
  /** How many of the program's scalars are this instruction's; they follow each other in instruction order. */
  readonly scalars: number;
  /** Slots. */
  readonly inputs: readonly number[];
  readonly out: number;
  /** Of the result. */
  readonly spec: Spec;
  /** Of the inputs, as this instruction sees them: an alias may have given a slot another shape. */
  readonly inputSpecs: readonly Spec[];
  /** Slots that nothing needs after this instruction. */
  frees: number[];
}

/** Slots are numbered: first the inputs, then one per instruction. An alias shares the slot of what it aliases. */
export interface Program {
  readonly inputs: readonly Spec[];
  readonly instructions: readonly Instruction[];
  /** Slots whose values are handed out. Never an input. May grow between compilations. */
  outputs: number[];
}

/** Fills in after which instruction each slot is dead. */
export function planFrees(program: Program): void {
  const seen = new Set(program.outputs);
  for (let i = program.instructions.length - 1; i >= 0; i--) {
    const instruction = program.instructions[i];
    instruction.frees = [];
    for (const slot of [instruction.out, ...instruction.inputs]) {
      if (slot < program.inputs.length || seen.has(slot)) continue;
      seen.add(slot);
      instruction.frees.push(slot);
    }
  }
}
