// DenseNet, a network of blocks that join their output to their input, for images of 96 x 96 pixels. Huang, Liu, van der
// Maaten & Weinberger, "Densely connected convolutional networks", CVPR 2017; as "Dive into Deep Learning" has it.
import { cat, nn, type Tensor } from "@lamina/core";
import { dividedBy, type ImageModelOptions, started } from "./options.ts";

const convBlock = (inChannels: number, channels: number): nn.Sequential =>
  new nn.Sequential(
    new nn.BatchNorm2d(inChannels),
    new nn.ReLU(),
    new nn.Conv2d(inChannels, channels, 3, { padding: 1 }),
  );

/** Each convolution sees the results of all before it: [N, C, H, W] → [N, C + convs·growth, H, W]. */
export class DenseBlock extends nn.Module {
  net: nn.Sequential;
  constructor(convs: number, inChannels: number, growth: number) {
    super();
    this.net = new nn.Sequential(
      ...Array.from({ length: convs }, (_, i) => convBlock(inChannels + i * growth, growth)),
    );
  }
  override forward(x: Tensor): Tensor {
    return this.net.children().reduce((y, conv) => cat([y, conv.forward(y)], 1), x);
  }
}
/** Between two blocks: [N, C, H, W] → [N, channels, H/2, W/2]. */
const transition = (inChannels: number, channels: number): nn.Sequential =>
  new nn.Sequential(
    new nn.BatchNorm2d(inChannels),
    new nn.ReLU(),
    new nn.Conv2d(inChannels, channels, 1),
    new nn.AvgPool2d(2, { stride: 2 }),
  );

const BLOCKS = 4;
const CONVS = 4;
const GROWTH = 32;

/** DenseNet: 758,226 parameters. x [N, 1, 96, 96] → logits [N, numClasses]. */
export function densenet({ numClasses = 10, inChannels = 1, ratio, init }: ImageModelOptions = {}): nn.Sequential {
  const c = dividedBy(ratio);
  let channels = c(64);
  const layers: nn.Module[] = [
    new nn.Sequential(
      new nn.Conv2d(inChannels, channels, 7, { stride: 2, padding: 3 }), // [N, 1, 96, 96] → [N, 64, 48, 48]
      new nn.BatchNorm2d(channels),
      new nn.ReLU(),
      new nn.MaxPool2d(3, { stride: 2, padding: 1 }), //                    [N, 64, 48, 48] → [N, 64, 24, 24]
    ),
  ];
  // channels: 64 → 192, 96 → 224, 112 → 240, 120 → 248; sides: 24, 12, 6, 3
  for (let i = 0; i < BLOCKS; i++) {
    layers.push(new DenseBlock(CONVS, channels, c(GROWTH)));
    channels += CONVS * c(GROWTH);
    if (i === BLOCKS - 1) break;
    const half = Math.floor(channels / 2);
    layers.push(transition(channels, half));
    channels = half;
  }
  const head = [new nn.GlobalAvgPool2d(), new nn.Flatten(), new nn.Linear(channels, numClasses)]; // [N, 248, 3, 3] → [N, 10]
  return started(new nn.Sequential(...layers, new nn.BatchNorm2d(channels), new nn.ReLU(), ...head), init);
}
