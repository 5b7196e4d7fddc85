// docs/results.json: what each run came to, an epoch at a time. docs/results.md is made of it.
import { readFileSync, writeFileSync } from "node:fs";
import type { EpochResult } from "@lamina/train";

export interface RunRecord {
  readonly run: string;
  readonly backend: string;
  readonly seed: number;
  /** When the last of its epochs ended. */
  readonly date: string;
  readonly epochs: readonly EpochResult[];
}
const file = new URL("../../../docs/results.json", import.meta.url);

export function readRecords(): RunRecord[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as RunRecord[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
/** In place of an older record of the same run and seed. */
export function writeRecord(record: RunRecord): RunRecord[] {
  const records = [...readRecords().filter(({ run, seed }) => run !== record.run || seed !== record.seed), record];
  writeFileSync(file, `${JSON.stringify(records, null, 2)}\n`);
  return records;
}
