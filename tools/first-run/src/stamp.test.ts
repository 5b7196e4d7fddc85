// A set-up is skipped only while nothing that decides its result has changed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fingerprint, manifests, readStamp, writeStamp } from "./stamp.mjs";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lamina first run ")); // with spaces, as a user's folder may have
  mkdirSync(join(root, "packages/core"), { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  writeFileSync(join(root, "pnpm-lock.yaml"), "lockfileVersion: 9");
  writeFileSync(join(root, "packages/core/package.json"), '{ "name": "core" }');
});

afterEach(() => rmSync(root, { recursive: true }));

test("the files that decide what gets installed", () => {
  expect(manifests(root)).toEqual(["pnpm-lock.yaml", "package.json", "packages/core/package.json"]);
});

test.each(["pnpm-lock.yaml", "package.json", "packages/core/package.json", "pnpm-workspace.yaml"])(
  "a change of %s changes the fingerprint",
  (file) => {
    const before = fingerprint(root);
    writeFileSync(join(root, file), "changed");
    expect(fingerprint(root)).not.toBe(before);
  },
);

test("a new package changes the fingerprint, a source file does not", () => {
  const before = fingerprint(root);
  writeFileSync(join(root, "packages/core/index.ts"), "export {};");
  expect(fingerprint(root)).toBe(before);
  mkdirSync(join(root, "tools/bench"), { recursive: true });
  writeFileSync(join(root, "tools/bench/package.json"), "{}");
  expect(fingerprint(root)).not.toBe(before);
});

test("a stamp is read back, and absent before it is written", () => {
  expect(readStamp(root)).toBeUndefined();
  writeStamp(root, "abc");
  expect(readStamp(root)).toBe("abc");
});
