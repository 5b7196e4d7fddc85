// How large the tiles of products are, which depends on what the device is good at.
import type { Target } from "./lowered.ts";

export interface Tiling {
  /** Rows of a tile at most, and vectors of four columns. */
  readonly rows: number;
  readonly vectors: number;
  /** Sums that an invocation keeps at most, where they are no vectors. */
  readonly sums: number;
  /** The four invocations of a quad fetch what all of them need once (quadBroadcast). */
  readonly quads: boolean;
}

/** As much as fits into a card's registers, with enough invocations at a time to hide how long its memory takes. */
const card: Tiling = { rows: 8, vectors: 1, sums: 32, quads: false };
/**
 * Subgroups of four are a processor's vectors: SwiftShader. Its registers are memory anyway, and a number fetched from an array
 * takes as long as ten multiply-adds (17 to 22 ns against 2, measured), while one from a neighbour takes two. Tiles twice as high
 * are 5 to 10 % faster in wide layers, no faster in others, and take its compiler twice as long.
 */
const processor: Tiling = { rows: 8, vectors: 2, sums: 48, quads: true };

export const tilingFor = ({ subgroupSize }: Target): Tiling => (subgroupSize === 4 ? processor : card);
