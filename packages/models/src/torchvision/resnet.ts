// torchvision's ResNet-18, -34 and -50. He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016; the
// stride of ResNet-50's blocks is in their 3 x 3 convolution ("version 1.5").
import { add, nn, relu, type Tensor } from "@lamina/core";
import { heStart, startEach, type TorchvisionOptions } from "./options.ts";

const conv = (inChannels: number, channels: number, kernelSize: number, stride = 1): nn.Conv2d =>
  new nn.Conv2d(inChannels, channels, kernelSize, { stride, padding: (kernelSize - 1) / 2, bias: false });

/** A 1 x 1 convolution for the skip, where the shape changes. */
const shortcut = (inChannels: number, channels: number, stride: number): nn.Sequential | undefined =>
  stride === 1 && inChannels === channels
    ? undefined
    : new nn.Sequential(conv(inChannels, channels, 1, stride), new nn.BatchNorm2d(channels));

/** Two convolutions and a skip: [N, C, H, W] → [N, channels, H/stride, W/stride]. */
class BasicBlock extends nn.Module {
  static readonly expansion = 1;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  downsample: nn.Sequential | undefined;
  constructor(inChannels: number, channels: number, stride: number) {
    super();
    this.conv1 = conv(inChannels, channels, 3, stride);
    this.bn1 = new nn.BatchNorm2d(channels);
    this.conv2 = conv(channels, channels, 3);
    this.bn2 = new nn.BatchNorm2d(channels);
    this.downsample = shortcut(inChannels, channels, stride);
  }
  override forward(x: Tensor): Tensor {
    const inner = relu(this.bn1.forward(this.conv1.forward(x)));
    const y = this.bn2.forward(this.conv2.forward(inner));
    return relu(add(y, this.downsample?.forward(x) ?? x));
  }
}
/** A convolution between two of 1 x 1, and a skip: [N, C, H, W] → [N, 4·channels, H/stride, W/stride]. */
class Bottleneck extends nn.Module {
  static readonly expansion = 4;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  conv3: nn.Conv2d;
  bn3: nn.BatchNorm2d;
  downsample: nn.Sequential | undefined;
  constructor(inChannels: number, channels: number, stride: number) {
    super();
    const out = 4 * channels;
    this.conv1 = conv(inChannels, channels, 1);
    this.bn1 = new nn.BatchNorm2d(channels);
    this.conv2 = conv(channels, channels, 3, stride);
    this.bn2 = new nn.BatchNorm2d(channels);
    this.conv3 = conv(channels, out, 1);
    this.bn3 = new nn.BatchNorm2d(out);
    this.downsample = shortcut(inChannels, out, stride);
  }
  override forward(x: Tensor): Tensor {
    const first = relu(this.bn1.forward(this.conv1.forward(x)));
    const second = relu(this.bn2.forward(this.conv2.forward(first)));
    const y = this.bn3.forward(this.conv3.forward(second));
    return relu(add(y, this.downsample?.forward(x) ?? x));
  }
}
type Block = typeof BasicBlock | typeof Bottleneck;

function stage(Kind: Block, count: number, inChannels: number, channels: number, stride: number): nn.Sequential {
  const out = channels * Kind.expansion;
  return new nn.Sequential(
    ...Array.from({ length: count }, (_, i) => new Kind(i === 0 ? inChannels : out, channels, i === 0 ? stride : 1)),
  );
}
const resnet =
  (Kind: Block, counts: readonly [number, number, number, number]) =>
  ({ numClasses = 1000 }: TorchvisionOptions = {}): nn.Sequential => {
    const e = Kind.expansion;
    const net = new nn.Sequential({
      conv1: conv(3, 64, 7, 2), //                                       [N, 3, 224, 224] → [N, 64, 112, 112]
      bn1: new nn.BatchNorm2d(64),
      relu: new nn.ReLU(),
      maxpool: new nn.MaxPool2d(3, { stride: 2, padding: 1 }), //        [N, 64, 112, 112] → [N, 64, 56, 56]
      layer1: stage(Kind, counts[0], 64, 64, 1), //                      [N, 64, 56, 56] → [N, 64·e, 56, 56]
      layer2: stage(Kind, counts[1], 64 * e, 128, 2), //                 → [N, 128·e, 28, 28]
      layer3: stage(Kind, counts[2], 128 * e, 256, 2), //                → [N, 256·e, 14, 14]
      layer4: stage(Kind, counts[3], 256 * e, 512, 2), //                → [N, 512·e, 7, 7]
      avgpool: new nn.AdaptiveAvgPool2d([1, 1]),
      flatten: new nn.Flatten(),
      fc: new nn.Linear(512 * e, numClasses),
    });
    startEach(net, nn.Conv2d, heStart);
    return net;
  };

/** ResNet-18: 11,689,512 parameters. x [N, 3, H, W], sides of 224 in the paper → logits [N, numClasses]. */
export const resnet18 = resnet(BasicBlock, [2, 2, 2, 2]);
/** ResNet-34: 21,797,672 parameters. */
export const resnet34 = resnet(BasicBlock, [3, 4, 6, 3]);
/** ResNet-50: 25,557,032 parameters. */
export const resnet50 = resnet(Bottleneck, [3, 4, 6, 3]);
