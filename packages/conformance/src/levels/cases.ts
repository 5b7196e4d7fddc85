// What the suite makes of a case file: the checks of one op, or of one program.
import { type CaseFile, caseIn } from "../caseFile.ts";
import type { Check } from "../check.ts";
import type { Subject } from "../subject.ts";
import { useChecks } from "./ops.ts";
import { programCaseChecks } from "./programs.ts";

/** @throws if it is no case file. */
export function caseChecks(subject: Subject, file: CaseFile): Check[] {
  const found = caseIn(file);
  const { name } = file;
  return "use" in found
    ? useChecks(subject, { ...found.use, name }, found.use)
    : programCaseChecks(subject, { name, graph: found.graph });
}
