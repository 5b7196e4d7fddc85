// Where everything of a program lies: inputs and outputs in arrays that each run brings, the rest in blocks of memory that a
// run takes and gives back, in which values that are never alive together share bytes.
import { type Program, type Spec, sizeOf } from "@lamina/core";
import { type Block, place } from "@lamina/core/passes";
import type { Call, HostValue, Place, Scratch } from "./calls.ts";
import { ALIGN, bytesInPart } from "./memory.ts";

/** Bytes of a block. */
export interface Region {
  readonly block: number;
  readonly offset: number;
  readonly bytes: number;
}
export interface Layout {
  /** How large each block is. */
  readonly blocks: readonly number[];
  /** The regions of an inner slot, or scratch, one a part. */
  readonly regions: ReadonlyMap<number | Scratch, readonly Region[]>;
}

/** What lives inside: the number of a slot, or a scratch. */
const keyOf = (at: Place): number | Scratch | undefined => ("slot" in at ? at.slot : "scratch" in at ? at : undefined);

interface Life {
  from: number;
  to: number;
  readonly length: number;
}

/** First and last call that uses each inner value. What the host writes is there from the start. */
function livesOf(
  calls: readonly Call[],
  hostValues: readonly HostValue[],
  isInner: (slot: number) => boolean,
  lengthOf: (slot: number) => number,
): Map<number | Scratch, Life> {
  const lives = new Map<number | Scratch, Life>();
  for (const { slot } of hostValues) if (isInner(slot)) lives.set(slot, { from: -1, to: -1, length: lengthOf(slot) });
  calls.forEach(({ args }, i) => {
    for (const { at } of args) {
      const key = keyOf(at);
      if (key === undefined || (typeof key === "number" && !isInner(key))) continue;
      const life = lives.get(key);
      if (life) life.to = i;
      else lives.set(key, { from: i, to: i, length: typeof key === "number" ? lengthOf(key) : key.length });
    }
  });
  return lives;
}

/** Into as few blocks as their largest size allows: what lies past the end of one is placed anew in the next. */
function placeInBlocks(
  list: readonly Block[],
  most: number,
): { at: { block: number; offset: number }[]; blocks: number[] } {
  const at = new Array<{ block: number; offset: number }>(list.length);
  const blocks: number[] = [];
  let rest = list.map((_, i) => i);
  while (rest.length) {
    const { offsets } = place(
      rest.map((i) => list[i]),
      ALIGN,
    );
    const fits = (k: number) => offsets[k] + list[rest[k]].bytes <= most;
    let end = 0;
    rest.forEach((i, k) => {
      if (!fits(k)) return;
      at[i] = { block: blocks.length, offset: offsets[k] };
      end = Math.max(end, offsets[k] + list[i].bytes);
    });
    rest = rest.filter((_, k) => !fits(k));
    blocks.push(end);
  }
  return { at, blocks };
}

/** @param halves slots whose elements take half a word; @param partLength words in a part; @param mostBytes of one block. */
export function layOut(
  { inputs, outputs }: Program,
  calls: readonly Call[],
  hostValues: readonly HostValue[],
  specs: ReadonlyMap<number, Spec>,
  halves: ReadonlySet<number>,
  partLength: number,
  mostBytes: number,
): Layout {
  const handedOut = new Set(outputs);
  const isInner = (slot: number) => slot >= inputs.length && !handedOut.has(slot);
  const lengthOf = (slot: number) => {
    const length = sizeOf(specs.get(slot)!.shape);
    return halves.has(slot) ? Math.ceil(length / 2) : length;
  };
  const lives = livesOf(calls, hostValues, isInner, lengthOf);
  const list: Block[] = [];
  const numbers = new Map<number | Scratch, number[]>();
  for (const [key, { from, to, length }] of lives) {
    const parts = Math.max(1, Math.ceil(length / partLength));
    const own = Array.from(
      { length: parts },
      (_, i) => list.push({ from, to, bytes: bytesInPart(length, i, partLength) }) - 1,
    );
    numbers.set(key, own);
  }
  const { at, blocks } = placeInBlocks(list, mostBytes);
  const regions = new Map(
    [...numbers].map(([key, own]) => [key, own.map((i): Region => ({ ...at[i], bytes: list[i].bytes }))] as const),
  );
  return { blocks, regions };
}
