// The set-up: that it finds its work done, that the repository's own row agrees with it, and what its command says.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { STAMP, tfjsNode } from "../../../../tools/first-run/src/natives/tfjsNode.mjs";
import { requireCompiler } from "./addon.ts";
import { setUpFolder } from "./folder.ts";
import { isSetUp, setUpTfjsNode } from "./setUp.ts";
import { downloadWheel } from "./wheel.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lamina-tfjs-node-"));
  vi.stubEnv("LAMINA_TFJS_NODE", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
/** A folder as the set-up leaves it, but for its contents. */
function pretendReady(): void {
  mkdirSync(join(folder, "cpu"));
  writeFileSync(join(folder, "cpu", "ready"), `${STAMP}\n`);
}

test("what is set up is not set up again, and the repository looks for the same", async () => {
  expect(await isSetUp()).toBe(false);
  expect(tfjsNode.find()).toMatchObject({ absent: expect.stringContaining(`has not been set up in ${folder}`) });
  pretendReady();
  expect(await isSetUp()).toBe(true);
  expect(await isSetUp({ gpu: true })).toBe(false);
  expect(tfjsNode.find()).toEqual({ env: { LAMINA_TFJS_NODE: folder } });
  const said: string[] = [];
  expect(await setUpTfjsNode({ say: (line) => said.push(line) })).toBe(join(folder, "cpu"));
  expect(said).toEqual([]);
});
test("another version that lies there is none", async () => {
  pretendReady();
  writeFileSync(join(folder, "cpu", "ready"), "@tensorflow/tfjs-node 4.21.0, TensorFlow 2.16.2\n");
  expect(await isSetUp()).toBe(false);
});
test("it lies in the user's cache folder unless told otherwise", () => {
  expect(setUpFolder("gpu")).toBe(join(folder, "gpu"));
  vi.stubEnv("LAMINA_TFJS_NODE", undefined);
  vi.stubEnv("XDG_CACHE_HOME", "/somewhere");
  expect(setUpFolder("cpu")).toBe(join("/somewhere", "lamina", "tfjs-node", "cpu"));
});
test("a missing compiler is told, with the way to one", async () => {
  vi.stubEnv("CXX", "no-such-compiler");
  await expect(requireCompiler()).rejects.toThrow(
    "there is no C++ compiler (no-such-compiler); apt-get install g++, or set CXX to one, and run the same command again",
  );
});
test.runIf(process.platform === "linux" && process.arch === "x64")(
  "a failure leaves nothing behind and says whose it is",
  async () => {
    vi.stubEnv("CXX", "no-such-compiler");
    await expect(setUpTfjsNode()).rejects.toThrow(/^tfjs-node setup: there is no C\+\+ compiler/);
    expect(await isSetUp()).toBe(false);
  },
);

/** A package index with one file in it. */
async function withIndex(contents: string, run: (file: string, path: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    if (request.url === "/simple/p/") response.end('<a href="../../files/p-1.whl#sha256=00">p-1.whl</a>');
    else if (request.url === "/files/p-1.whl") response.end(contents);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  vi.stubEnv("PIP_INDEX_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`);
  try {
    await run("p-1.whl", join(folder, "p-1.whl"));
  } finally {
    server.close();
  }
}
const OTHER = "0".repeat(64);

test("a wheel comes from the index that pip is told to use, and must have its checksum", () =>
  withIndex("lamina", async (file, path) => {
    const sha256 = createHash("sha256").update("lamina").digest("hex");
    await downloadWheel({ project: "p", file, sha256, megabytes: 0 }, path);
    await expect(downloadWheel({ project: "p", file, sha256: OTHER, megabytes: 0 }, path)).rejects.toThrow(
      `p-1.whl has the sha256 ${sha256} but must have ${OTHER}; do not trust this index`,
    );
  }));
test("an index that lacks it, or does not answer, is named", () =>
  withIndex("", async (_, path) => {
    const wheel = { project: "p", file: "p-2.whl", sha256: "", megabytes: 0 };
    await expect(downloadWheel(wheel, path)).rejects.toThrow(
      "/simple/p/ does not list p-2.whl; use an index that has it",
    );
    await expect(downloadWheel({ ...wheel, project: "q" }, path)).rejects.toThrow("/simple/q/ answered 404");
    vi.stubEnv("PIP_INDEX_URL", "http://127.0.0.1:1");
    await expect(downloadWheel(wheel, path)).rejects.toThrow("http://127.0.0.1:1/p/ could not be reached");
  }));

test("the command says how it is used", () => {
  const main = join(import.meta.dirname, "main.ts");
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["--conditions=source", main, ...args], { encoding: "utf8", env: process.env });
  expect(run("--help")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("usage: lamina-tfjs-node setup [--gpu]"),
  });
  expect(run()).toMatchObject({ status: 2 });
  pretendReady();
  expect(run("setup")).toMatchObject({
    status: 0,
    stderr: `lamina-tfjs-node: was ready already: ${join(folder, "cpu")}\n`,
  });
});
