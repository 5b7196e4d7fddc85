import { gzipSync } from "node:zlib";
import { LaminaFormatError } from "@lamina/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIDX } from "./idx.ts";

/** An IDX file: type byte, dimensions, payload. */
function idx(type: number, shape: number[], payload: ArrayLike<number>): Uint8Array {
  const dims = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...dims, ...Array.from(payload)]);
}
const six = idx(8, [2, 3], [1, 2, 3, 4, 5, 6]);

async function refusal(bytes: Uint8Array, options = {}): Promise<LaminaFormatError> {
  const outcome = await parseIDX(bytes, { name: "x.idx", ...options }).catch((error) => error);
  expect(outcome).toBeInstanceOf(LaminaFormatError);
  return outcome;
}

describe("parseIDX reads", () => {
  test.each([
    ["plain", six],
    ["gzipped", gzipSync(six)],
    ["plain, inside a larger buffer", Uint8Array.from([9, 9, ...six, 9]).subarray(2, -1)],
    ["gzipped, inside a larger buffer", Uint8Array.from([9, ...gzipSync(six), 9]).subarray(1, -1)],
  ])("bytes, %s", async (_, bytes) => {
    expect(await parseIDX(bytes)).toEqual({ dtype: "uint8", shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  });
  test.each([
    ["int8", 9, [255], "int32", Int32Array.of(-1)],
    ["int16", 11, [255, 254], "int32", Int32Array.of(-2)],
    ["int32", 12, [128, 0, 0, 1], "int32", Int32Array.of(-2147483647)],
    ["float32", 13, [63, 192, 0, 0], "float32", Float32Array.of(1.5)],
    ["float64", 14, [63, 248, 0, 0, 0, 0, 0, 0], "float64", Float64Array.of(1.5)],
  ])("%s, big-endian", async (_, type, payload, dtype, data) => {
    expect(await parseIDX(idx(type, [1], payload))).toEqual({ dtype, shape: [1], data });
  });
  test("no items, and four dimensions", async () => {
    expect(await parseIDX(idx(8, [0, 28, 28], []))).toEqual({
      dtype: "uint8",
      shape: [0, 28, 28],
      data: new Uint8Array(),
    });
    expect((await parseIDX(gzipSync(idx(8, [1, 2, 1, 2], [1, 2, 3, 4])))).shape).toEqual([1, 2, 1, 2]);
  });
});

describe("parseIDX refuses", () => {
  test.each([
    [
      "nothing",
      [],
      0,
      "x.idx: the file has 0 bytes but an IDX file has at least 8; it is truncated, get it again (at byte 0)",
    ],
    [
      "an HTML page",
      [60, 104, 116, 109, 108],
      0,
      "x.idx: the file begins with 3c 68 74 6d but an IDX file begins with 00 00; check that this is the file you mean and not, say, an error page (at byte 0)",
    ],
    [
      "an unknown type",
      idx(10, [1], [1]),
      2,
      "x.idx: the magic number 00 00 0a 01 has type 0a but IDX has 08, 09, 0b, 0c, 0d and 0e; check that this is an IDX file (at byte 2)",
    ],
    [
      "no dimensions",
      [0, 0, 8, 0, 1],
      3,
      "x.idx: the magic number 00 00 08 00 says 0 dimensions but 1 to 4 can be read; check that this is an IDX file (at byte 3)",
    ],
    [
      "five dimensions",
      idx(8, [1, 1, 1, 1, 1], [1]),
      3,
      "x.idx: the magic number 00 00 08 05 says 5 dimensions but 1 to 4 can be read; check that this is an IDX file (at byte 3)",
    ],
    [
      "half a header",
      [0, 0, 8, 3, 0, 0],
      6,
      "x.idx: the file has 6 bytes but the header of an IDX file with 3 dimensions has 16; it is truncated, get it again (at byte 6)",
    ],
    [
      "a byte too few",
      six.subarray(0, -1),
      17,
      "x.idx: the file has 17 bytes but the header promises 18 (uint8 [2,3]); it is truncated, get it again (at byte 17)",
    ],
    [
      "a byte too many",
      [...six, 7],
      18,
      "x.idx: the file has 19 bytes but the header promises 18 (uint8 [2,3]); 1 bytes follow the end, get it again (at byte 18)",
    ],
    [
      "dimensions beyond all memory",
      idx(8, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]),
      4,
      "x.idx: the header promises 3.402823666040258e+38 bytes (uint8 [4294967295,4294967295,4294967295,4294967295]) but the limit is 536870912; pass a larger maxBytes if that is right (at byte 4)",
    ],
  ])("%s", async (_, bytes, offset, message) => {
    const error = await refusal(Uint8Array.from(bytes));
    expect(error.message).toBe(message);
    expect([error.file, error.offset]).toEqual(["x.idx", offset]);
    const packed = await refusal(gzipSync(Uint8Array.from(bytes)));
    expect(packed.offset).toBe(offset);
  });

  test("gzip that unpacks to more than its IDX header promises, without unpacking it all", async () => {
    const bomb = gzipSync(Buffer.concat([six, Buffer.alloc(50_000_000)]));
    const before = process.memoryUsage().arrayBuffers;
    expect((await refusal(bomb)).message).toBe(
      "x.idx: the gzip data unpacks to more than the 18 bytes that its header promises; the file is damaged or not complete, get it again (at byte 18)",
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });
  test("a size above maxBytes", async () => {
    expect((await refusal(six, { maxBytes: 17 })).message).toMatch(
      /promises 18 bytes \(uint8 \[2,3\]\) but the limit is 17;/,
    );
    expect((await refusal(gzipSync(six), { maxBytes: 17 })).message).toMatch(/but the limit is 17;/);
  });

  const packed = new Uint8Array(gzipSync(six));
  const flipped = (at: number) => packed.map((b, i) => (i === at ? b ^ 1 : b));
  test.each([
    ["only a gzip magic", packed.subarray(0, 2)],
    ["half a gzip header", packed.subarray(0, 7)],
    ["gzip without its last byte", packed.subarray(0, -1)],
    ["gzip without its trailer", packed.subarray(0, -8)],
    ["half the gzip data", packed.subarray(0, 18)],
    ["an unknown compression method", flipped(2)],
    ["a wrong CRC", flipped(packed.length - 8)],
    ["a wrong length", flipped(packed.length - 4)],
    ["bytes after the gzip data", Uint8Array.from([...packed, 1, 2, 3, 4, 5])],
    ["a second member", Uint8Array.from([...packed, ...packed])],
  ])("%s", async (_, bytes) => {
    expect((await refusal(bytes)).message).toMatch(
      /^x\.idx: the gzip data .*; the file is damaged or not complete, get it again \(at byte \d+\)$/,
    );
  });
});

/** Any damage to a good file: bytes set, a piece cut out, a piece repeated, the end cut off. */
const damage = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("set" as const), at: fc.nat(), value: fc.nat(255) }),
    fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), value: fc.nat(9) }),
    fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(), value: fc.nat(9) }),
    fc.record({ kind: fc.constant("end" as const), at: fc.nat(), value: fc.constant(0) }),
  ),
  { minLength: 1, maxLength: 4 },
);
function damaged(bytes: Uint8Array, steps: { kind: string; at: number; value: number }[]): Uint8Array {
  let out = [...bytes];
  for (const { kind, at, value } of steps) {
    const i = at % (out.length + 1);
    if (kind === "set" && i < out.length) out[i] = value;
    if (kind === "cut") out.splice(i, value);
    if (kind === "repeat") out.splice(i, 0, ...out.slice(i, i + value));
    if (kind === "end") out = out.slice(0, i);
  }
  return Uint8Array.from(out);
}
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
describe("a file that comes in pieces", () => {
  const values = Array.from({ length: 30_000 }, (_, i) => (i * i) % 251);
  const plain = idx(8, [30_000], values);
  const packed = new Uint8Array(gzipSync(plain));
  test.each([
    ["plain", plain, 1000],
    ["gzipped", packed, 1000],
    ["gzipped, its trailer in two pieces", packed, packed.length - 2],
  ])("%s, is the same", async (_, bytes, size) => {
    const { shape, data } = await parseIDX(inPieces(bytes, size));
    expect(shape).toEqual([30_000]);
    expect([...data]).toEqual(values);
  });
  test.each([
    ["nothing", new Uint8Array(0)],
    ["half the gzip data", packed.subarray(0, packed.length / 2)],
    ["gzip without its trailer", packed.subarray(0, -8)],
    ["bytes after the gzip data", Uint8Array.from([...packed, 1, 2, 3, 4, 5])],
    ["more than the header promises", new Uint8Array(gzipSync(Uint8Array.from([...plain, 0])))],
    ["less than the header promises", new Uint8Array(gzipSync(plain.subarray(0, -1)))],
    ["no IDX", new Uint8Array(gzipSync(Uint8Array.from({ length: 100 }, () => 7)))],
  ])("%s, is refused", async (_, bytes) => {
    await expect(parseIDX(inPieces(bytes, 1000), { name: "x.idx" })).rejects.toThrow(LaminaFormatError);
  });
});
test.each([
  ["plain", 5000, six],
  [
    "gzipped",
    5000,
    new Uint8Array(
      gzipSync(
        idx(
          8,
          [3, 4, 4],
          Array.from({ length: 48 }, (_, i) => i * 5),
        ),
      ),
    ),
  ],
])("damaged files (%s, %i) are read or refused, nothing else", async (_, runs, good) => {
  const outcomes = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(damage, async (steps) => {
      const outcome = await parseIDX(damaged(good, steps)).catch((error) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(LaminaFormatError);
      else expect(outcome.data.length).toBe(outcome.shape.reduce((a: number, b: number) => a * b, 1));
      outcomes[outcome instanceof Error ? "refused" : "read"]++;
    }),
    { numRuns: runs, seed: 20261124 },
  );
  expect(outcomes.refused).toBeGreaterThan(runs / 2);
  expect(outcomes.read).toBeGreaterThan(0);
});
