// CIFAR from files written here in the binary version's form.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CIFAR10, CIFAR100 } from "./cifar.ts";

const record = (labels: number[], first: number) => [
  ...labels,
  ...Array.from({ length: 3072 }, (_, i) => (first + i) % 256),
];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lamina-cifar-"));
  const put = (name: string, bytes: number[]) => writeFile(join(folder, name), Uint8Array.from(bytes));
  for (let k = 1; k <= 5; k++) await put(`data_batch_${k}.bin`, [...record([k], k), ...record([9], 50 + k)]);
  await put("test_batch.bin", record([3], 7));
  await put("train.bin", record([19, 99], 4));
  await put("test.bin", record([1, 100], 4));
  await writeFile(join(folder, "fine_label_names.txt"), Array.from({ length: 100 }, (_, i) => `class_${i}`).join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

test("CIFAR-10: five files are one dataset, planes as they are", async () => {
  const data = await CIFAR10.load({ from: folder });
  expect([data.length, data.classes.length, data.classes[3]]).toEqual([10, 10, "cat"]);
  const { image, label } = data.get(5);
  expect([image.channels, image.height, image.width, label, image.data[0], image.data[1]]).toEqual([
    3, 32, 32, 9, 53, 54,
  ]);
  const [x, y] = await data.batch(Int32Array.of(0, 8));
  expect([x.shape, [...(await y.data())]]).toEqual([
    [2, 3, 32, 32],
    [1, 5],
  ]);
  expect((await x.data())[3072]).toBe(Math.fround(5 / 255));
  expect((await CIFAR10.load({ from: folder, train: false })).length).toBe(1);
});
test("CIFAR-100: the fine label counts, names come from the file beside", async () => {
  const data = await CIFAR100.load({ from: folder });
  expect([data.length, data.get(0).label, data.classes[99]]).toEqual([1, 99, "class_99"]);
  await expect(CIFAR100.load({ from: folder, train: false })).rejects.toThrow(
    "test.bin: label 0 is 100 but there are 100 classes, 0 to 99; the file is damaged or of another data set (at byte 1)",
  );
});
test("messages", async () => {
  await writeFile(join(folder, "test_batch.bin"), new Uint8Array(100));
  await expect(CIFAR10.load({ from: folder, train: false })).rejects.toThrow(
    "test_batch.bin: the file has 100 bytes, which is no multiple of a record's 3073; it is truncated or not of the binary version (at byte 100)",
  );
  await expect(CIFAR10.load({ from: join(folder, "nowhere") })).rejects.toThrow(
    /^CIFAR10: neither data_batch_1\.bin is in .*nowhere; put the files of the binary version there, unpacked/,
  );
});
test("of several files that are missing the first is named, however long it took to look for it", async () => {
  const slowFirst = async (url: URL) => {
    if (url.href.endsWith("data_batch_1.bin")) await new Promise((resolve) => setTimeout(resolve, 20));
    return new Response(null, { status: 404 });
  };
  await expect(CIFAR10.load({ from: "http://nowhere.test/cifar", fetch: slowFirst })).rejects.toThrow(
    /^CIFAR10: neither data_batch_1\.bin is in /,
  );
});
