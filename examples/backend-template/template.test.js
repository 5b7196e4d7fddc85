// What is said of the template: docs/write-a-backend.md runs as it stands, the file is short, and LeNet learns on it.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const text = (path) => readFileSync(here(path), "utf8");
const page = text("../../docs/write-a-backend.md");
const blocks = (language) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((m) => m[1]);

const node = async (...args) => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=source", ...args]);
  return stdout;
};
/** What the page says that a line prints; "…" is anything. */
const expectations = (code) =>
  [...code.matchAll(/^console\.log\(.*\); \/\/ (.+)$/gm)].map(([, said]) => {
    const parts = said.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}`, "m");
  });

test("docs/write-a-backend.md: its blocks run one after the other and print what it says", async () => {
  const code = blocks("js").join("\n");
  mkdirSync(here("./.cache"), { recursive: true }); // in this package, whose dependencies the page imports
  const file = here("./.cache/write-a-backend.mjs");
  writeFileSync(file, code);
  let rest = await node(file);
  const expected = expectations(code);
  expect(expected.length).toBe(5);
  for (const pattern of expected) {
    expect(rest).toMatch(pattern);
    rest = rest.slice(rest.search(pattern) + 1);
  }
});
test("docs/write-a-backend.md: the three lines of a test are those of the template", () => {
  const [lines] = blocks("ts");
  expect(text("./my-backend.test.js")).toContain(lines);
});
test("the backend is one file of less than 150 lines", () => {
  expect(text("./my-backend.js").split("\n").length - 1).toBeLessThan(150);
});
test("LeNet trains on real pictures", async () => {
  const out = await node(here("./train.js"), "12");
  const losses = [...out.matchAll(/loss (\d+\.\d+)/g)].map((m) => Number(m[1]));
  expect(losses).toHaveLength(12);
  expect(Math.max(...losses.slice(-3))).toBeLessThan(Math.max(...losses.slice(0, 3)));
});
