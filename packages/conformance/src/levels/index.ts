// Which checks a level has.
import type { Level } from "../case.ts";
import type { Check } from "../check.ts";
import type { Subject } from "../subject.ts";
import { opChecks } from "./ops.ts";

/** All checks of `levels`, in the order in which the suite names them. */
export async function checksOf(subject: Subject, levels: readonly Level[]): Promise<Check[]> {
  const checks = [...opChecks(subject)];
  return levels.flatMap((level) => checks.filter((c) => c.level === level));
}
