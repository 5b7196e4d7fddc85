// Where everything of a program lies: inputs and outputs in buffers that each run brings, the rest at fixed offsets in one
// block that a run takes and gives back: [scalars | addresses of arguments | inner values and scratch].
import { bytesOf, type Program, type Spec } from "@lamina/core";
import { type Block, place } from "@lamina/core/passes";
import { type Argument, type Call, ownBytes } from "./calls.ts";
import { roundUp } from "./memory.ts";

const ALIGN = 64;
/** A kernel may read this far past what it is given; so that it reads nothing that changes, blocks keep apart. */
const APART = 64;

/** The start of an input or (numbered after the inputs) an output, or an offset in the run's block. */
export type Address =
  | { readonly buffer: number; readonly offset?: undefined }
  | { readonly buffer?: undefined; readonly offset: number };

export interface Layout {
  readonly bytes: number;
  /** The most bytes that are in use at once: no arrangement could do with fewer. */
  readonly leastBytes: number;
  /** Which of the program's scalars lie at the start of the block, as float64. */
  readonly scalars: readonly number[];
  /** Where the addresses of all arguments lie, one after the other, call by call. */
  readonly argumentsAt: number;
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

/** Stages of one kernel have the same scratch, from the first to the last. */
function addScratch(
  blocks: Block[],
  known: Map<Argument, number>,
  arg: Argument & { scratch: number },
  i: number,
  threads: number,
): void {
  const block = known.get(arg);
  const bytes = threads > 1 ? threads * ownBytes(arg) : arg.scratch + APART;
  if (block === undefined) known.set(arg, blocks.push({ from: i, to: i, bytes }) - 1);
  else blocks[block] = { ...blocks[block], to: i, bytes: Math.max(bytes, blocks[block].bytes) };
}

/** Bytes of the blocks that are alive together, at the call where they are most. */
function mostAlive(blocks: readonly Block[], calls: number): number {
  const change = new Array<number>(calls + 1).fill(0);
  for (const { from, to, bytes } of blocks) {
    change[from] += bytes;
    change[to + 1] -= bytes;
  }
  let [alive, most] = [0, 0];
  for (const bytes of change) most = Math.max(most, (alive += bytes));
  return most;
}

/** @param threads how many have own memory in calls that are `parallel`. */
export function layOut(
  program: Program,
  calls: readonly Call[],
  specs: ReadonlyMap<number, Spec>,
  threads = 1,
): Layout {
  const buffers = new Map<number, number>();
  program.inputs.forEach((_, slot) => buffers.set(slot, slot));
  program.outputs.forEach((slot, i) => buffers.set(slot, program.inputs.length + i));
  const scalars: number[] = [];
  const lives = livesOf(calls, (slot) => !buffers.has(slot), specs);
  const shared = shareInPlace(calls, lives);
  const blocks: Block[] = [];
  const at = new Map<number, number>();
  for (const [slot, { from, to, bytes }] of lives) at.set(slot, blocks.push({ from, to, bytes: bytes + APART }) - 1);
  const scratch = new Map<Argument, number>();
  calls.forEach(({ args, parallel }, i) => {
    for (const arg of args) {
      if ("scratch" in arg) addScratch(blocks, scratch, arg, i, parallel && arg.own ? threads : 1);
      if ("scalars" in arg) scalars.push(...arg.scalars);
    }
  });
  const argumentsAt = 8 * scalars.length;
  const count = calls.reduce((sum, { args }) => sum + args.length, 0);
  const arenaAt = roundUp(argumentsAt + 4 * count, ALIGN);
  const { offsets, bytes } = place(blocks, ALIGN);
  let scalar = 0;
  const addressOf = (arg: Argument): Address => {
    if ("scalars" in arg) {
      const offset = 8 * scalar;
      scalar += arg.scalars.length;
      return { offset };
    }
    if ("scratch" in arg) return { offset: arenaAt + offsets[scratch.get(arg)!] };
    const buffer = buffers.get(arg.slot);
    return buffer !== undefined ? { buffer } : { offset: arenaAt + offsets[at.get(shared.root(arg.slot))!] };
  };
  const leastBytes = arenaAt + mostAlive(blocks, calls.length);
  const size = bytes ? arenaAt + bytes : argumentsAt + 4 * count;
  return { bytes: size, leastBytes, scalars, argumentsAt, addresses: calls.map((call) => call.args.map(addressOf)) };
}
