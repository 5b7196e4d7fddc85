// Runs contenders in turn, round after round, so that a machine that drifts drifts for all of them.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Contender } from "./contenders.ts";
import type { Job, Timing } from "./jobs.ts";

export interface Measured {
  readonly name: string;
  /** The median step of each round, in milliseconds. */
  readonly rounds: readonly number[];
  readonly loss: number;
  readonly version: string;
  readonly error?: string;
}
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const run = promisify(execFile);
async function once(contender: Contender, job: Job): Promise<Timing> {
  const { file, args, env } = contender.command(job);
  const { stdout } = await run(file, [...args], { env: { ...process.env, ...env }, timeout: 300_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Timing;
}
/** The reason a process gave, on one line: its own last words, or why it could not be started. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return stderr?.trim().split("\n").at(-1) || message.split("\n")[0];
}

/** A contender that fails is listed with its error and left out of later rounds. */
export async function measure(
  contenders: readonly Contender[],
  job: Job,
  rounds: number,
  onRound: (line: string) => void,
): Promise<Measured[]> {
  const found = contenders.map((c) => ({
    name: c.name,
    rounds: [] as number[],
    loss: Number.NaN,
    version: "",
    error: undefined as string | undefined,
  }));
  for (let round = 1; round <= rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      const row = found[i];
      if (row.error) continue;
      try {
        const timing = await once(contender, job);
        row.rounds.push(median(timing.steps));
        row.loss = timing.loss;
        row.version = timing.version;
        onRound(`round ${round}/${rounds}  ${contender.name}: ${row.rounds.at(-1)!.toFixed(1)} ms`);
      } catch (error) {
        row.error = reasonOf(error);
      }
    }
  return found;
}
