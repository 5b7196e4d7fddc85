import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { classes, type FileName, files, sha256 } from "./index.ts";

const hash = (name: "md5" | "sha256", bytes: Uint8Array) => createHash(name).update(bytes).digest("hex");

// Bytes as in Zalando's README; MD5 as torchvision publishes them (torchvision/datasets/mnist.py, class FashionMNIST).
const published: [FileName, number, string][] = [
  ["trainImages", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"],
  ["trainLabels", 29_515, "25c81989df183df01b3e8a0aad5dffbe"],
  ["testImages", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"],
  ["testLabels", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"],
];

describe.each(published)("%s", (name, size, md5) => {
  const bytes = readFileSync(files[name]);
  test("is the file that Zalando published", () => {
    expect(bytes.length).toBe(size);
    expect(hash("md5", bytes)).toBe(md5);
  });
  test("has the SHA-256 that the package states", () => {
    expect(hash("sha256", bytes)).toBe(sha256[name]);
  });
});

test.each([
  ["trainImages", 60_000],
  ["testImages", 10_000],
] as const)("%s holds %i pictures of 28 x 28", (name, count) => {
  const idx = gunzipSync(readFileSync(files[name]));
  expect([0, 4, 8, 12].map((at) => idx.readUInt32BE(at))).toEqual([0x803, count, 28, 28]);
  expect(idx.length).toBe(16 + count * 28 * 28);
});

test.each([
  ["trainLabels", 60_000],
  ["testLabels", 10_000],
] as const)("%s holds %i labels, the same number of each class", (name, count) => {
  const idx = gunzipSync(readFileSync(files[name]));
  expect([idx.readUInt32BE(0), idx.readUInt32BE(4), idx.length]).toEqual([0x801, count, 8 + count]);
  const perClass = new Array(classes.length).fill(0);
  for (const label of idx.subarray(8)) perClass[label]++;
  expect(perClass).toEqual(new Array(10).fill(count / 10));
});
