// The safetensors reader and writer: round trips, a file as the Python library writes it, and every malformed file that the
// reference reader (Rust, tensor.rs) refuses, with those that it must accept.
import { reference } from "@lamina/backend-reference";
import { type DType, LaminaFormatError, setBackend, type Tensor, tensor } from "@lamina/core";
import { beforeAll, describe, expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "./index.ts";

beforeAll(async () => setBackend(await reference()));

function file(header: string | Uint8Array, data: ArrayLike<number> = [], length?: bigint): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}
const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const one = (dtype: string, shape: string, offsets: string, data: ArrayLike<number>) =>
  file(`{"t":${entry(dtype, shape, offsets)}}`, data);
const zeros = (n: number) => new Uint8Array(n);

test("what is written is read again, for every type, zero sizes and odd names", async () => {
  const tensors = new Map<string, Tensor>([
    ["0", tensor([1.5, -2, Number.NaN])],
    [
      "__proto__",
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: "int32" },
      ),
    ],
    ['ü\n"', tensor(new Uint8Array([1, 255]))],
    ["flags", tensor([true, false])],
    ["double", tensor([Math.PI], { dtype: "float64" })],
    ["scalar", tensor(7)],
    ["none", tensor(new Float32Array(0), { shape: [0, 3] })],
  ]);
  const bytes = await writeSafetensors(tensors, { format: "test" });
  const read = readSafetensors(bytes);
  expect(new Map(read.metadata)).toEqual(new Map([["format", "test"]]));
  expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
  for (const [name, t] of tensors) {
    const found = read.tensors.get(name)!;
    expect([found.dtype, found.shape]).toEqual([t.dtype, t.shape]);
    expect(await found.data()).toEqual(await t.data());
  }
  expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
});
test("a file by Python's safetensors 0.8.0: save({'b': tensor([1., 2.]), 'a': tensor([[3]])})", async () => {
  const hex =
    "70000000000000007b2261223a7b226474797065223a22493634222c227368617065223a5b312c315d2c22646174615f6f666673657473223a5b302c" +
    "385d7d2c2262223a7b226474797065223a22463332222c227368617065223a5b325d2c22646174615f6f666673657473223a5b382c31365d7d7d202003000000000000000000803f00000040";
  const { tensors } = readSafetensors(Uint8Array.from(hex.match(/../g)!, (b) => Number.parseInt(b, 16)));
  expect(await tensors.get("a")!.toArray()).toEqual([[3]]);
  expect(await tensors.get("b")!.toArray()).toEqual([1, 2]);
  expect(tensors.get("a")!.dtype).toBe("int32" satisfies DType);
});
test("bytes in a larger buffer, as Node reads small files", async () => {
  const bytes = await writeSafetensors(new Map([["a", tensor([1, 2])]]));
  const { tensors } = readSafetensors(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3));
  expect(await tensors.get("a")!.toArray()).toEqual([1, 2]);
});
test("half precision becomes float32", async () => {
  const halves = (dtype: string, ...h: number[]) =>
    readSafetensors(one(dtype, `[${h.length}]`, `[0,${2 * h.length}]`, new Uint8Array(new Uint16Array(h).buffer)))
      .tensors.get("t")!
      .toArray();
  expect(await halves("F16", 0x3c00, 0xc500, 0x7bff, 0x0001, 0x7c00, 0x8000)).toEqual([
    1,
    -5,
    65504,
    2 ** -24,
    Number.POSITIVE_INFINITY,
    -0,
  ]);
  expect(await halves("F16", 0x7e00)).toEqual([Number.NaN]);
  expect(await halves("BF16", 0x3f80, 0xc0a0)).toEqual([1, -5]);
});

describe("is accepted, as the reference reader does", () => {
  test.each<[string, Uint8Array]>([
    ["no tensors", file("{}")],
    [
      "white space before and after the header",
      file('\n {"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} \t', [7]),
    ],
    ["a scalar", one("F32", "[]", "[0,4]", zeros(4))],
    ["a size of zero", one("F32", "[2,0]", "[0,0]", [])],
    ["metadata", file('{"__metadata__":{"a":"b"}}')],
  ])("%s", (_, bytes) => {
    expect(() => readSafetensors(bytes)).not.toThrow();
  });
});
describe("is refused", () => {
  const pair = (a: string, b: string) => `{"a":${a},"b":${b}}`;
  const half = entry("U8", "[2]", "[0,2]");
  test.each<[string, Uint8Array, string]>([
    ["a file of 3 bytes", zeros(3), "a file of 3 bytes is too short for its header's length, which takes 8"],
    [
      "a header beyond 100 MB",
      file("{}", [], 100_000_001n),
      "the header would have 100000001 bytes, more than the 100000000 allowed",
    ],
    ["a header length of 2^64 - 1", file("{}", [], 2n ** 64n - 1n), "the header would have 18446744073709551615 bytes"],
    ["a header beyond the file", file("{}", [], 3n), "the header would have 3 bytes but the file ends after 2"],
    ["no UTF-8", file(Uint8Array.of(0x7b, 0xff, 0x7d)), "the header is not UTF-8"],
    ["a byte-order mark", file("\ufeff{}"), "the header is not JSON: expected a value"],
    ["no JSON", file("{]"), "the header is not JSON: expected a value but found ]"],
    ["no end", file('{"a"'), "the header is not JSON: expected : but found the end"],
    ["a string without end", file('{"a'), "a string does not end"],
    ["an escape that is none", file('{"\\x":1}'), "a string has a character or an escape that JSON does not allow"],
    ["something after the end", file("{}x"), "the header is not JSON: nothing may follow but found x"],
    ["deep nesting", file("[".repeat(100_000)), "nested more than 16 deep"],
    ["a list", file("[]"), "the header is not a JSON object"],
    ["two equal keys", file(`{"a":${half},"a":${half}}`, zeros(2)), 'the key "a" occurs twice'],
    ["an unknown dtype", one("F5", "[1]", "[0,1]", [0]), "t: dtype is F5 but must be one of F64, F32"],
    ["a dtype from Object.prototype", one("toString", "[1]", "[0,1]", [0]), "t: dtype is toString but must be"],
    ["a tensor that is a number", file('{"t":1}'), "t: dtype is undefined but must be"],
    ["no shape", file('{"t":{"dtype":"U8","data_offsets":[0,1]}}', [0]), "t: shape is not a list of whole numbers"],
    ["a negative size", one("U8", "[-1]", "[0,1]", [0]), "t: shape is not a list of whole numbers"],
    ["a size with a point", one("U8", "[1.0]", "[0,1]", [0]), "t: shape is not a list of whole numbers"],
    ["a size with an exponent", one("U8", "[1e0]", "[0,1]", [0]), "t: shape is not a list of whole numbers"],
    ["a size of 2^53 + 1", one("U8", "[9007199254740993]", "[0,1]", [0]), "t: shape is not a list of whole numbers"],
    ["one offset", one("U8", "[1]", "[0]", [0]), "t: data_offsets are not two whole numbers"],
    ["metadata that are no strings", file('{"__metadata__":{"a":1}}'), "__metadata__ is not an object of strings"],
    [
      "an overlap",
      file(pair(half, entry("U8", "[2]", "[1,3]")), zeros(3)),
      "b: begins at byte 1 of the data but what is before it ends at 2",
    ],
    [
      "a hole",
      file(pair(half, entry("U8", "[1]", "[3,4]")), zeros(4)),
      "b: begins at byte 3 of the data but what is before it ends at 2",
    ],
    [
      "ten tensors on one range",
      file(`{${Array.from({ length: 10 }, (_, i) => `"t${i}":${half}`).join()}}`, zeros(2)),
      "begins at byte 0 of the data but what is before it ends at 2",
    ],
    [
      "an end before the begin",
      one("U8", "[1]", "[1,0]", [0]),
      "t: shape [1] of U8 takes 1 bytes but data_offsets give -1",
    ],
    ["too many elements", one("U8", "[4503599627370497,4]", "[0,1]", [0]), "has too many elements"],
    [
      "too many elements with a zero",
      one("U8", "[9007199254740991,2,0]", "[0,0]", []),
      "t: shape [9007199254740991,2,0] has too many elements",
    ],
    [
      "a shape that its bytes do not fill",
      one("F32", "[2]", "[0,4]", zeros(4)),
      "t: shape [2] of F32 takes 8 bytes but data_offsets give 4",
    ],
    [
      "bytes too many",
      one("U8", "[1]", "[0,1]", [0, 0]),
      "the tensors take 1 bytes but the file has 2 after its header",
    ],
    ["bytes missing", one("U8", "[2]", "[0,2]", [0]), "the tensors take 2 bytes but the file has 1 after its header"],
    ["an int64 beyond int32", one("I64", "[1]", "[0,8]", [0, 0, 0, 0, 1, 0, 0, 0]), "t: a value does not fit 32 bits"],
  ])("%s", (name, bytes, message) => {
    let error: unknown;
    try {
      readSafetensors(bytes, "hostile.safetensors");
    } catch (e) {
      error = e;
    }
    expect(error, name).toBeInstanceOf(LaminaFormatError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toMatch(/^hostile\.safetensors: .* \(at byte \d+\)$/);
  });
  test("nothing else ever comes out of a mutated file", async () => {
    const good = await writeSafetensors(
      new Map([
        ["a", tensor([1, 2, 3])],
        ["b", tensor([[1], [2]], { dtype: "int32" })],
      ]),
      { k: "v" },
    );
    let seed = 1;
    const random = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * n);
    };
    for (let i = 0; i < 10_000; i++) {
      const bytes = good.slice(0, random(10) ? good.length : random(good.length));
      for (let k = random(4); k >= 0 && bytes.length; k--) bytes[random(bytes.length)] = random(256);
      try {
        readSafetensors(bytes);
      } catch (error) {
        if (!(error instanceof LaminaFormatError)) throw error;
      }
    }
  });
});
