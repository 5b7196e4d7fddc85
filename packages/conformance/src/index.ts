// The suite that judges a device: cases as data, results as an async iterator.
export { type Bisection, type BisectOptions, bisectBackends, type Divergence } from "./bisect.ts";
export {
  type Fill,
  type Input,
  type Level,
  levels,
  type OpCase,
  quickLevels,
  type Result,
  type Status,
} from "./case.ts";
export type { CaseFile, OpCaseFile, ProgramCaseFile } from "./caseFile.ts";
export { type ConformOptions, conform } from "./conform.ts";
export { type Fingerprints, suiteFingerprints } from "./fingerprint.ts";
export { type Asked, type Gap, gapsIn } from "./gaps.ts";
export { openerOf } from "./opener.ts";
export { type Environment, type Report, type RunOptions, reportOf, runConformance } from "./report.ts";
export { htmlReport } from "./reports/html.ts";
export { formatReport, formatResult } from "./reports/table.ts";
