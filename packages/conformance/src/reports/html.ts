// A report as one HTML file that needs nothing beside itself: device and versions, counts a level, and the worst error of each op.
import { levels, type Result } from "../case.ts";
import { show } from "../compare.ts";
import { count, type Report } from "../report.ts";
import { COLUMNS, closest, percent } from "./table.ts";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: unknown): string => String(text).replace(/[&<>"]/g, (c) => escapes[c]);

type Cell = string | number | { readonly number: string } | { readonly html: string };
function cell(tag: "td" | "th", value: Cell): string {
  if (typeof value === "object" && "html" in value) return `<${tag}>${value.html}</${tag}>`;
  if (typeof value === "string") return `<${tag}>${escaped(value)}</${tag}>`;
  return `<${tag} class="n">${typeof value === "number" ? value : value.number}</${tag}>`;
}
const line = (tag: "td" | "th", cells: readonly Cell[]): string =>
  `<tr>${cells.map((value) => cell(tag, value)).join("")}</tr>`;
const table = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  `<div class="scroll"><table><thead>${line("th", head)}</thead><tbody>\n${rows.map((cells) => line("td", cells)).join("\n")}\n</tbody></table></div>`;

/** How much of what is allowed was used, as a bar. */
const bar = (share: number | undefined): Cell =>
  share === undefined
    ? ""
    : {
        html: `<span class="bar"><i style="width:${Math.min(100, 100 * share).toFixed(0)}%"></i></span>${percent(share)}`,
      };

function levelRows(report: Report): Cell[][] {
  return levels.flatMap((level) => {
    const of = report.results.filter((r) => r.level === level);
    if (of.length === 0) return [];
    const seconds = of.reduce((sum, r) => sum + r.milliseconds, 0) / 1000;
    return [[level, ...COLUMNS.map((status) => count(of, status)), { number: seconds.toFixed(1) }, bar(closest(of))]];
  });
}

/** The results that are measured, as the one whose error is the greatest share of what it may be. */
function worstOf(results: readonly Result[]): Result | undefined {
  const share = ({ ulps = 0, tolerance }: Result): number => (tolerance ? ulps / tolerance : ulps > 0 ? Infinity : 0);
  return results
    .filter((r) => r.ulps !== undefined)
    .reduce<Result | undefined>((worst, r) => (worst === undefined || share(r) > share(worst) ? r : worst), undefined);
}
const error = (worst: Result | undefined): Cell[] =>
  worst === undefined ? ["", ""] : [`${show(worst.ulps!)} of ${show(worst.tolerance ?? 0)}`, bar(closest([worst]))];

function opRows(report: Report): Cell[][] {
  const kinds = [
    ...report.native.map((op) => [op, "native"] as const),
    ...report.decomposed.map((op) => [op, "decomposed"] as const),
  ].sort(([a], [b]) => a.localeCompare(b));
  return kinds.map(([op, kind]) => {
    const of = report.results.filter((r) => r.op === op);
    const values = of.filter((r) => r.level === "ops" || r.level === "edges");
    const gradients = of.filter((r) => r.level === "gradients");
    return [op, kind, of.length, state(of), ...error(worstOf(values)), ...error(worstOf(gradients))];
  });
}
function state(results: readonly Result[]): string {
  const others = (["failed", "declared", "absent"] as const).flatMap((status) => {
    const n = count(results, status);
    return n ? [`${n} ${status}`] : [];
  });
  return others.join(", ") || (results.length ? "passed" : "not run");
}
function detailSection(report: Report, status: "failed" | "declared" | "absent", title: string): string {
  const of = report.results.filter((r) => r.status === status);
  if (of.length === 0) return "";
  return `<h2>${title}</h2>\n${table(
    ["case", "what"],
    of.map(({ id, message }) => [id, message ?? ""]),
  )}`;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --good: #2a7d46; --bad: #c0392b; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .25rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.verdict { font-size: 1.1rem; } .good { color: var(--good); } .bad { color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } .n { text-align: right; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.5rem; } dt { font-weight: 600; } dd { margin: 0; }
.bar { display: inline-block; width: 5rem; height: .6rem; margin-right: .5rem; background: var(--soft); }
.bar i { display: block; height: 100%; background: currentColor; opacity: .55; }
footer { margin: 2rem 0; opacity: .7; }`;

/** @param date of the run; an ISO date is enough. */
export function htmlReport(report: Report, date: string): string {
  const { backend, environment, native, decomposed } = report;
  const good = report.failed === 0 && report.passed > 0;
  const facts: [string, unknown][] = [
    ["ran in", environment.runtime],
    ...Object.entries(environment.device),
    ["ops", `${native.length} native, ${decomposed.length} decomposed by core`],
    ["date", date],
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(backend)}: conformance</title>
<style>${STYLE}
</style></head><body>
<h1>${escaped(backend)}</h1>
<p class="verdict ${good ? "good" : "bad"}">${COLUMNS.map((c) => `${report[c].toLocaleString("en-US")} ${c}`).join(", ")}</p>
<dl>${facts.map(([key, value]) => `<dt>${escaped(key)}</dt><dd>${escaped(value)}</dd>`).join("\n")}</dl>
${detailSection(report, "failed", "Failures")}
${detailSection(report, "declared", "Declared gaps")}
${detailSection(report, "absent", "Absent")}
<h2>Levels</h2>
${table(["level", ...COLUMNS, "seconds", "nearest to what is allowed"], levelRows(report))}
<h2>Ops</h2>
<p>The worst error of each, in units in the last place, of what its length of summation allows.</p>
${table(["op", "how", "cases", "result", "value, ulp", "", "gradient, ulp", ""], opRows(report))}
<footer>Made by @lamina/conformance. A gap is declared by its exact case with a reason; what is absent was not tested.</footer>
</body></html>
`;
}
