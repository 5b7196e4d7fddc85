// docs/semantics.md points at tests; this keeps the pointers true.
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/semantics.md", root), "utf8");
const lines = page.split("\n").filter((line) => line.startsWith("- "));

test("every sentence of docs/semantics.md points at a test", () => {
  expect(lines.length).toBeGreaterThan(30);
  for (const line of lines) expect(line).toMatch(/ — `[^`]+\.test\.ts` "[^"]+"$/);
});
test.each(lines)("%s", (line) => {
  const [, file, title] = line.match(/ — `([^`]+)` "([^"]+)"$/)!;
  const url = new URL(`packages/${file}`, root);
  expect(existsSync(url), `${file} is not there`).toBe(true);
  expect(readFileSync(url, "utf8"), `${file} has no test of that title`).toContain(title);
});
