// Convolution: the vectors of "Dive into Deep Learning" (chapter 7), every attribute against pad and slice, and the two adjoints.
import { describe, expect, it } from "vitest";
import { array, inner, noise, range, run, shaped, type Values } from "../testing.ts";

const plain = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 };
type Attrs = typeof plain;

/** floor((n + padding - dilation*(k-1) - 1) / stride) + 1 */
function outputSize(
  x: Values,
  w: Values,
  { stride, padding: [top, bottom, left, right], dilation }: Attrs,
): [number, number] {
  const size = (axis: 0 | 1, padding: number) =>
    Math.floor((x.shape[2 + axis] + padding - dilation[axis] * (w.shape[2 + axis] - 1) - 1) / stride[axis]) + 1;
  return [size(0, top + bottom), size(1, left + right)];
}
function conv2d(x: Values, w: Values, options: Partial<Attrs> = {}): Values {
  const attrs = { ...plain, ...options };
  const shape = [x.shape[0], w.shape[0], ...outputSize(x, w, attrs)];
  return run("conv2d", [x, w], { shape, dtype: x.dtype }, attrs);
}
const image = (rows: number[][]) => array([[rows]]);

describe("vectors of d2l", () => {
  it("corr2d", () => {
    const w = image([
      [0, 1],
      [2, 3],
    ]);
    expect(conv2d(range([1, 1, 3, 3]), w)).toMatchObject({ data: [19, 25, 37, 43], shape: [1, 1, 2, 2] });
  });
  it("finds vertical edges, and none in the transpose", () => {
    const row = [1, 1, 0, 0, 0, 0, 1, 1];
    const wide = image(Array.from({ length: 6 }, () => row));
    const found = conv2d(wide, image([[1, -1]]));
    expect(found.data.slice(0, 7)).toEqual([0, 1, 0, 0, 0, -1, 0]);
    const tall = image(row.map((v) => Array<number>(6).fill(v)));
    expect(conv2d(tall, image([[1, -1]])).data.every((v) => v === 0)).toBe(true);
  });
  it("adds over input channels, and has a kernel an output channel", () => {
    const x = array([
      [
        [
          [0, 1, 2],
          [3, 4, 5],
          [6, 7, 8],
        ],
        [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ],
      ],
    ]);
    const kernel = (add: number) => [
      [
        [0 + add, 1 + add],
        [2 + add, 3 + add],
      ],
      [
        [1 + add, 2 + add],
        [3 + add, 4 + add],
      ],
    ];
    expect(conv2d(x, array([kernel(0), kernel(1), kernel(2)])).data).toEqual([
      56, 72, 104, 120, 76, 100, 148, 172, 96, 128, 192, 224,
    ]);
  });
  it.each([
    [
      [3, 3],
      [1, 1, 1, 1],
      [1, 1],
      [8, 8],
    ],
    [
      [5, 3],
      [2, 2, 1, 1],
      [1, 1],
      [8, 8],
    ],
    [
      [3, 3],
      [1, 1, 1, 1],
      [2, 2],
      [4, 4],
    ],
    [
      [3, 5],
      [0, 0, 1, 1],
      [3, 4],
      [2, 2],
    ],
  ])("an 8x8 image under kernel %j, padding %j, stride %j is %j", (kernel, padding, stride, size) => {
    const ones = { ...range([1, 1, ...kernel]), data: Array<number>(kernel[0] * kernel[1]).fill(1) };
    const y = conv2d(range([1, 1, 8, 8]), ones, { padding, stride });
    expect(y.shape.slice(2)).toEqual(size);
    expect(y.data).toHaveLength(size[0] * size[1]);
  });
  it("a 1x1 kernel is a matmul over channels", () => {
    const [x, w] = [noise([1, 3, 2, 2], 1), noise([4, 3, 1, 1], 2)];
    const y = run(
      "matmul",
      [shaped(w.data, [4, 3], "float64"), shaped(x.data, [3, 4], "float64")],
      { shape: [4, 4], dtype: "float64" },
      { transposeX: false, transposeY: false },
    );
    expect(conv2d(x, w).data).toEqual(y.data);
  });
});

const settings: Attrs[] = [
  plain,
  { ...plain, stride: [2, 3] },
  { ...plain, padding: [1, 0, 2, 3] },
  { ...plain, dilation: [2, 3] },
  { stride: [2, 1], padding: [2, 1, 0, 1], dilation: [1, 2], groups: 2 },
  { stride: [3, 2], padding: [1, 1, 1, 1], dilation: [2, 1], groups: 4 },
];

describe.each(settings)("stride $stride padding $padding dilation $dilation groups $groups", (attrs) => {
  const { groups, stride, padding, dilation } = attrs;
  const x = noise([2, 4, 9, 8], 1);
  const w = noise([8, 4 / groups, 3, 2], 2);
  const y = conv2d(x, w, attrs);

  it("with a single 1 in the kernel is a strided slice of the padded image", () => {
    const [top, bottom, left, right] = padding;
    const padded = run(
      "pad",
      [x],
      { shape: [2, 4, 9 + top + bottom, 8 + left + right], dtype: "float64" },
      { before: [0, 0, top, left], interior: [0, 0, 0, 0] },
      [0],
    );
    for (const [o, c, p, q] of [
      [0, 0, 0, 0],
      [7, 4 / groups - 1, 2, 1],
      [4, 0, 1, 0],
    ]) {
      const one = w.data.map((_, i) => +(i === ((o * w.shape[1] + c) * 3 + p) * 2 + q));
      const channel = Math.floor((o * groups) / 8) * w.shape[1] + c;
      const chosen = run(
        "slice",
        [padded],
        { shape: [2, 1, y.shape[2], y.shape[3]], dtype: "float64" },
        { starts: [0, channel, p * dilation[0], q * dilation[1]], steps: [1, 1, ...stride] },
      );
      const all = conv2d(x, { ...w, data: one }, attrs);
      const ofO = run(
        "slice",
        [all],
        { shape: [2, 1, y.shape[2], y.shape[3]], dtype: "float64" },
        { starts: [0, o, 0, 0], steps: [1, 1, 1, 1] },
      );
      expect(ofO.data).toEqual(chosen.data);
    }
  });
  it("is linear in w", () => {
    const v = noise(w.shape, 3);
    const mixed = conv2d(x, { ...w, data: w.data.map((a, i) => 2 * a - 3 * v.data[i]) }, attrs);
    const other = conv2d(x, v, attrs);
    mixed.data.forEach((value, i) => expect(value).toBeCloseTo(2 * y.data[i] - 3 * other.data[i], 12));
  });
  it("has the adjoints: <conv2d(x,w),dy> = <x,gradInput(dy,w)> = <w,gradWeight(x,dy)>", () => {
    const dy = noise(y.shape, 4);
    const expected = inner(y, dy);
    expect(Math.abs(expected)).toBeGreaterThan(1e-3);
    expect(inner(x, run("conv2dGradInput", [dy, w], x, attrs))).toBeCloseTo(expected, 12);
    expect(inner(w, run("conv2dGradWeight", [x, dy], w, attrs))).toBeCloseTo(expected, 12);
  });
});

describe("for every image", () => {
  it("a shifted image gives a shifted result", () => {
    const w = noise([2, 1, 3, 3], 1);
    const x = noise([1, 1, 6, 7], 2);
    const moved = run(
      "pad",
      [x],
      { shape: [1, 1, 7, 9], dtype: "float64" },
      { before: [0, 0, 1, 2], interior: [0, 0, 0, 0] },
      [0],
    );
    const y = conv2d(x, w);
    const window = { starts: [0, 0, 1, 2], steps: [1, 1, 1, 1] };
    expect(run("slice", [conv2d(moved, w)], y, window).data).toEqual(y.data);
  });
  it("sums are float64, rounded once", () => {
    expect(conv2d(image([[1e8, 1, -1e8]]), image([[1, 1, 1]])).data).toEqual([1]);
    const x = image([[1e8, 1, -1e8]]);
    expect(
      run("conv2dGradWeight", [x, image([[1, 1, 1]])], { shape: [1, 1, 1, 1], dtype: "float32" }, plain).data,
    ).toEqual([1]);
  });
  it("padding adds no products: infinity in w beside the image leaves no NaN", () => {
    const y = conv2d(image([[1]]), image([[Infinity, 2]]), { padding: [0, 0, 1, 0] });
    expect(y.data).toEqual([2]);
  });
  it("NaN reaches the windows that hold it and no others", () => {
    expect(conv2d(image([[Number.NaN, 1, 1]]), image([[1, 1]])).data).toEqual([Number.NaN, 2]);
  });
  it("works on no images and no channels", () => {
    expect(conv2d(range([0, 1, 3, 3]), range([2, 1, 2, 2]))).toMatchObject({ data: [], shape: [0, 2, 2, 2] });
    expect(conv2d(range([1, 0, 2, 2]), range([1, 0, 2, 2])).data).toEqual([0]);
    expect(
      run(
        "conv2dGradWeight",
        [range([0, 1, 3, 3]), range([0, 2, 2, 2])],
        { shape: [2, 1, 2, 2], dtype: "float32" },
        plain,
      ).data,
    ).toEqual(Array(8).fill(0));
  });
});
