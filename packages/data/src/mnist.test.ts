import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { LaminaFormatError } from "@lamina/core";
import { classes } from "@lamina/fashion-mnist";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { FashionMNIST, MNIST } from "./mnist.ts";
import * as transforms from "./transforms/index.ts";
import type { Transform } from "./transforms/transform.ts";

const be = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
const imagesOf = (n: number, rows = 2, columns = 2) =>
  Uint8Array.from([
    0,
    0,
    8,
    3,
    ...be(n),
    ...be(rows),
    ...be(columns),
    ...Array.from({ length: n * rows * columns }, (_, i) => i % 256),
  ]);
const labelsOf = (...labels: number[]) => Uint8Array.from([0, 0, 8, 1, ...be(labels.length), ...labels]);
const pair = { images: imagesOf(3), labels: labelsOf(4, 5, 6) };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lamina-mnist-"));
  await writeFile(join(folder, "train-images-idx3-ubyte.gz"), gzipSync(pair.images));
  await writeFile(join(folder, "train-labels-idx1-ubyte"), pair.labels);
});
afterAll(() => rm(folder, { recursive: true }));

describe("Fashion-MNIST from its package", () => {
  test.each([
    [true, 60_000, [9, 0, 0, 3, 0]],
    [false, 10_000, [9, 2, 1, 1, 6]],
  ])("train: %s", async (train, length, firstLabels) => {
    const data = await FashionMNIST.load({ train });
    expect([data.length, data.rows, data.columns, data.images.length]).toEqual([length, 28, 28, length * 784]);
    expect([...data.labels.subarray(0, 5)]).toEqual(firstLabels);
    expect(data.classes).toEqual(classes);
  });
  test("the mean and deviation are the published 0.2860 and 0.3530", async () => {
    const { images } = await FashionMNIST.load();
    let sum = 0;
    let squares = 0;
    for (const v of images) {
      sum += v;
      squares += v * v;
    }
    const mean = sum / images.length / 255;
    expect(mean).toBeCloseTo(0.286, 4);
    expect(Math.sqrt(squares / images.length / 255 ** 2 - mean ** 2)).toBeCloseTo(0.353, 4);
  });
});

describe("the user's own files", () => {
  test("a folder by path or file URL, plain and .gz mixed", async () => {
    for (const from of [folder, `${folder}/`, pathToFileURL(folder), pathToFileURL(folder).href]) {
      const data = await FashionMNIST.load({ from });
      expect([data.length, ...data.labels]).toEqual([3, 4, 5, 6]);
    }
  });
  test("each file by itself: bytes, path or URL", async () => {
    const images = pathToFileURL(join(folder, "train-images-idx3-ubyte.gz"));
    const data = await MNIST.load({ from: { images, labels: join(folder, "train-labels-idx1-ubyte") } });
    expect(data.get(1)).toEqual({
      image: { data: Uint8Array.of(4, 5, 6, 7), channels: 1, height: 2, width: 2 },
      label: 5,
    });
    expect((await MNIST.load({ from: pair })).classes[3]).toBe("3");
  });
  test("http, by the fetch that is passed in", async () => {
    const asked: string[] = [];
    const fetch = async (url: URL) => {
      asked.push(url.href);
      if (url.href.endsWith("t10k-images-idx3-ubyte.gz")) return new Response(gzipSync(pair.images));
      if (url.href.endsWith("t10k-labels-idx1-ubyte")) return new Response(pair.labels);
      return new Response("no such page", { status: 404 });
    };
    const data = await FashionMNIST.load({ train: false, from: "https://example.org/fashion", fetch });
    expect(data.length).toBe(3);
    expect(asked.toSorted()).toEqual([
      "https://example.org/fashion/t10k-images-idx3-ubyte.gz",
      "https://example.org/fashion/t10k-labels-idx1-ubyte",
      "https://example.org/fashion/t10k-labels-idx1-ubyte.gz",
    ]);
  });
});

const failure = (load: Promise<unknown>) =>
  load.then(
    () => "no error",
    (error: Error) => error.message,
  );
const hint = "put the original files there, plain or .gz, or leave out from to use those of @lamina/fashion-mnist";

describe("errors say which file and what to do", () => {
  test("a folder without the files, no folder, no file", async () => {
    expect(await failure(FashionMNIST.load({ from: folder, train: false }))).toBe(
      `FashionMNIST: neither t10k-images-idx3-ubyte.gz nor t10k-images-idx3-ubyte is in ${folder}; ${hint}`,
    );
    expect(await failure(FashionMNIST.load({ from: "/no/such" }))).toMatch(
      /^FashionMNIST: neither .* is in \/no\/such; put/,
    );
    expect(await failure(MNIST.load({ from: { ...pair, labels: "/no/such" } }))).toBe(
      "MNIST: there is no file /no/such; put the original files there, plain or .gz, or name others by from",
    );
  });
  test("a file that cannot be read", async () => {
    const message = await failure(FashionMNIST.load({ from: { ...pair, images: folder } }));
    expect(message).toBe(
      `FashionMNIST: ${folder} cannot be read (EISDIR: illegal operation on a directory, read); ${hint}`,
    );
  });
  test("the package is not installed", async () => {
    vi.doMock("@lamina/fashion-mnist", () => {
      throw new Error("Cannot find package");
    });
    const message = await failure(FashionMNIST.load());
    vi.doUnmock("@lamina/fashion-mnist");
    expect(message).toBe(
      "FashionMNIST: the package @lamina/fashion-mnist, which holds the files, cannot be loaded; install it (npm install @lamina/fashion-mnist), or pass from: a folder or URL",
    );
  });
  test("a server that fails, a network that is not there", async () => {
    const from = "http://example.org/";
    const broken = async () => new Response("", { status: 503, statusText: "Service Unavailable" });
    expect(await failure(FashionMNIST.load({ from, fetch: broken }))).toBe(
      `FashionMNIST: http://example.org/train-images-idx3-ubyte.gz cannot be fetched (the server answers 503 Service Unavailable); ${hint}`,
    );
    const offline = () => Promise.reject(new TypeError("fetch failed"));
    expect(await failure(FashionMNIST.load({ from, fetch: offline }))).toMatch(
      /cannot be fetched \(fetch failed\); put/,
    );
  });
  test.each([
    [
      "counts that differ",
      { images: imagesOf(3), labels: labelsOf(1, 2) },
      "labels: there are 2 labels but images has 3 images; take both files from the same part of the data set (at byte 4)",
    ],
    [
      "a label without a class",
      { images: imagesOf(3), labels: labelsOf(1, 10, 2) },
      "labels: label 1 is 10 but there are 10 classes, 0 to 9; the file is damaged or of another data set (at byte 9)",
    ],
    [
      "files swapped",
      { images: labelsOf(1), labels: imagesOf(1) },
      "images: the magic number says uint8 with 1 dimensions [1] but images are uint8 with 3 (00 00 08 03); check that images and labels are not swapped (at byte 2)",
    ],
    [
      "a file cut short",
      { images: imagesOf(3).subarray(0, 20), labels: labelsOf(1, 2, 3) },
      "images: the file has 20 bytes but the header promises 28 (uint8 [3,2,2]); it is truncated, get it again (at byte 20)",
    ],
  ])("%s", async (_, from, message) => {
    const error = await FashionMNIST.load({ from }).catch((e) => e);
    expect(error).toBeInstanceOf(LaminaFormatError);
    expect(error.message).toBe(message);
  });
});

describe("items", () => {
  test("get gives a view and a label; an index that is not there is named", async () => {
    const data = await FashionMNIST.load({ from: pair });
    const { image, label } = data.get(2);
    expect([image.data.buffer === data.images.buffer, ...image.data, label]).toEqual([true, 8, 9, 10, 11, 6]);
    for (const bad of [-1, 3, 0.5])
      expect(() => data.get(bad)).toThrow(
        `FashionMNIST: there is no item ${bad}, the dataset has 3; pass a whole number from 0 to 2`,
      );
  });
  test("batch gives v / 255 rounded to float32, [B, 1, rows, columns], and int32 labels", async () => {
    const data = await FashionMNIST.load({ from: { images: imagesOf(2, 16, 16), labels: labelsOf(7, 8) } });
    const [x, y] = await data.batch(Int32Array.of(1, 0));
    expect([x.dtype, x.shape, y.dtype, y.shape]).toEqual(["float32", [2, 1, 16, 16], "int32", [2]]);
    const ratios = Array.from({ length: 256 }, (_, v) => Math.fround(v / 255));
    expect([...(await x.data())]).toEqual([...ratios, ...ratios]);
    expect([...(await y.data())]).toEqual([8, 7]);
  });
  test("a transform takes the place of each picture: bytes are scaled, floats are not", async () => {
    const values = async (transform: Transform, index: number) => {
      const [x] = await (await FashionMNIST.load({ from: pair, transform })).batch(Int32Array.of(index));
      return [...x.shape, ...(await x.data())];
    };
    const reversed: Transform = (image) => ({ ...image, data: image.data.toReversed() });
    expect(await values(reversed, 0)).toEqual([1, 1, 2, 2, ...[3, 2, 1, 0].map((v) => Math.fround(v / 255))]);
    const floats: Transform = (image) => ({ ...image, data: Float32Array.from(image.data) });
    expect(await values(floats, 2)).toEqual([1, 1, 2, 2, 8, 9, 10, 11]);
    expect(await values(new transforms.CenterCrop([1, 2]), 1)).toEqual([
      1,
      1,
      1,
      2,
      ...[4, 5].map((v) => Math.fround(v / 255)),
    ]);
  });
  test("a transform that fails is told with the picture's index, sizes that differ with both", async () => {
    const failing = await FashionMNIST.load({ from: pair, transform: () => JSON.parse("{") });
    expect(() => failing.batch(Int32Array.of(1))).toThrow(
      /^FashionMNIST: transform of picture 1 failed: .*; see the error's cause$/,
    );
    let width = 0;
    const transform: Transform = () => ({ data: new Uint8Array(++width), channels: 1, height: 1, width });
    const growing = await FashionMNIST.load({ from: pair, transform });
    expect(() => growing.batch(Int32Array.of(0, 2))).toThrow(
      "FashionMNIST: picture 2 is 1 x 1 x 2 but picture 0 of the same batch is 1 x 1 x 1; give all one size: transform: new transforms.Resize([height, width])",
    );
  });
});
