import { beforeAll, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { tensor } from "../create.ts";
import { setBackend } from "../device.ts";
import * as f from "./functions.ts";
import { counting, gradientErrors, numbers, sample } from "./testing.ts";

beforeAll(async () => setBackend(await reference()));

const near = (values: number[]) => values.map((v) => expect.closeTo(v, 5));
const x = () => counting([1, 1, 2, 3]);

test("as PyTorch: nearest, bilinear, with corners aligned", async () => {
  const size = [3, 4] as const;
  expect(await numbers(f.interpolate(x(), { size }))).toEqual([0, 0, 1, 2, 0, 0, 1, 2, 3, 3, 4, 5]);
  expect(await numbers(f.interpolate(x(), { size, mode: "bilinear" }))).toEqual(
    near([0, 0.625, 1.375, 2, 1.5, 2.125, 2.875, 3.5, 3, 3.625, 4.375, 5]),
  );
  expect(await numbers(f.interpolate(x(), { size, mode: "bilinear", alignCorners: true }))).toEqual(
    near([0, 2 / 3, 4 / 3, 2, 1.5, 2.166667, 2.833333, 3.5, 3, 3.666667, 4.333333, 5]),
  );
});

test("antialias averages all that an element covers, as PyTorch", async () => {
  const y = f.interpolate(f.square(counting([1, 1, 4, 6])), { size: [2, 3], mode: "bilinear", antialias: true });
  expect(await numbers(y)).toEqual(near([43.122449, 64.428571, 91.591837, 226.306122, 281.285714, 342.122449]));
});

test("scaleFactor rounds the size down, and one size for both sides", () => {
  expect(f.interpolate(counting([2, 5, 7]), { scaleFactor: 1.5 }).shape).toEqual([2, 7, 10]);
  expect(f.interpolate(x(), { scaleFactor: [2, 1] }).shape).toEqual([1, 1, 4, 3]);
  expect(f.interpolate(x(), { size: 4 }).shape).toEqual([1, 1, 4, 4]);
});

test("the same size is the same picture, infinities included", async () => {
  const picture = tensor([1, Number.POSITIVE_INFINITY, 3, 4], { shape: [1, 1, 2, 2] });
  expect(await numbers(f.interpolate(picture, { size: 2, mode: "bilinear" }))).toEqual([
    1,
    Number.POSITIVE_INFINITY,
    3,
    4,
  ]);
});

test.each<f.InterpolateOptions>([
  { size: [3, 5] },
  { size: [3, 5], mode: "bilinear" },
  { size: [2, 2], mode: "bilinear", antialias: true },
])("gradients of both orders: %o", async (options) => {
  const errors = await gradientErrors((t) => f.square(f.interpolate(t, options)), [sample([1, 2, 4, 3])]);
  for (const error of errors) expect(error).toBeLessThan(1e-6);
});

test.each<[f.InterpolateOptions, string]>([
  [{}, "interpolate: pass either size or scaleFactor, and not both"],
  [{ size: 2, scaleFactor: 2 }, "interpolate: pass either size or scaleFactor, and not both"],
  [{ scaleFactor: 0.1 }, "interpolate: scaleFactor [0.1,0.1] makes [0,0] of 2 x 3; use a larger factor"],
  [{ size: 0 }, "interpolate: size is 0; pass a whole number or [height, width], each at least 1"],
  [
    { size: 2, antialias: true },
    'interpolate: alignCorners and antialias mean nothing in mode "nearest"; use mode "bilinear"',
  ],
  [{ size: 2, mode: "cubic" as "nearest" }, 'interpolate: mode is "cubic"; use "nearest" or "bilinear"'],
])("%o is refused", (options, message) => {
  expect(() => f.interpolate(x(), options)).toThrow(message);
});
