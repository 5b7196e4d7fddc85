// The suite as an async iterator of results: opens the device, runs the checks of each level, holds them against declared gaps.
import { reference } from "@lamina/backend-reference";
import type { Backend } from "@lamina/core";
import { levels as allLevels, type Level, type Result } from "./case.ts";
import type { CaseFile } from "./caseFile.ts";
import { Absent, type Check, Mismatch } from "./check.ts";
import { type Gap, reasonsOn } from "./gaps.ts";
import { caseChecks } from "./levels/cases.ts";
import { checksOf } from "./levels/index.ts";

export interface ConformOptions {
  /** Default: all. */
  levels?: readonly Level[];
  /** Only checks whose id contains this, or for which it says true. */
  filter?: string | ((id: string) => boolean);
  /** What this device is known not to do. A gap that passes fails, so that no list outlives its reasons. */
  declared?: readonly Gap[];
  /** Why the device may be missing on this machine. Without it, a device that does not open is a failure. */
  absent?: string;
  /** Replays these, as bisectBackends writes them, and nothing of the suite's own. */
  cases?: readonly CaseFile[];
}

const idOf = ({ level, op, name }: Check): string => `${level}/${op}/${name}`;

/**
 * Judges a device. Each result says what was tried, and what was wrong; nothing is thrown.
 * @param open gives the device, fresh; it is closed at the end.
 */
export async function* conform(open: () => Promise<Backend>, options: ConformOptions = {}): AsyncGenerator<Result> {
  const { levels = allLevels, declared = [] } = options;
  let backend: Backend;
  try {
    backend = await open();
  } catch (error) {
    yield unopened(error, levels[0], options.absent);
    return;
  }
  const oracle = await reference({ precision: "double" });
  try {
    const gaps = await reasonsOn(backend, declared);
    const subject = { backend, oracle, open };
    const checks = options.cases?.flatMap((file) => caseChecks(subject, file)) ?? (await checksOf(subject, levels));
    for (const check of checks) {
      const id = idOf(check);
      if (!selected(id, options)) continue;
      yield withGap(await run(check), gaps.get(id));
      gaps.delete(id);
    }
    // of what was left out by levels or filter nothing is known
    if (options.filter !== undefined || options.cases) return;
    for (const id of gaps.keys()) if (isAmong(levels, id)) yield unknownGap(id, levels[0]);
  } finally {
    await backend.close();
    await oracle.close();
  }
}
/** Whether a run of these levels would have met the id; one of no level at all is never met. */
function isAmong(levels: readonly Level[], id: string): boolean {
  const level = id.slice(0, id.indexOf("/")) as Level;
  return levels.includes(level) || !allLevels.includes(level);
}

/** The one result of a run whose device, or whose browser, is not there. */
export function unopened(error: unknown, level: Level, absent: string | undefined): Result {
  const message = `the device did not open: ${error instanceof Error ? error.message : String(error)}`;
  return {
    id: `${level}/open/the device opens`,
    level,
    op: "open",
    status: absent === undefined ? "failed" : "absent",
    message: absent === undefined ? message : `${absent} (${message})`,
    milliseconds: 0,
  };
}
const unknownGap = (id: string, level: Level): Result => ({
  id,
  level,
  op: "declared",
  status: "failed",
  message: `a gap is declared for ${id}, but there is no such case; remove the declaration`,
  milliseconds: 0,
});
function selected(id: string, { filter }: ConformOptions): boolean {
  if (filter === undefined) return true;
  return typeof filter === "string" ? id.includes(filter) : filter(id);
}

async function run(check: Check): Promise<Result> {
  const start = performance.now();
  const result = (status: Result["status"], rest: Partial<Result> = {}): Result => ({
    id: idOf(check),
    level: check.level,
    op: check.op,
    status,
    ...rest,
    milliseconds: performance.now() - start,
  });
  try {
    return result("passed", await check.run());
  } catch (error) {
    if (error instanceof Absent) return result("absent", { message: error.message });
    const message = error instanceof Error ? error.message : String(error);
    return result("failed", { message, ...(error instanceof Mismatch && error.outcome) });
  }
}
/** A declared gap is no failure, unless there is none. */
function withGap(result: Result, reason: string | undefined): Result {
  if (reason === undefined) return result;
  if (result.status === "failed") {
    return { ...result, status: "declared", reason, message: `${reason} (${result.message})` };
  }
  if (result.status !== "passed") return result;
  return {
    ...result,
    status: "failed",
    message: `declared as a gap (${reason}), but it passes; remove the declaration`,
  };
}
