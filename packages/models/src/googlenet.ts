// GoogLeNet, a network of Inception blocks, for images of 96 x 96 pixels. Szegedy et al., "Going deeper with convolutions",
// CVPR 2015; without the auxiliary heads, as "Dive into Deep Learning" has it.
import { cat, nn, relu, type Tensor } from "@lamina/core";
import { dividedBy, type ImageModelOptions, started } from "./options.ts";

/** Output channels of the four paths; the second and third narrow their input first. */
type Paths = readonly [c1: number, c2: readonly [number, number], c3: readonly [number, number], c4: number];

/** Four paths beside each other, joined along the channels: [N, inC, H, W] → [N, c1 + c2[1] + c3[1] + c4, H, W]. */
export class Inception extends nn.Module {
  p1_1: nn.Conv2d;
  p2_1: nn.Conv2d;
  p2_2: nn.Conv2d;
  p3_1: nn.Conv2d;
  p3_2: nn.Conv2d;
  p4_1: nn.MaxPool2d;
  p4_2: nn.Conv2d;
  constructor(inC: number, ...[c1, c2, c3, c4]: Paths) {
    super();
    // path 1: 1 x 1
    this.p1_1 = new nn.Conv2d(inC, c1, 1);
    // path 2: 1 x 1, then 3 x 3
    this.p2_1 = new nn.Conv2d(inC, c2[0], 1);
    this.p2_2 = new nn.Conv2d(c2[0], c2[1], 3, { padding: 1 });
    // path 3: 1 x 1, then 5 x 5
    this.p3_1 = new nn.Conv2d(inC, c3[0], 1);
    this.p3_2 = new nn.Conv2d(c3[0], c3[1], 5, { padding: 2 });
    // path 4: the largest of 3 x 3, then 1 x 1
    this.p4_1 = new nn.MaxPool2d(3, { stride: 1, padding: 1 });
    this.p4_2 = new nn.Conv2d(inC, c4, 1);
  }
  override forward(x: Tensor): Tensor {
    const p1 = relu(this.p1_1.forward(x));
    const p2 = relu(this.p2_2.forward(relu(this.p2_1.forward(x))));
    const p3 = relu(this.p3_2.forward(relu(this.p3_1.forward(x))));
    const p4 = relu(this.p4_2.forward(this.p4_1.forward(x)));
    return cat([p1, p2, p3, p4], 1);
  }
}

const stage3: Paths[] = [
  [64, [96, 128], [16, 32], 32], //      → 256 channels
  [128, [128, 192], [32, 96], 64], //    → 480
];
const stage4: Paths[] = [
  [192, [96, 208], [16, 48], 64], //     → 512
  [160, [112, 224], [24, 64], 64], //    → 512
  [128, [128, 256], [24, 64], 64], //    → 512
  [112, [144, 288], [32, 64], 64], //    → 528
  [256, [160, 320], [32, 128], 128], //  → 832
];
const stage5: Paths[] = [
  [256, [160, 320], [32, 128], 128], //  → 832
  [384, [192, 384], [48, 128], 128], //  → 1024
];
const widthOf = ([c1, [, c2], [, c3], c4]: Paths): number => c1 + c2 + c3 + c4;
const lastWidth = (stage: readonly Paths[]): number => widthOf(stage[stage.length - 1]);

const inceptions = (inC: number, stage: readonly Paths[]): Inception[] =>
  stage.map((paths, i) => new Inception(i === 0 ? inC : widthOf(stage[i - 1]), ...paths));
const pool = () => new nn.MaxPool2d(3, { stride: 2, padding: 1 });

/** What both editions have in common; `relus` says whether there are any in the second stage. */
function stages({ inChannels = 1, ratio }: ImageModelOptions, relus: boolean) {
  const c = dividedBy(ratio);
  const divided = ([c1, c2, c3, c4]: Paths): Paths => [c(c1), [c(c2[0]), c(c2[1])], [c(c3[0]), c(c3[1])], c(c4)];
  const [three, four, five] = [stage3, stage4, stage5].map((stage) => stage.map(divided));
  const relu2 = () => (relus ? [new nn.ReLU()] : []);
  // [N, 1, 96, 96] → [N, 64, 24, 24]
  const b1 = new nn.Sequential(new nn.Conv2d(inChannels, c(64), 7, { stride: 2, padding: 3 }), new nn.ReLU(), pool());
  // [N, 64, 24, 24] → [N, 192, 12, 12]
  const b2 = new nn.Sequential(
    new nn.Conv2d(c(64), c(64), 1),
    ...relu2(),
    new nn.Conv2d(c(64), c(192), 3, { padding: 1 }),
    ...relu2(),
    pool(),
  );
  // [N, 192, 12, 12] → [N, 480, 6, 6]
  const b3 = new nn.Sequential(...inceptions(c(192), three), pool());
  // [N, 480, 6, 6] → [N, 832, 3, 3]
  const b4 = new nn.Sequential(...inceptions(lastWidth(three), four), pool());
  // [N, 832, 3, 3] → [N, 1024, 1, 1]
  const b5 = new nn.Sequential(...inceptions(lastWidth(four), five), new nn.GlobalAvgPool2d());
  return { blocks: [b1, b2, b3, b4, b5], width: lastWidth(five) };
}

/** GoogLeNet: 5,977,530 parameters. x [N, 1, 96, 96] → logits [N, numClasses]. */
export function googlenet(options: ImageModelOptions = {}): nn.Sequential {
  const { blocks, width } = stages(options, true);
  blocks[4].append(new nn.Flatten()); // as the book: [N, 1024, 1, 1] → [N, 1024] inside the last stage
  return started(new nn.Sequential(...blocks, new nn.Linear(width, options.numClasses ?? 10)), options.init);
}

/**
 * GoogLeNet as the study notes and the book's first PyTorch edition wrote it: no ReLUs in the second stage, Flatten as a layer
 * of the network, PyTorch's start. It has as many parameters.
 */
export function olderGooglenet(options: ImageModelOptions = {}): nn.Sequential {
  const { blocks, width } = stages(options, false);
  const head = [new nn.Flatten(), new nn.Linear(width, options.numClasses ?? 10)];
  return started(new nn.Sequential(...blocks, ...head), options.init ?? "default");
}
