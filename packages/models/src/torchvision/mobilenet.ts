// torchvision's MobileNetV2. Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018.
import { add, nn, type Tensor } from "@lamina/core";
import { type DroppingOptions, heStart, smallStart, startEach } from "./options.ts";

interface StepOptions {
  readonly kernelSize?: number;
  readonly stride?: number;
  readonly groups?: number;
}
/** Convolution, normalisation, ReLU6. */
function step(inChannels: number, channels: number, { kernelSize = 3, stride = 1, groups = 1 }: StepOptions = {}) {
  const padding = (kernelSize - 1) / 2;
  return new nn.Sequential(
    new nn.Conv2d(inChannels, channels, kernelSize, { stride, padding, groups, bias: false }),
    new nn.BatchNorm2d(channels),
    new nn.ReLU6(),
  );
}

/** Widens, convolves each channel by itself, narrows without activation; skips where the shape stays: [N, C, H, W] → [N, channels, H/stride, W/stride]. */
class InvertedResidual extends nn.Module {
  conv: nn.Sequential;
  readonly skips: boolean;
  constructor(inChannels: number, channels: number, stride: number, expansion: number) {
    super();
    this.skips = stride === 1 && inChannels === channels;
    const hidden = inChannels * expansion;
    this.conv = new nn.Sequential(
      ...(expansion === 1 ? [] : [step(inChannels, hidden, { kernelSize: 1 })]),
      step(hidden, hidden, { stride, groups: hidden }),
      new nn.Conv2d(hidden, channels, 1, { bias: false }),
      new nn.BatchNorm2d(channels),
    );
  }
  override forward(x: Tensor): Tensor {
    const y = this.conv.forward(x);
    return this.skips ? add(x, y) : y;
  }
}

/** Table 2 of the paper: expansion, channels, how many, stride of the first. */
const blocks = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** To a multiple of 8, no more than a tenth less, as the authors' own code. */
function rounded(channels: number): number {
  const near = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return near < 0.9 * channels ? near + 8 : near;
}

export interface MobilenetOptions extends DroppingOptions {
  /** Multiplies the number of channels of every layer (default 1). */
  widthMult?: number;
}
/** MobileNetV2: 3,504,872 parameters. x [N, 3, H, W], sides of 224 in the paper → logits [N, numClasses]. */
export function mobilenet_v2({
  numClasses = 1000,
  dropout = 0.2,
  widthMult = 1,
}: MobilenetOptions = {}): nn.Sequential {
  let channels = rounded(32 * widthMult);
  const features = new nn.Sequential(step(3, channels, { stride: 2 })); // [N, 3, 224, 224] → [N, 32, 112, 112]
  for (const [expansion, c, count, stride] of blocks)
    for (let i = 0; i < count; i++) {
      const out = rounded(c * widthMult);
      features.append(new InvertedResidual(channels, out, i === 0 ? stride : 1, expansion));
      channels = out;
    }
  const last = rounded(1280 * Math.max(1, widthMult));
  features.append(step(channels, last, { kernelSize: 1 })); //             [N, 320, 7, 7] → [N, 1280, 7, 7]
  const net = new nn.Sequential({
    features,
    avgpool: new nn.AdaptiveAvgPool2d([1, 1]),
    flatten: new nn.Flatten(),
    classifier: new nn.Sequential(new nn.Dropout(dropout), new nn.Linear(last, numClasses)),
  });
  startEach(net, nn.Conv2d, heStart);
  startEach(net, nn.Linear, smallStart);
  return net;
}
