// Every page of docs/book runs as it stands and prints what it says.
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { pageOf } from "./page.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const book = here("../../../docs/book");
const pages = readdirSync(book).filter((name) => /^\d\d-.*\.md$/.test(name));

const run = promisify(execFile);
/** In this package, whose dependencies the pages import. */
const folder = here("../.cache");
const written = (name: string) => `${folder}/${name.replace(/md$/, "ts")}`;
const read = (name: string) => pageOf(readFileSync(`${book}/${name}`, "utf8"));

beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of pages) writeFileSync(written(name), `${read(name).code}\nexport {};\n`);
});

describe("docs/book", () => {
  test("has its chapters, all in the index", () => {
    expect(pages.length).toBeGreaterThanOrEqual(8);
    const index = readFileSync(`${book}/README.md`, "utf8");
    for (const page of pages) expect(index).toContain(`(${page})`);
  });
  test("its code has no type errors", async () => {
    const { stdout } = await run("npx", ["tsc", "-p", here("../tsconfig.pages.json")]).catch((error) => error);
    expect(stdout).toBe("");
  }, 120_000);
  test.each(pages)(
    "%s",
    async (name) => {
      const { printed } = read(name);
      const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning"];
      const { stdout } = await run(process.execPath, [...flags, written(name)], { cwd: folder });
      const lines = stdout.trimEnd().split("\n");
      printed.forEach((expected, i) => {
        expect(lines[i], `line ${i + 1} of what ${name} prints`).toMatch(expected);
      });
      expect(lines).toHaveLength(printed.length);
    },
    240_000,
  );
});

test("what a page says that it prints: beside, below, and with gaps", () => {
  const { code, printed } = pageOf(
    [
      "text",
      "```ts",
      "console.log(1); // 1",
      "console.log(x);",
      "// → a 0.1…",
      "//   b",
      "const y = 2; // no output",
      "```",
    ].join("\n"),
  );
  expect(code).toContain("const y = 2");
  expect(printed.map((p) => p.source)).toEqual(["^1$", "^a 0\\.1.*$", "^b$"]);
});
