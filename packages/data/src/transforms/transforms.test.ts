// Every transform against torchvision and Pillow where nothing is left to chance (tools/goldens/transforms.py), and what
// chance may do where it is.
import { readFileSync } from "node:fs";
import { Generator } from "@lamina/core";
import { describe, expect, test } from "vitest";
import type { Image } from "../image.ts";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./color.ts";
import { flipHorizontally, flipVertically } from "./flip.ts";
import * as transforms from "./index.ts";
import { rotate } from "./rotate.ts";
import { applyTransform, type Transform } from "./transform.ts";

interface Place {
  readonly at: number;
  readonly dtype: "uint8" | "float32";
  readonly shape: readonly [number, number, number];
}
interface Case {
  readonly id: string;
  readonly picture: string;
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: options come out of a file.
  readonly options: any;
  readonly result: Place;
}
const read = (name: string) => readFileSync(new URL(`../../fixtures/${name}`, import.meta.url));
const { pictures, cases } = JSON.parse(read("transforms.json").toString()) as {
  pictures: Record<string, Place>;
  cases: Case[];
};
const bytes = Uint8Array.from(read("transforms.bin"));

function imageAt({ at, dtype, shape: [channels, height, width] }: Place): Image {
  const count = channels * height * width;
  const data =
    dtype === "uint8" ? bytes.slice(at, at + count) : new Float32Array(bytes.buffer.slice(at, at + 4 * count));
  return { data, channels, height, width };
}
const random = () => new Generator(3);
const run = (transform: Transform, image: Image, by = random()) => applyTransform(transform, image, by);

// biome-ignore lint/suspicious/noExplicitAny: options come out of a file.
const ops: Readonly<Record<string, (image: Image, o: any) => Image>> = {
  resize: (image, { size, interpolation }) => run(new transforms.Resize(size, { interpolation }), image),
  resizeFloats: (image, { size, interpolation }) =>
    run(new transforms.Compose([new transforms.ToTensor(), new transforms.Resize(size, { interpolation })]), image),
  centerCrop: (image, { size }) => run(new transforms.CenterCrop(size), image),
  pad: (image, { padding, ...options }) => run(new transforms.Pad(padding, options), image),
  rotate: (image, { degrees, ...options }) => rotate(image, degrees, options),
  horizontalFlip: flipHorizontally,
  verticalFlip: flipVertically,
  grayscale: (image, { channels }) => run(new transforms.Grayscale(channels), image),
  brightness: (image, { factor }) => adjustBrightness(image, factor),
  contrast: (image, { factor }) => adjustContrast(image, factor),
  saturation: (image, { factor }) => adjustSaturation(image, factor),
  hue: (image, { factor }) => adjustHue(image, factor),
  floats: (image) => run(new transforms.ToTensor(), image),
  normalize: (image, { mean, std }) =>
    run(new transforms.Compose([new transforms.ToTensor(), new transforms.Normalize(mean, std)]), image),
};

describe("as torchvision and Pillow", () => {
  test.each(cases)("$id", ({ picture, op, options, result }) => {
    const image = imageAt(pictures[picture]);
    const before = image.data.slice();
    const found = ops[op](image, options);
    const expected = imageAt(result);
    expect([found.channels, found.height, found.width]).toEqual(result.shape);
    expect(found.data.constructor).toBe(expected.data.constructor);
    const worst = Array.from(found.data).reduce((most, v, i) => Math.max(most, Math.abs(v - expected.data[i])), 0);
    expect(worst).toBeLessThanOrEqual(op === "resizeFloats" ? 1e-6 : 0);
    expect(image.data).toEqual(before);
  });
});

describe("by chance", () => {
  const ramp = (channels: number, height: number, width: number): Image => {
    const data = Uint8Array.from({ length: channels * height * width }, (_, i) => i % 251);
    return { data, channels, height, width };
  };
  const color = ramp(3, 12, 16);
  const all: readonly [string, Transform][] = [
    ["RandomCrop", new transforms.RandomCrop([8, 10], { padding: 2 })],
    ["RandomResizedCrop", new transforms.RandomResizedCrop(9)],
    ["RandomHorizontalFlip", new transforms.RandomHorizontalFlip()],
    ["RandomVerticalFlip", new transforms.RandomVerticalFlip()],
    ["RandomRotation", new transforms.RandomRotation(30)],
    ["ColorJitter", new transforms.ColorJitter({ brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.5 })],
    ["RandomErasing", new transforms.RandomErasing({ value: "random" })],
  ];
  test.each(all)("%s draws from the generator alone, and now this, now that", (_, transform) => {
    const draw = (seed: number) => run(transform, color, new Generator(seed));
    expect(draw(5)).toEqual(draw(5));
    const seen = new Set(Array.from({ length: 30 }, (_, seed) => draw(seed).data.join()));
    expect(seen.size).toBeGreaterThan(1);
  });
  test("flips happen with their probability", () => {
    const by = new Generator(1);
    const flip = new transforms.RandomHorizontalFlip(0.25);
    const flipped = Array.from({ length: 4000 }, () => flip.apply(color, by) !== color).filter(Boolean).length;
    expect(Math.abs(flipped / 4000 - 0.25)).toBeLessThan(0.03);
  });
  test("a random crop is a part of the picture, each place as likely", () => {
    const line: Image = { data: Uint8Array.of(10, 11, 12, 13), channels: 1, height: 1, width: 4 };
    const by = new Generator(2);
    const crop = new transforms.RandomCrop([1, 2]);
    const counts = new Map<string, number>();
    for (let i = 0; i < 3000; i++) {
      const key = crop.apply(line, by).data.join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["10,11", "11,12", "12,13"]);
    for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(100);
  });
  test("padIfNeeded makes room", () => {
    const grown = run(new transforms.RandomCrop(20, { padIfNeeded: true }), color);
    expect([grown.height, grown.width]).toEqual([20, 20]);
  });
  test("a resized crop keeps to its scale, and falls back to the middle", () => {
    const whole = new transforms.RandomResizedCrop([12, 16], { scale: [1, 1], ratio: [16 / 12, 16 / 12] });
    expect(run(whole, color).data).toEqual(color.data);
    const wide = ramp(1, 4, 100);
    const { height, width } = run(new transforms.RandomResizedCrop(8, { scale: [1, 1], ratio: [1, 1] }), wide);
    expect([height, width]).toEqual([8, 8]);
  });
  test("erasing takes a rectangle of at most its scale", () => {
    const white: Image = { data: new Uint8Array(10_000).fill(255), channels: 1, height: 100, width: 100 };
    const by = new Generator(4);
    for (let i = 0; i < 50; i++) {
      const erased = new transforms.RandomErasing({ p: 1, scale: [0.1, 0.2] }).apply(white, by);
      const gone = Array.from(erased.data).filter((v) => v === 0).length;
      expect(gone).toBeGreaterThan(900);
      expect(gone).toBeLessThan(2100);
    }
  });
});

describe("messages", () => {
  const gray: Image = { data: new Uint8Array(6), channels: 1, height: 2, width: 3 };
  test.each<[string, () => unknown]>([
    [
      "Resize: the size is 0 but must be a whole number from 1; pass one, or [height, width]",
      () => new transforms.Resize(0),
    ],
    [
      "Pad: a border of 3 mirrors more than there is of a picture 1 x 2 x 3; pass a narrower one",
      () => run(new transforms.Pad(3, { paddingMode: "reflect" }), gray),
    ],
    [
      "RandomCrop: the picture is 1 x 2 x 3 but the crop 4 x 4; pass a smaller crop, or padIfNeeded: true",
      () => run(new transforms.RandomCrop(4), gray),
    ],
    [
      "RandomResizedCrop: scale is [0, 1] but must rise from above 0; pass [from, to]",
      () => new transforms.RandomResizedCrop(4, { scale: [0, 1] }),
    ],
    [
      "RandomHorizontalFlip: p is 2 but must be from 0 to 1; pass 0.5, say",
      () => new transforms.RandomHorizontalFlip(2),
    ],
    [
      "RandomRotation: degrees is -1 but must be from 0; pass one, or [from, to]",
      () => new transforms.RandomRotation(-1),
    ],
    [
      "ColorJitter: hue is 0.7 but must lie within [-0.5, 0.5]; pass a number from 0, or [from, to]",
      () => new transforms.ColorJitter({ hue: 0.7 }),
    ],
    [
      "Grayscale: numOutputChannels is 2 but must be 1 or 3; pass one of them",
      () => new transforms.Grayscale(2 as never),
    ],
    [
      "Grayscale: the picture is 2 x 1 x 1 but colours need 3 channels; leave it out for grey pictures",
      () => run(new transforms.Grayscale(), { data: new Uint8Array(2), channels: 2, height: 1, width: 1 }),
    ],
    [
      "Normalize: mean is [0] and std [0], but they need as many values, none of std 0",
      () => new transforms.Normalize([0], [0]),
    ],
    [
      "Normalize: the picture is of bytes, but it works on floats; put new ToTensor() before it",
      () => run(new transforms.Normalize([0], [1]), gray),
    ],
    [
      "Normalize: there are 3 means but the picture is 1 x 2 x 3; pass one, or one a channel",
      () =>
        run(new transforms.Compose([new transforms.ToTensor(), new transforms.Normalize([0, 0, 0], [1, 1, 1])]), gray),
    ],
  ])("%s", (message, act) => {
    expect(act).toThrow(message);
  });
});
