// Where everything of a program lies: inputs and outputs at addresses that each run brings, the rest at fixed offsets in
// one block that a run takes and gives back: [addresses of inputs and outputs | scalars | inner values and scratch].
import { bytesOf, type Program, type Spec } from "@lamina/core";
import type { Argument, Call } from "./calls.ts";
import { roundUp } from "./memory.ts";
import { type Block, place } from "./passes/place.ts";

const ALIGN = 64;
/** A kernel may read this far past what it is given; so that it reads nothing that changes, blocks keep apart. */
const APART = 64;

export type Address =
  /** In the table's entry of this number. */
  | { readonly entry: number }
  /** At this offset in the run's block. */
  | { readonly offset: number };

export interface Layout {
  readonly bytes: number;
  /** Where scalars begin, and which of the program's scalars lie there. */
  readonly scalarsAt: number;
  readonly scalars: readonly number[];
  /** For each call, the addresses of its arguments. */
  readonly addresses: readonly (readonly Address[])[];
}

/** Slots that share bytes because one is computed in the other's place. */
class Shared {
  private readonly parent = new Map<number, number>();
  root(slot: number): number {
    const up = this.parent.get(slot);
    return up === undefined ? slot : this.root(up);
  }
  join(child: number, to: number): void {
    this.parent.set(child, this.root(to));
  }
}

interface Life {
  from: number;
  to: number;
  bytes: number;
}

/** First and last call that uses each inner slot. */
function livesOf(
  calls: readonly Call[],
  isInner: (slot: number) => boolean,
  specs: ReadonlyMap<number, Spec>,
): Map<number, Life> {
  const lives = new Map<number, Life>();
  calls.forEach((call, i) => {
    for (const arg of call.args) {
      if (!("slot" in arg) || !isInner(arg.slot)) continue;
      const life = lives.get(arg.slot);
      if (life) life.to = i;
      else lives.set(arg.slot, { from: i, to: i, bytes: bytesOf(specs.get(arg.slot)!) });
    }
  });
  return lives;
}

/** Joins an output's life to that of an input which ends where it begins. */
function shareInPlace(calls: readonly Call[], lives: Map<number, Life>): Shared {
  const shared = new Shared();
  calls.forEach((call, i) => {
    for (const [out, input] of call.inPlace) {
      const a = lives.get(shared.root(input));
      const b = lives.get(out);
      if (!a || !b || shared.root(out) !== out || a.to !== i || b.to === i || a.bytes !== b.bytes) continue;
      a.to = b.to;
      lives.delete(out);
      shared.join(out, input);
    }
  });
  return shared;
}

export function layOut(program: Program, calls: readonly Call[], specs: ReadonlyMap<number, Spec>): Layout {
  const entries = new Map<number, number>();
  program.inputs.forEach((_, slot) => entries.set(slot, slot));
  program.outputs.forEach((slot, i) => entries.set(slot, program.inputs.length + i));
  const scalarsAt = roundUp(4 * entries.size, 8);
  const scalars: number[] = [];
  const lives = livesOf(calls, (slot) => !entries.has(slot), specs);
  const shared = shareInPlace(calls, lives);
  const blocks: Block[] = [];
  const at = new Map<number, number>();
  for (const [slot, { from, to, bytes }] of lives) at.set(slot, blocks.push({ from, to, bytes: bytes + APART }) - 1);
  const scratch = new Map<Argument, number>();
  calls.forEach(({ args }, i) => {
    for (const arg of args) {
      if ("scratch" in arg) scratch.set(arg, blocks.push({ from: i, to: i, bytes: arg.scratch + APART }) - 1);
      if ("scalars" in arg) scalars.push(...arg.scalars);
    }
  });
  const arenaAt = roundUp(scalarsAt + 8 * scalars.length, ALIGN);
  const { offsets, bytes } = place(blocks, ALIGN);
  let scalar = 0;
  const addressOf = (arg: Argument): Address => {
    if ("scalars" in arg) {
      const offset = scalarsAt + 8 * scalar;
      scalar += arg.scalars.length;
      return { offset };
    }
    if ("scratch" in arg) return { offset: arenaAt + offsets[scratch.get(arg)!] };
    const entry = entries.get(arg.slot);
    return entry !== undefined ? { entry } : { offset: arenaAt + offsets[at.get(shared.root(arg.slot))!] };
  };
  return { bytes: arenaAt + bytes, scalarsAt, scalars, addresses: calls.map((call) => call.args.map(addressOf)) };
}
