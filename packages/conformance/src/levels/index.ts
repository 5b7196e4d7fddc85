// Which checks a level has.
import type { OpName } from "@lamina/core";
import type { Level } from "../case.ts";
import type { Check } from "../check.ts";
import type { Subject } from "../subject.ts";
import { determinismChecks } from "./determinism.ts";
import { epochChecks } from "./epoch.ts";
import { errorChecks } from "./errors.ts";
import { gradientChecks } from "./gradients.ts";
import { largeChecks } from "./large.ts";
import { memoryChecks } from "./memory.ts";
import { modelChecks } from "./models.ts";
import { kernelChecks, missingKernels, opChecks } from "./ops.ts";
import { programChecks } from "./programs.ts";
import { trainingChecks } from "./training.ts";
import { vectorChecks } from "./vectors.ts";

/**
 * All checks of `levels`, in the order in which the suite names them. Of a device that lacks required kernels only the
 * kernels that it has can be judged: whatever core records needs all of them.
 */
export async function checksOf(subject: Subject, levels: readonly Level[]): Promise<Check[]> {
  const missing = missingKernels(subject.backend);
  const checks = missing.length ? [lacking(subject, missing, levels[0]), ...kernelChecks(subject)] : await all(subject);
  return levels.flatMap((level) => checks.filter((c) => c.level === level));
}
const all = async (subject: Subject): Promise<Check[]> => [
  ...opChecks(subject),
  ...largeChecks(subject),
  ...gradientChecks(subject),
  ...(await vectorChecks(subject)),
  ...programChecks(subject),
  ...memoryChecks(subject),
  ...determinismChecks(subject),
  ...errorChecks(subject),
  ...(await trainingChecks(subject)),
  ...(await modelChecks(subject)),
  ...(await epochChecks(subject)),
];

const lacking = ({ backend }: Subject, missing: readonly OpName[], level: Level): Check => ({
  level,
  op: "open",
  name: "has the required kernels",
  run: async () => {
    throw new Error(
      `the ${backend.name} backend lacks ${missing.length} required kernels: ${missing.join(", ")}; add a row for each (docs/ops.md says what each computes). Until then only the kernels that are there are judged`,
    );
  },
});
