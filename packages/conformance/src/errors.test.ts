// Every message that an op can throw is read by a case: the templates are taken from the sources of the ops.
import { readdirSync, readFileSync } from "node:fs";
import { reference } from "@lamina/backend-reference";
import { setBackend } from "@lamina/core";
import { beforeAll, expect, test } from "vitest";
import { errorCases } from "./cases/errors.ts";

const folder = new URL("../../core/src/ops/", import.meta.url);

/** The text after each `throw new Error(`, up to the end of its literal. */
function literals(source: string): string[] {
  return [...source.matchAll(/throw new Error\(\s*([`"'])/g)].map((match) => {
    const start = match.index + match[0].length;
    return source.slice(start, endOf(source, start, match[1]));
  });
}
/** Where the literal ends; what stands in `${…}` may hold literals of its own. */
function endOf(source: string, start: number, quote: string): number {
  let depth = 0;
  for (let i = start; ; i++) {
    if (depth === 0 && source[i] === quote) return i;
    if (quote === "`" && source.startsWith("${", i)) depth++;
    else if (depth > 0 && source[i] === "}") depth--;
  }
}
/** A template as a pattern: `${…}` is anything. */
function patternOf(template: string): RegExp {
  let depth = 0;
  let text = "";
  for (let i = 0; i < template.length; i++) {
    if (template.startsWith("${", i)) {
      if (depth++ === 0) text += "\0";
    } else if (depth > 0) depth -= +(template[i] === "}");
    else text += template[i];
  }
  const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\0", "[^]*");
  return new RegExp(`^${escaped}$`);
}

beforeAll(async () => setBackend(await reference()));

test("every message of the ops has a case", () => {
  const files = readdirSync(folder).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== "testing.ts",
  );
  const templates = files.flatMap((name) =>
    literals(readFileSync(new URL(name, folder), "utf8")).map((t) => `${name}: ${t}`),
  );
  expect(templates.length).toBeGreaterThan(60);
  const uncovered = templates.filter((t) => {
    const pattern = patternOf(t.slice(t.indexOf(": ") + 2));
    return !errorCases.some(({ message }) => pattern.test(message));
  });
  expect(uncovered).toEqual([]);
});

test("messages name the op and end in what to do", () => {
  for (const { message } of errorCases) expect(message).toMatch(/^[a-zA-Z0-9]+: .+/);
});
