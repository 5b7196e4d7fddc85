// Small tables of int32 that a kernel writes into its scratch before it starts.
import type { Fn } from "../assembler.ts";

/** Bytes of a table: a vector may be read at its last entry. */
export const tableBytes = (count: number): number => Math.ceil((4 * count + 12) / 16) * 16;

/** Writes entry(0), entry(1), … at the address in `table`. */
export function writeTable(f: Fn, table: number, count: number, entry: (i: number) => number): void {
  for (let i = 0; i < count; i++)
    f.get(table)
      .i32(entry(i))
      .storei(4 * i);
}
