// Receptive fields against the support of gradients: where the derivative of one place of the result for the input is not 0.
import { beforeAll, describe, expect, test } from "vitest";
import { reference } from "../../../backend-reference/src/index.ts";
import { Parameter } from "../cell.ts";
import { setBackend } from "../device.ts";
import { grad } from "../grad.ts";
import {
  adaptiveAvgPool2d,
  add,
  cat,
  flip,
  interpolate,
  maxPool2d,
  mean,
  mul,
  pad,
  permute,
  sigmoid,
  slice,
  sum,
} from "../ops/functions.ts";
import { rand } from "../ops/random.ts";
import { narrow } from "../ops/slice.ts";
import type { Tensor } from "../tensor.ts";
import * as nn from "./index.ts";

beforeAll(async () => setBackend(await reference({ precision: "double" })));

class Net extends nn.Module {
  layers: nn.Module[];
  #run: (x: Tensor, ...layers: nn.Module[]) => Tensor;
  constructor(run: (x: Tensor, ...layers: nn.Module[]) => Tensor, ...layers: nn.Module[]) {
    super();
    this.layers = layers;
    this.#run = run;
  }
  override forward(x: Tensor): Tensor {
    return this.#run(x, ...this.layers);
  }
}
const conv = (kernelSize: number | [number, number], options: nn.ConvOptions = {}, channels = 2) =>
  new nn.Conv2d(2, channels, kernelSize, options);

/** Of several inputs, since the largest element of a window is only one of it. */
async function support(net: nn.Module, shape: number[], row: number, column: number): Promise<nn.Region | undefined> {
  const rows: number[] = [];
  const columns: number[] = [];
  for (let k = 0; k < 12; k++) {
    const x = new Parameter(rand(shape));
    const y = net.forward(x);
    const place = y.ndim === 4 ? narrow(narrow(y, 2, row, 1), 3, column, 1) : y;
    const [dx] = grad(sum(place), [x]);
    (await dx.data()).forEach((v, i) => {
      if (v === 0) return;
      columns.push(i % shape[3]);
      rows.push(Math.floor(i / shape[3]) % shape[2]);
    });
  }
  const span = (list: number[]): [number, number] => [Math.min(...list), Math.max(...list)];
  return rows.length ? { rows: span(rows), columns: span(columns) } : undefined;
}

const nets: [string, nn.Module, number[]?][] = [
  ["the notes' two convolutions of 3 x 3", new nn.Sequential(conv(3), conv(3))],
  [
    "padding and stride",
    new nn.Sequential(conv(5, { padding: 2, stride: 2 }), conv([3, 2], { stride: [2, 1], padding: 1 })),
  ],
  ["dilation", new nn.Sequential(conv(3, { dilation: [2, 3], padding: 2 }), conv(2))],
  [
    "average pools",
    new nn.Sequential(
      conv(3),
      new nn.AvgPool2d(2),
      conv(3, { padding: 1 }),
      new nn.AvgPool2d(3, { stride: 1, padding: 1 }),
    ),
  ],
  ["maximum pools", new nn.Sequential(conv(3), new nn.MaxPool2d(3, { stride: 2, padding: 1 }))],
  ["ceilMode", new nn.Sequential(conv(2), new nn.AvgPool2d(3, { stride: 2, ceilMode: true }))],
  [
    "asymmetric padding",
    new nn.Sequential(conv(2, { padding: [0, 1, 2, 0] }), conv(4, { padding: "same", stride: 3 })),
  ],
  [
    "transposed convolution",
    new nn.Sequential(conv(3, { stride: 2 }), new nn.ConvTranspose2d(2, 2, 3, { stride: 2, padding: 1 })),
  ],
  [
    "concatenation, as in Inception",
    new Net(
      (x, a, b, c, d) => cat([a.forward(x), b.forward(x), d.forward(c.forward(x))], 1),
      conv(1),
      conv(5, { padding: 2 }),
      new nn.AvgPool2d(3, { stride: 1, padding: 1 }),
      conv(1),
    ),
  ],
  [
    "a skip, as in ResNet",
    new Net(
      (x, a, b, c) => add(b.forward(a.forward(x)), c.forward(x)),
      conv(3, { stride: 2, padding: 1 }),
      conv(3, { padding: 1 }),
      conv(1, { stride: 2 }),
    ),
  ],
  ["a gate of all places", new Net((x, a) => mul(a.forward(x), sigmoid(mean(x, [2, 3], { keepDim: true }))), conv(3))],
  ["adaptive pooling that does not divide", new Net((x, a) => adaptiveAvgPool2d(a.forward(x), [3, 4]), conv(2))],
  [
    "parts, borders and turns",
    new Net((x, a) => a.forward(flip(pad(slice(x, 2, 1, 9, 2), [2, 1, 0, 1]), [3])), conv(2)),
  ],
  [
    "axes in another order",
    new Net((x, a) => permute(a.forward(permute(x, [0, 1, 3, 2])), [0, 1, 3, 2]), conv([3, 1])),
  ],
  ["fully connected", new nn.Sequential(conv(3), new nn.Flatten(), new nn.LazyLinear(3))],
];
describe("what a place sees is where its gradient is not 0", () => {
  test.each(nets)("%s", async (_, net) => {
    const shape = [1, 2, 11, 12];
    net.forward(rand(shape)); // a lazy layer takes its size
    const field = nn.receptiveField(net, shape).at(-1)!;
    const [h, w] = field.output.length === 4 ? field.output.slice(2) : [1, 1];
    for (const [row, column] of [
      [0, 0],
      [h >> 1, w >> 1],
      [h - 1, w - 1],
      [0, w - 1],
    ])
      expect(field.at(row, column), `at ${row}, ${column}`).toEqual(await support(net, shape, row, column));
  });
  test("upsampling is not followed: all of the image is named, which is no less than what is seen", () => {
    const net = new Net((x) => interpolate(x, { scaleFactor: 2 }));
    expect(nn.receptiveField(net, [1, 2, 4, 4]).at(-1)!.at(0, 0)).toEqual({ rows: [0, 3], columns: [0, 3] });
  });
});
describe("size, stride and offset", () => {
  test("the field of an inner place is offset + stride·i, size long", () => {
    const net = new nn.Sequential(conv(3, { stride: 2, padding: 1 }), new nn.MaxPool2d(2), conv(3, { padding: 1 }));
    const fields = nn.receptiveField(net, [1, 2, 64, 64]);
    expect(fields.map(({ name, size, stride, offset }) => [name, size[0], stride[0], offset[0]])).toEqual([
      ["0", 3, 2, -1],
      ["1", 5, 4, -1],
      ["2", 13, 4, -5],
      ["", 13, 4, -5],
    ]);
    expect(fields[2].at(7, 8)).toEqual({ rows: [-5 + 4 * 7, -5 + 4 * 7 + 12], columns: [-5 + 4 * 8, -5 + 4 * 8 + 12] });
    expect(fields[2].at(0, 0)).toEqual({ rows: [0, 7], columns: [0, 7] });
  });
  test("the notes: 5 x 5 after two convolutions of 3 x 3", () => {
    expect(nn.receptiveField(new nn.Sequential(conv(3), conv(3)), [1, 2, 5, 5]).at(-1)).toMatchObject({
      size: [5, 5],
      stride: [1, 1],
      offset: [0, 0],
    });
  });
  test("branches: what either sees", () => {
    const net = new Net(
      (x, a, b) => cat([maxPool2d(x, { kernelSize: 3, stride: 1, padding: 1 }), a.forward(x), b.forward(x)], 1),
      conv(5, { padding: 2 }),
      conv(1),
    );
    expect(nn.receptiveField(net, [1, 2, 9, 9]).at(-1)).toMatchObject({
      size: [5, 5],
      stride: [1, 1],
      offset: [-2, -2],
    });
  });
  test("errors", () => {
    expect(() => nn.receptiveField(new nn.Linear(3, 4), [1, 3])).toThrow(
      "receptiveField: the input is [1,3], but only images have receptive fields; pass [batch, channels, height, width]",
    );
    expect(() => nn.receptiveField(conv(3), [1, 2, 5, 5])[0].at(3, 0)).toThrow(
      "receptiveField: row 3 is outside the result, which has 3; use 0 to 2",
    );
  });
});
