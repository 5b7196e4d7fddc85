// Wide mode: the same bits, the whole suite, and words where it cannot be had. Here its flag is set, whatever the probe finds, and
// all code is optimised from its first call on.
import { execFileSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { expect, test } from "vitest";
import { open } from "./open.ts";

const [major] = process.versions.node.split(".").map(Number);
const absent = process.arch === "x64" && major >= 24 ? undefined : "256 bits are had in Node 24 or later on x64";
const FLAGS = ["--no-liftoff", "--no-wasm-lazy-compilation"];
const WIDE = "--experimental-wasm-revectorize";

test.skipIf(absent)(
  "training gives the same bits with 128 and 256 bits, and with threads",
  { timeout: 300_000 },
  () => {
    const program = (options: string) => `
    import { trained } from "./engine/steps.child.ts";
    import { open } from "./open.ts";
    console.log(JSON.stringify(await trained(await open(${options}), 3)));`;
    const run = (options: string, ...flags: string[]) =>
      execFileSync(
        process.execPath,
        ["--conditions=source", ...FLAGS, ...flags, "--input-type=module", "-e", program(options)],
        { cwd: import.meta.dirname, encoding: "utf8" },
      );
    const narrow = run("{ wide: false, threads: 1 }");
    expect(new Set(JSON.parse(narrow)).size).toBe(3);
    expect(run("{ threads: 2 }, { wide: true }", WIDE)).toBe(narrow);
    expect(run("{ wide: true, threads: 1 }")).toBe(narrow);
  },
);

test("whether it is on is told, and why not", { timeout: 120_000 }, () => {
  const program = `
    import { wasm } from "./index.ts";
    const said = [];
    console.warn = (line) => said.push(line);
    const wide = (await wasm({ wide: true })).details.wide;
    console.log(JSON.stringify({ wide, said, off: (await wasm({ wide: false })).details.wide, auto: (await wasm()).details.wide }));`;
  const run = (before: string) =>
    JSON.parse(
      execFileSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", before + program], {
        cwd: import.meta.dirname,
        encoding: "utf8",
      }),
    );
  const here = run("");
  expect(here.off).toBe(false);
  expect(here.auto).toBe(here.wide);
  expect(here.said).toHaveLength(here.wide ? 0 : 1);
  expect(run(`Object.defineProperty(process, "arch", { value: "arm64" });`)).toEqual({
    wide: false,
    off: false,
    auto: false,
    said: ["@lamina/backend-wasm computes with 128 bits: 256 bits are had in Node 24 or later on x64"],
  });
  expect(run("performance.now = () => 0;").said).toEqual([
    "@lamina/backend-wasm computes with 128 bits: 256 bits are not faster here",
  ]);
});

if (!absent) for (const flag of [...FLAGS, WIDE]) setFlagsFromString(flag);
conformWith(vitest, "wasm with 256 bits", () => open({}, { wide: true }), {
  levels: ["ops", "edges", "gradients", "programs", "training"],
  absent,
});
