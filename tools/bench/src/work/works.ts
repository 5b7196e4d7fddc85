// The work that is timed, as a table. A contender does each piece in its own way, with the same shapes and numbers.
import { type Network, networks } from "./networks.ts";

export interface Train {
  readonly kind: "train";
  readonly id: string;
  readonly network: string;
  readonly batch: number;
  readonly optimizer: "SGD" | "Adam";
  readonly lr: number;
}
export interface Forward {
  readonly kind: "forward";
  readonly id: string;
  readonly network: string;
  readonly batch: number;
}
/** One op, from tensors that are there to a tensor that is there. Images are [n, c, h, h]; NHWC where a contender keeps them so. */
export type Op =
  | { readonly op: "matmul"; readonly m: number; readonly k: number; readonly n: number }
  | (Image & Window & { readonly op: "conv2d"; readonly out: number; readonly groups?: number })
  /** With the gradients of input, weight and bias. */
  | (Image & Window & { readonly op: "conv2dAndGrads"; readonly out: number; readonly groups?: number })
  | (Image & Window & { readonly op: "maxPool2d" | "avgPool2d" })
  /** With the statistics of the batch. */
  | (Image & { readonly op: "batchNorm" })
  | { readonly op: "softmax"; readonly rows: number; readonly columns: number }
  /** One update of as many parameters. */
  | { readonly op: "adam"; readonly count: number };
interface Image {
  readonly n: number;
  readonly c: number;
  readonly h: number;
}
interface Window {
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}
export type Single = Op & { readonly kind: "op"; readonly id: string };
export type Work = Train | Forward | Single;

const shapes: readonly (readonly [network: string, batch: number, optimizer: "SGD" | "Adam", lr: number])[] = [
  ["lenet", 256, "SGD", 0.5],
  ["vgg6", 32, "Adam", 0.001],
  ["alexnet", 8, "SGD", 0.01],
  ["vgg11/4", 8, "SGD", 0.01],
  ["nin", 8, "SGD", 0.01],
  ["googlenet", 16, "SGD", 0.01],
  ["resnet18", 16, "SGD", 0.01],
];
const trainings = shapes.map(
  ([network, batch, optimizer, lr]): Train => ({
    kind: "train",
    id: `${network} step b${batch} ${optimizer}`,
    network,
    batch,
    optimizer,
    lr,
  }),
);
const forwards = shapes.map(
  ([network]): Forward => ({ kind: "forward", id: `${network} forward b1`, network, batch: 1 }),
);

/** "8x64x56" is a batch of 8 images with 64 channels of 56 x 56. */
function image(text: string): Image {
  const [n, c, h] = text.split("x").map(Number);
  return { n, c, h };
}
const same3x3 = [
  "1x64x112",
  "1x64x56",
  "1x128x56",
  "1x128x28",
  "1x256x28",
  "1x256x14",
  "8x64x56",
  "8x128x28",
  "8x256x14",
];
const singles: Readonly<Record<string, Op>> = {
  "matmul 512x512x512": { op: "matmul", m: 512, k: 512, n: 512 },
  ...Object.fromEntries(
    same3x3.map((text) => {
      const { c, ...rest } = image(text);
      return [`conv2d 3x3 ${text}`, { op: "conv2d", ...rest, c, out: c, kernel: 3, padding: 1 } as const];
    }),
  ),
  "conv2d 1x1 8x256x26": { op: "conv2d", ...image("8x256x26"), out: 256, kernel: 1 },
  "conv2d 5x5 8x96x26 to 256": { op: "conv2d", ...image("8x96x26"), out: 256, kernel: 5, padding: 2 },
  "conv2d 7x7/2 8x3x112 to 64": { op: "conv2d", ...image("8x3x112"), out: 64, kernel: 7, stride: 2, padding: 3 },
  "conv2d 11x11/4 8x1x224 to 96": { op: "conv2d", ...image("8x1x224"), out: 96, kernel: 11, stride: 4, padding: 1 },
  "depthwise 3x3 8x128x28": { op: "conv2d", ...image("8x128x28"), out: 128, kernel: 3, padding: 1, groups: 128 },
  "conv2d 3x3 with gradients 8x128x28": {
    op: "conv2dAndGrads",
    ...image("8x128x28"),
    out: 128,
    kernel: 3,
    padding: 1,
  },
  "max pool 3x3/2 8x96x54": { op: "maxPool2d", ...image("8x96x54"), kernel: 3, stride: 2 },
  "average pool 2x2/2 256x6x28": { op: "avgPool2d", ...image("256x6x28"), kernel: 2, stride: 2 },
  "batch norm 32x64x28": { op: "batchNorm", ...image("32x64x28") },
  "softmax 4096x1000": { op: "softmax", rows: 4096, columns: 1000 },
  "Adam 1,000,000": { op: "adam", count: 1_000_000 },
};
export const works: readonly Work[] = [
  ...trainings,
  ...forwards,
  ...Object.entries(singles).map(([id, op]): Single => ({ kind: "op", id, ...op })),
];

/** The least that a piece of work takes: operations as its definition counts them, and bytes that must be read or written once. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}
const outSize = ({ h, kernel, stride = 1, padding = 0 }: Image & Window): number =>
  Math.floor((h + 2 * padding - kernel) / stride) + 1;
const floats = (...counts: readonly number[]): number => 4 * counts.reduce((a, b) => a + b);

export function costOf(work: Work): Cost {
  if (work.kind === "op") return costOfOp(work);
  const network: Network = networks[work.network];
  const input = network.input[0] * network.input[1] * network.input[2] * work.batch;
  const forward = 2 * network.macs * work.batch;
  if (work.kind === "forward") return { flops: forward, bytes: floats(network.parameters, input) };
  // forward, gradient of the weights, gradient of the input; parameters are read and written, Adam's two means as well
  const arrays = work.optimizer === "Adam" ? 6 : 2;
  const flops = 3 * forward - 2 * network.firstMacs * work.batch;
  return { flops, bytes: floats(arrays * network.parameters, input) };
}
function costOfOp(op: Op): Cost {
  switch (op.op) {
    case "matmul":
      return { flops: 2 * op.m * op.k * op.n, bytes: floats(op.m * op.k, op.k * op.n, op.m * op.n) };
    case "conv2d":
    case "conv2dAndGrads": {
      const weights = (op.out * op.c * op.kernel ** 2) / (op.groups ?? 1);
      const outputs = op.n * op.out * outSize(op) ** 2;
      const inputs = op.n * op.c * op.h ** 2;
      const passes = op.op === "conv2d" ? 1 : 3;
      const flops = (2 * passes * outputs * weights) / op.out;
      return {
        flops,
        bytes: passes === 1 ? floats(inputs, weights, outputs) : floats(2 * inputs, 2 * weights, 2 * outputs),
      };
    }
    case "maxPool2d":
    case "avgPool2d":
      return { flops: 0, bytes: floats(op.n * op.c * op.h ** 2, op.n * op.c * outSize(op) ** 2) };
    case "batchNorm":
      return { flops: 0, bytes: floats(2 * op.n * op.c * op.h ** 2) };
    case "softmax":
      return { flops: 0, bytes: floats(2 * op.rows * op.columns) };
    case "adam":
      return { flops: 0, bytes: floats(7 * op.count) };
  }
}
