// The command line as a stranger meets it: a real process, modules that are wrong in the ways that people make them wrong.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const bin = fileURLToPath(new URL("./bin.ts", import.meta.url));
const cache = fileURLToPath(new URL("../.cache/", import.meta.url)); // in this package: the modules import others of ours
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, "bin-"));
afterAll(() => rmSync(folder, { recursive: true }));

function conformance(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--conditions=source", bin, ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}
function file(name: string, code: string): string {
  writeFileSync(join(folder, name), code);
  return name;
}
/** The reference device, changed. */
const device = (change: string, more = ""): string => `
  import { reference } from "@lamina/backend-reference";
  export async function changed() { const backend = await reference(); const { kernels } = backend; return { ...backend, name: "mine", ${change} }; }
  ${more}`;

test("help names the options and the exit codes", () => {
  const { code, out } = conformance("--help");
  expect(code).toBe(0);
  for (const text of ["--filter", "--level", "--json", "--html", "--absent", "--browser", "Exit codes"])
    expect(out).toContain(text);
});
test("a file that is not there is wrong usage", () => {
  const { code, err } = conformance("./nothing.js");
  expect(err).toMatch(/^error: there is no file .*nothing\.js/);
  expect(code).toBe(2);
});
test.each([
  ["syntax", "export const x = ;", /broken\.js could not be loaded: /],
  ["nothing exported", "", /the module exports no function that opens a device \(it exports nothing\)/],
  [
    "several functions",
    "export function a() {} export function b() {}",
    /exports several functions \(a, b\); say which/,
  ],
  ["no object", "export default () => undefined", /default\(\) gave undefined and not a Backend/],
  [
    "half a backend",
    `export default () => ({ name: "half", dtypes: [], kernels: {}, upload() {}, read() {} })`,
    /is no Backend: "free" must be a function, "memory" must be a function, "close" must be a function; see docs\/write-a-backend\.md/,
  ],
  [
    "gaps",
    "export default () => ({}); export const gaps = ['x'];",
    /"gaps" must be a list of \{ id, reason, when\? \}/,
  ],
])("%s: said in words", (_, code, message) => {
  const { out, err, code: status } = conformance(file("broken.js", code), "--level", "ops", "--filter", "/abs/");
  expect(out + err).toMatch(message);
  expect(status).toBe(1);
});
test("a missing and a wrong kernel are named; what is there is judged alone", () => {
  const changes = "kernels: { ...kernels, sin: undefined, relu: kernels.neg }";
  const { code, out, err } = conformance(file("changed.js", device(changes)), "--level", "ops");
  expect(out).toContain("failed ops/open/has the required kernels: the mine backend lacks 1 required kernels: sin;");
  expect(out).toMatch(/failed ops\/relu\/three axes: element \d+ is \S+ but must be \S+ \(\S+ ulp, 0 allowed\)/);
  expect(err).toMatch(/^error: \d+ cases failed on changed/);
  expect(code).toBe(1);
});
test("a module's gaps are declared, and one that passes fails", () => {
  const gaps = `export const gaps = [{ id: "ops/relu/three axes", reason: "the sign" }];`;
  const args = ["--level", "ops", "--filter", "ops/relu/three axes", "--export", "changed"];
  const declared = conformance(file("gap.js", device("kernels: { ...kernels, relu: kernels.neg }", gaps)), ...args);
  expect(declared.out).toContain("declared ops/relu/three axes: the sign (element");
  const passing = conformance(file("passing.js", device("kernels", gaps)), ...args, "--json", "report.json");
  expect(passing.out).toContain("declared as a gap (the sign), but it passes; remove the declaration");
  expect(passing.code).toBe(1);
  const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
  expect(report).toMatchObject({ backend: "passing", failed: 1, declared: 0, absent: 0 });
  expect(report.results).toHaveLength(report.passed + report.failed);
});
test("a device that may be absent is absent, and never passed", () => {
  const name = file("absent.js", `export default async () => { throw new Error("no adapter"); };`);
  const failed = conformance(name);
  expect(failed.out).toContain("absent: 0 passed, 1 failed, 0 declared, 0 absent");
  expect(failed.code).toBe(1);
  const { code, out } = conformance(name, "--absent", "no card here", "--html", "report.html");
  expect(out).toContain("absent: 0 passed, 0 failed, 0 declared, 1 absent");
  expect(code).toBe(0);
  expect(readFileSync(join(folder, "report.html"), "utf8")).toContain(
    "no card here (the device did not open: no adapter)",
  );
});
