// In the process of one contender: does pieces of work, warm, and takes the time of each run. inPython.py does the same.
import type { Runner } from "../contenders/contender.ts";
import { digest } from "../work/numbers.ts";
import type { Work } from "../work/works.ts";

export interface Budget {
  /** Of timed runs of one piece of work. At least two are made whatever they take. */
  readonly seconds: number;
  /** A run that takes longer than so many seconds is listed as too slow, and nothing is timed. */
  readonly limit: number;
}
/** What a process says of one piece of work. */
export interface Timing {
  readonly id: string;
  readonly version: string;
  /** Milliseconds of each timed run. */
  readonly runs: readonly number[];
  /** Milliseconds since 1970 when the first result was there. */
  readonly firstAt: number;
  /** Of the first two results, so that nobody is fast by doing something else. */
  readonly digests: readonly (readonly number[])[];
}
export interface Failure {
  readonly id: string;
  readonly error: string;
}
const MOST_RUNS = 1000;
const WARM_SHARE = 0.3;
/** Engines compile what ran often: a run of a tenth of a millisecond is warm after so many, not after a while in which others had the processor. */
const WARM_RUNS = 500;

export async function time(runner: Runner, work: Work, budget: Budget): Promise<Timing | Failure> {
  try {
    return await timed(runner, work, budget);
  } catch (error) {
    return { id: work.id, error: reasonOf(error) };
  }
}
async function timed(runner: Runner, work: Work, { seconds, limit }: Budget): Promise<Timing | Failure> {
  const job = await runner.prepare(work);
  const once = async (): Promise<number> => {
    const start = performance.now();
    await job.run();
    return performance.now() - start;
  };
  const first = await once();
  const firstAt = performance.timeOrigin + performance.now();
  const digests = [digest(await job.result())];
  if (first > 1000 * limit) return { id: work.id, error: `one run took ${(first / 1000).toFixed(1)} s` };
  let warm = first + (await once());
  digests.push(digest(await job.result()));
  for (let n = 2; warm < 1000 * seconds * WARM_SHARE || (n < WARM_RUNS && warm < 1000 * seconds); n++)
    warm += await once();
  const runs: number[] = [];
  for (let spent = 0; (spent < 1000 * seconds && runs.length < MOST_RUNS) || runs.length < 2; spent += runs.at(-1)!)
    runs.push(await once());
  return { id: work.id, version: runner.version, runs, firstAt, digests };
}
/** Of what a program printed, the line that says most about its failure. */
export function lastWords(output: string): string | undefined {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1);
}
/** On one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split("\n")[0].slice(0, 300);
}
