// docs/support.md from the summaries: each run, the ops that a device computes itself, and what is declared.
import type { Gap } from "@lamina/conformance";
import { nameOf, type Run, runs } from "./runs.ts";
import { type Summary, total } from "./summary.ts";

export type Summaries = Readonly<Record<string, Summary>>;

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Without what is about this machine alone, such as limits in bytes. */
function deviceOf({ environment: { runtime, device } }: Summary): string {
  const facts = Object.entries(device).filter(([key]) => !/^max[A-Z]/.test(key));
  return [runtime, ...facts.map(([key, value]) => `${key} ${value}`)].join(", ");
}
function runRow(run: Run, summary: Summary | undefined): (string | number)[] {
  const { where } = run;
  const name = nameOf(run);
  if (!summary) return [name, where, "no report yet", "", "", "", "", ""];
  const counts = (["passed", "failed", "declared", "absent"] as const).map((status) => total(summary, status));
  return [name, where, ...counts, `${summary.native.length} + ${summary.decomposed.length}`, deviceOf(summary)];
}

/** One column a device: its places differ in no op. */
function opTable(summaries: Summaries): string {
  const columns = new Map<string, Summary>();
  for (const run of runs) {
    const name = nameOf(run);
    if (summaries[run.id] && !columns.has(name)) columns.set(name, summaries[run.id]);
  }
  const devices = [...columns.values()];
  const ops = [...new Set(devices.flatMap(({ native, decomposed }) => [...native, ...decomposed]))].sort();
  const mark = (op: string, { native }: Summary): string =>
    (native as readonly string[]).includes(op) ? "native" : "·";
  return table(
    ["op", ...columns.keys()],
    ops.map((op) => [op, ...devices.map((device) => mark(op, device))]),
  );
}

function gapLines(gaps: readonly Gap[]): string[] {
  const byReason = Map.groupBy(gaps, ({ reason }) => reason);
  return [...byReason].map(
    ([reason, of]) =>
      `- ${reason}: ${of.length} ${of.length === 1 ? "case" : "cases"} (${of.map(({ id }) => `\`${id}\``).join(", ")})`,
  );
}
function gapSection(run: Run, summaries: Summaries): string[] {
  const summary = summaries[run.id];
  if (!summary) return [];
  const absent = [...Map.groupBy(summary.absent, ({ reason }) => reason)].map(
    ([reason, of]) => `- absent: ${reason} (${of.length} cases)`,
  );
  const lines = [...gapLines(summary.gaps), ...absent];
  return lines.length ? ["", `### ${nameOf(run)}: ${run.where}`, "", ...lines] : [];
}

export function pageOf(summaries: Summaries): string {
  const sections = runs.flatMap((run) => gapSection(run, summaries));
  return `# What runs where

Made by \`npm run support\` from reports of the conformance suite; do not edit. A case is one op, gradient, program or network with numbers to hold against the
oracle or PyTorch. "declared" are known gaps, each listed below with its reason; one that passes, or that names no case, fails the suite. "absent" was not tested,
because the device has no such thing.

${table(
  ["device", "where", "passed", "failed", "declared", "absent", "ops native + decomposed", "ran on"],
  runs.map((run) => runRow(run, summaries[run.id])),
)}

## Ops

"native" is a kernel of the device's own; "·" is made of others by core.

${opTable(summaries)}

## Gaps
${sections.length ? sections.join("\n") : "\nNone."}
`;
}
