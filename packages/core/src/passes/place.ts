// Placement: where in one arena each inner value lies, so that values which are never alive together share bytes.
// Greedy by size (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020): the largest
// first, each into the tightest hole between those already placed that are alive at the same time.

export interface Block {
  readonly bytes: number;
  /** First and last step at which it is alive, both included. */
  readonly from: number;
  readonly to: number;
}

/** Offsets, in the order of `blocks`, and the size of the arena. Offsets are multiples of `align`. */
export function place(blocks: readonly Block[], align: number): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(blocks.length).fill(0);
  const placed: number[] = [];
  let bytes = 0;
  for (const i of bySize(blocks)) {
    const beside = placed.filter((j) => blocks[j].from <= blocks[i].to && blocks[i].from <= blocks[j].to);
    offsets[i] = tightestHole(
      beside.map((j) => ({ start: offsets[j], end: offsets[j] + blocks[j].bytes })),
      blocks[i].bytes,
      align,
    );
    placed.push(i);
    bytes = Math.max(bytes, offsets[i] + blocks[i].bytes);
  }
  return { offsets, bytes };
}

const bySize = (blocks: readonly Block[]): number[] =>
  blocks.map((_, i) => i).sort((a, b) => blocks[b].bytes - blocks[a].bytes || blocks[a].from - blocks[b].from);

function tightestHole(taken: { start: number; end: number }[], bytes: number, align: number): number {
  taken.sort((a, b) => a.start - b.start);
  let best = -1;
  let least = Infinity;
  let end = 0;
  for (const t of taken) {
    const hole = t.start - end;
    if (hole >= bytes && hole < least) {
      best = end;
      least = hole;
    }
    end = Math.max(end, Math.ceil(t.end / align) * align);
  }
  return best >= 0 ? best : end;
}
