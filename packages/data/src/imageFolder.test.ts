// Pictures in folders, decoded by sharp: PNG exactly, JPEG nearly, bad files named.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "./decode.ts";
import { ImageFolder } from "./imageFolder.ts";
import { DataLoader } from "./loader.ts";
import { Resize } from "./transforms/resize.ts";

/** A flat picture in the file format that the name says. */
const flat = (name: string, r: number, g: number, b: number, alpha?: number) =>
  sharp({
    create: { width: 6, height: 4, channels: alpha === undefined ? 3 : 4, background: { r, g, b, alpha } as never },
  })
    .toFormat(name.endsWith("png") ? "png" : "jpeg")
    .toBuffer();

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lamina-folder-"));
  const put = async (path: string, bytes: Uint8Array | string) => {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), bytes);
  };
  await put("dogs/b.png", await flat("b.png", 10, 20, 30));
  await put("dogs/deep/a.JPG", await flat("a.jpg", 200, 100, 50));
  await put("cats/c.png", await flat("c.png", 0, 255, 0, 0.5));
  await put("cats/notes.txt", "not a picture");
});
afterAll(() => rm(root, { recursive: true }));

describe("ImageFolder", () => {
  test("classes are folders, in alphabetical order; files too", async () => {
    const data = await ImageFolder.load(root);
    expect(data.classes).toEqual(["cats", "dogs"]);
    expect(data.samples.map(({ path, label }) => [path.slice(root.length + 1), label])).toEqual([
      ["cats/c.png", 0],
      ["dogs/b.png", 1],
      ["dogs/deep/a.JPG", 1],
    ]);
    const { image, label } = await data.get(1);
    expect([image.channels, image.height, image.width, label]).toEqual([3, 4, 6, 1]);
    expect([image.data[0], image.data[24], image.data[48]]).toEqual([10, 20, 30]);
  });
  test("JPEG, transparency and grey", async () => {
    const gray = await ImageFolder.load(root, { channels: 1 });
    const [x] = await gray.batch(Int32Array.of(0, 2));
    expect(x.shape).toEqual([2, 1, 4, 6]);
    const [green, orange] = [(await x.data())[0], (await x.data())[24]].map((v) => Math.round(v * 255));
    expect(green).toBe(150); // 0.587 · 255
    expect(Math.abs(orange - 124)).toBeLessThan(4);
  });
  test("transforms, and a loader", async () => {
    const data = await ImageFolder.load(root, { transform: new Resize([8, 8]) });
    const shapes: number[][] = [];
    for await (const [x] of new DataLoader(data, { batchSize: 2 })) shapes.push([...x.shape]);
    expect(shapes).toEqual([
      [2, 3, 8, 8],
      [1, 3, 8, 8],
    ]);
  });
  test("a bad file is named, or skipped by choice", async () => {
    const bad = join(root, "dogs", "bad.png");
    await writeFile(bad, "no picture");
    try {
      const strict = await ImageFolder.load(root);
      await expect(strict.batch(Int32Array.of(2))).rejects.toThrow(
        /^ImageFolder: .*bad\.png cannot be decoded \(.*\); replace or remove it, or pass onBadFile: "skip"$/,
      );
      const lenient = await ImageFolder.load(root, { onBadFile: "skip" });
      const [x, y] = await lenient.batch(Int32Array.of(0, 2, 3));
      expect([x.shape[0], [...(await y.data())], [...lenient.skipped.keys()]]).toEqual([2, [0, 1], [bad]]);
      await expect(lenient.batch(Int32Array.of(2))).rejects.toThrow(
        /^ImageFolder: none of the 1 pictures of a batch can be decoded, .*bad\.png among them; see skipped$/,
      );
    } finally {
      await rm(bad);
    }
  });
  test("from files that a user chose", async () => {
    const file = (path: string, bytes: Uint8Array) =>
      Object.assign(new File([bytes as Uint8Array<ArrayBuffer>], path.split("/").at(-1)!), {
        webkitRelativePath: path,
      });
    const data = ImageFolder.fromFiles([
      file("set/b/1.png", await flat("1.png", 1, 2, 3)),
      file("set/a/2.png", await flat("2.png", 4, 5, 6)),
    ]);
    expect([data.classes, (await data.get(0)).image.data[0], (await data.get(1)).label]).toEqual([["a", "b"], 4, 1]);
  });
  test("messages", async () => {
    await expect(ImageFolder.load(join(root, "none"))).rejects.toThrow(/^ImageFolder: .*none cannot be read \(ENOENT/);
    await expect(ImageFolder.load(join(root, "dogs", "deep"))).rejects.toThrow(
      /has no folders; it needs one for each class, with the pictures in it$/,
    );
    await expect(ImageFolder.load(root, { extensions: [".bmp"] })).rejects.toThrow(
      /has no pictures for cats, dogs \(\.bmp\); add some, or remove the folder$/,
    );
  });
});

test("a picture is held upright", async () => {
  const turned = await sharp({ create: { width: 5, height: 3, channels: 3, background: "red" } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  const { height, width } = await decodeImage(turned);
  expect([height, width]).toEqual([5, 3]);
});

test("a picture in four printing inks is decoded as Pillow does", async () => {
  const picture = await decodeImage(new URL("../fixtures/cmyk.jpg", import.meta.url)); // two areas, made by Pillow 13
  const pixel = (row: number, column: number) => [0, 1, 2].map((c) => picture.data[(c * 8 + row) * 16 + column]);
  expect([picture.channels, picture.height, picture.width]).toEqual([3, 8, 16]);
  expect([pixel(3, 3), pixel(3, 12)]).toEqual([
    [207, 46, 190],
    [0, 255, 127],
  ]);
});
