// Which checks a level has.
import type { Level } from "../case.ts";
import type { Check } from "../check.ts";
import type { Subject } from "../subject.ts";
import { determinismChecks } from "./determinism.ts";
import { errorChecks } from "./errors.ts";
import { gradientChecks } from "./gradients.ts";
import { largeChecks } from "./large.ts";
import { memoryChecks } from "./memory.ts";
import { opChecks } from "./ops.ts";
import { programChecks } from "./programs.ts";
import { trainingChecks } from "./training.ts";
import { vectorChecks } from "./vectors.ts";

/** All checks of `levels`, in the order in which the suite names them. */
export async function checksOf(subject: Subject, levels: readonly Level[]): Promise<Check[]> {
  const checks = [
    ...opChecks(subject),
    ...largeChecks(subject),
    ...gradientChecks(subject),
    ...(await vectorChecks(subject)),
    ...programChecks(subject),
    ...memoryChecks(subject),
    ...determinismChecks(subject),
    ...errorChecks(subject),
    ...(await trainingChecks(subject)),
  ];
  return levels.flatMap((level) => checks.filter((c) => c.level === level));
}
