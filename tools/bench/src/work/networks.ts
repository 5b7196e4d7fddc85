// The networks that are timed, as data that every contender builds from: the shapes of ACCEPTANCE 4.2 ("Dive into Deep Learning"),
// and a small VGG for pictures of CIFAR's size. Each layer with weights says how they start, so that all compute the same numbers.

/** Where a layer's weights come from: see numbers.ts. */
interface Start {
  /** Of the weights; the bias takes the next one. */
  readonly seed: number;
  /** Weights are uniform between minus this and this: Xavier's. */
  readonly bound: number;
  /** Likewise biases: 1/√fanIn, as PyTorch. */
  readonly biasBound: number;
}
export interface Conv2d {
  readonly type: "conv2d";
  readonly in: number;
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}
export interface Linear {
  readonly type: "linear";
  readonly in: number;
  readonly out: number;
  /** Channels, height and width of the image that was flattened before it: who keeps channels last has them in another order. */
  readonly image?: Size;
}
export interface Pool2d {
  readonly type: "maxPool2d" | "avgPool2d";
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}
type Plain =
  | Pool2d
  | { readonly type: "batchNorm2d"; readonly channels: number }
  | { readonly type: "relu" | "sigmoid" | "globalAvgPool2d" | "flatten" }
  | { readonly type: "dropout"; readonly p: number };
/** Ways beside each other: joined along the channels, or relu(the sum of both). */
interface Ways<L> {
  readonly type: "branches" | "residual";
  readonly ways: readonly (readonly L[])[];
}
type Draft = Conv2d | Linear | Plain | Ways<Draft>;
export type Layer = (Conv2d & Start) | (Linear & Start) | Plain | Ways<Layer>;
/** Channels, height, width. */
export type Size = readonly [number, number, number];

export interface Network {
  readonly name: string;
  readonly input: Size;
  readonly layers: readonly Layer[];
  /** Numbers that are trained. */
  readonly parameters: number;
  /** Multiplications of one image forward, each with an addition: convolutions and linear layers. */
  readonly macs: number;
  /** Of those, the first layer's: nobody asks for the gradient of its input. */
  readonly firstMacs: number;
}

const conv = (from: number, out: number, kernel: number, stride = 1, padding = 0): Draft => ({
  type: "conv2d",
  in: from,
  out,
  kernel,
  stride,
  padding,
});
const relu: Draft = { type: "relu" };
const sigmoid: Draft = { type: "sigmoid" };
const flatten: Draft = { type: "flatten" };
const average: Draft[] = [{ type: "globalAvgPool2d" }, flatten];
const maxPool = (kernel: number, stride: number, padding = 0): Draft => ({
  type: "maxPool2d",
  kernel,
  stride,
  padding,
});
const avgPool: Draft = { type: "avgPool2d", kernel: 2, stride: 2, padding: 0 };
const linear = (from: number, out: number): Draft => ({ type: "linear", in: from, out });
const dropout: Draft = { type: "dropout", p: 0.5 };
const norm = (channels: number): Draft => ({ type: "batchNorm2d", channels });
const convRelu = (...args: Parameters<typeof conv>): Draft[] => [conv(...args), relu];

const lenet: Draft[] = [
  ...[conv(1, 6, 5, 1, 2), sigmoid, avgPool, conv(6, 16, 5), sigmoid, avgPool, flatten],
  ...[linear(400, 120), sigmoid, linear(120, 84), sigmoid, linear(84, 10)],
];
/** Blocks of 3x3 convolutions, each with a pooling that halves the image. */
const vggBlocks = (input: number, blocks: readonly (readonly [convs: number, channels: number])[]): Draft[] =>
  blocks.flatMap(([convs, channels], i) => [
    ...Array.from({ length: convs }, (_, j) =>
      convRelu(j > 0 ? channels : i > 0 ? blocks[i - 1][1] : input, channels, 3, 1, 1),
    ).flat(),
    maxPool(2, 2),
  ]);
const vgg6: Draft[] = [
  ...vggBlocks(3, [
    [2, 32],
    [2, 64],
    [2, 128],
  ]),
  flatten,
  linear(128 * 16, 10),
];
const classifier = (features: number): Draft[] => [
  ...[flatten, linear(features, 4096), relu, dropout, linear(4096, 4096), relu, dropout, linear(4096, 10)],
];
const alexnet: Draft[] = [
  ...[...convRelu(1, 96, 11, 4, 1), maxPool(3, 2), ...convRelu(96, 256, 5, 1, 2), maxPool(3, 2)],
  ...[...convRelu(256, 384, 3, 1, 1), ...convRelu(384, 384, 3, 1, 1), ...convRelu(384, 256, 3, 1, 1), maxPool(3, 2)],
  ...classifier(6400),
];
const vgg11: Draft[] = [
  ...vggBlocks(1, [
    [1, 16],
    [1, 32],
    [2, 64],
    [2, 128],
    [2, 128],
  ]),
  ...classifier(128 * 49),
];
const ninBlock = (from: number, out: number, kernel: number, stride: number, padding: number): Draft[] => [
  ...convRelu(from, out, kernel, stride, padding),
  ...convRelu(out, out, 1),
  ...convRelu(out, out, 1),
];
const nin: Draft[] = [
  ...[...ninBlock(1, 96, 11, 4, 0), maxPool(3, 2), ...ninBlock(96, 256, 5, 1, 2), maxPool(3, 2)],
  ...[...ninBlock(256, 384, 3, 1, 1), maxPool(3, 2), dropout, ...ninBlock(384, 10, 3, 1, 1), ...average],
];
type Paths = readonly [c1: number, c2: readonly [number, number], c3: readonly [number, number], c4: number];
const inception = (from: number, [c1, c2, c3, c4]: Paths): Draft => ({
  type: "branches",
  ways: [
    convRelu(from, c1, 1),
    [...convRelu(from, c2[0], 1), ...convRelu(c2[0], c2[1], 3, 1, 1)],
    [...convRelu(from, c3[0], 1), ...convRelu(c3[0], c3[1], 5, 1, 2)],
    [maxPool(3, 1, 1), ...convRelu(from, c4, 1)],
  ],
});
const googlenet: Draft[] = [
  ...[...convRelu(1, 64, 7, 2, 3), maxPool(3, 2, 1)],
  ...[...convRelu(64, 64, 1), ...convRelu(64, 192, 3, 1, 1), maxPool(3, 2, 1)],
  ...[inception(192, [64, [96, 128], [16, 32], 32]), inception(256, [128, [128, 192], [32, 96], 64]), maxPool(3, 2, 1)],
  ...[inception(480, [192, [96, 208], [16, 48], 64]), inception(512, [160, [112, 224], [24, 64], 64])],
  ...[inception(512, [128, [128, 256], [24, 64], 64]), inception(512, [112, [144, 288], [32, 64], 64])],
  ...[inception(528, [256, [160, 320], [32, 128], 128]), maxPool(3, 2, 1)],
  ...[inception(832, [256, [160, 320], [32, 128], 128]), inception(832, [384, [192, 384], [48, 128], 128])],
  ...[...average, linear(1024, 10)],
];
const residual = (from: number, out: number, stride = 1): Draft => ({
  type: "residual",
  ways: [
    [conv(from, out, 3, stride, 1), norm(out), relu, conv(out, out, 3, 1, 1), norm(out)],
    stride === 1 ? [] : [conv(from, out, 1, stride)],
  ],
});
const resnet18: Draft[] = [
  ...[conv(1, 64, 7, 2, 3), norm(64), relu, maxPool(3, 2, 1)],
  ...[residual(64, 64), residual(64, 64), residual(64, 128, 2), residual(128, 128)],
  ...[residual(128, 256, 2), residual(256, 256), residual(256, 512, 2), residual(512, 512)],
  ...[...average, linear(512, 10)],
];

const windows = (n: number, { kernel, stride, padding }: Conv2d | Pool2d): number =>
  Math.floor((n + 2 * padding - kernel) / stride) + 1;

/** Adds to a draft what follows from it: seeds and bounds of the weights, and how much there is to compute. */
function network(name: string, input: Size, draft: readonly Draft[]): Network {
  let seed = 1;
  let parameters = 0;
  const macs: number[] = [];
  const layer = (d: Draft, size: Size): [Layer, Size] => {
    const [c, h, w] = size;
    if ("ways" in d) {
      const ways = d.ways.map((way) => chain(way, size));
      const [, last] = ways[0];
      const channels = d.type === "branches" ? ways.reduce((sum, [, [n]]) => sum + n, 0) : last[0];
      return [{ type: d.type, ways: ways.map(([layers]) => layers) }, [channels, last[1], last[2]]];
    }
    if (d.type === "conv2d" || d.type === "linear") {
      const area = d.type === "conv2d" ? d.kernel ** 2 : 1;
      const out: Size = d.type === "conv2d" ? [d.out, windows(h, d), windows(w, d)] : [d.out, 1, 1];
      const start = { seed, bound: Math.sqrt(6 / (area * (d.in + d.out))), biasBound: 1 / Math.sqrt(area * d.in) };
      seed += 2;
      parameters += d.in * d.out * area + d.out;
      macs.push(d.in * area * out[0] * out[1] * out[2]);
      return [d.type === "linear" && h * w > 1 ? { ...d, ...start, image: size } : { ...d, ...start }, out];
    }
    if (d.type === "batchNorm2d") parameters += 2 * d.channels;
    if (d.type === "globalAvgPool2d") return [d, [c, 1, 1]];
    return [d, d.type === "maxPool2d" || d.type === "avgPool2d" ? [c, windows(h, d), windows(w, d)] : size];
  };
  const chain = (drafts: readonly Draft[], from: Size): [Layer[], Size] => {
    let size = from;
    const layers = drafts.map((d) => {
      const [made, next] = layer(d, size);
      size = next;
      return made;
    });
    return [layers, size];
  };
  const [layers] = chain(draft, input);
  return { name, input, layers, parameters, macs: macs.reduce((a, b) => a + b), firstMacs: macs[0] };
}

const all = [
  network("lenet", [1, 28, 28], lenet),
  network("vgg6", [3, 32, 32], vgg6),
  network("alexnet", [1, 224, 224], alexnet),
  network("vgg11/4", [1, 224, 224], vgg11),
  network("nin", [1, 224, 224], nin),
  network("googlenet", [1, 96, 96], googlenet),
  network("resnet18", [1, 96, 96], resnet18),
];
export const networks: Readonly<Record<string, Network>> = Object.fromEntries(all.map((n) => [n.name, n]));
