// Tables for people: no colours, no lines between rows, so that they can be piped and pasted.
import Table, { type HorizontalAlignment } from "cli-table3";

export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  colAligns: readonly HorizontalAlignment[] = [],
): string {
  const chars = { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" };
  const made = new Table({ head: [...head], colAligns: [...colAligns], style: { head: [], border: [] }, chars });
  made.push(...rows.map((row) => [...row]));
  // the line under the head went with those between rows
  const [top, titles, ...rest] = made.toString().split("\n");
  return [top, titles, top.replace("┌", "├").replaceAll("┬", "┼").replace("┐", "┤"), ...rest].join("\n");
}
