// ResNet-18, a network of blocks that add to their input, for images of 96 x 96 pixels. He, Zhang, Ren & Sun, "Deep residual
// learning for image recognition", CVPR 2016; in the form of "Dive into Deep Learning": biases kept, no normalisation of the skips.
import { add, nn, relu, type Tensor } from "@lamina/core";
import { dividedBy, type ImageModelOptions, started } from "./options.ts";

/** relu(F(x) + x), with x through a 1 x 1 convolution where the shape changes: [N, C, H, W] → [N, channels, H/stride, W/stride]. */
export class Residual extends nn.Module {
  conv1: nn.Conv2d;
  conv2: nn.Conv2d;
  conv3: nn.Conv2d | undefined;
  bn1: nn.BatchNorm2d;
  bn2: nn.BatchNorm2d;
  constructor(inChannels: number, channels: number, stride = 1) {
    super();
    this.conv1 = new nn.Conv2d(inChannels, channels, 3, { padding: 1, stride });
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: 1 });
    this.conv3 = stride === 1 ? undefined : new nn.Conv2d(inChannels, channels, 1, { stride });
    this.bn1 = new nn.BatchNorm2d(channels);
    this.bn2 = new nn.BatchNorm2d(channels);
  }
  override forward(x: Tensor): Tensor {
    const inner = relu(this.bn1.forward(this.conv1.forward(x)));
    const y = this.bn2.forward(this.conv2.forward(inner));
    return relu(add(y, this.conv3 ? this.conv3.forward(x) : x));
  }
}

/** Two blocks, of which the first halves the image unless the stride is 1. */
const stage = (inChannels: number, channels: number, stride = 2): nn.Sequential =>
  new nn.Sequential(new Residual(inChannels, channels, stride), new Residual(channels, channels));

/** ResNet-18: 11,178,378 parameters. x [N, 1, 96, 96] → logits [N, numClasses]. */
export function resnet18({ numClasses = 10, inChannels = 1, ratio, init }: ImageModelOptions = {}): nn.Sequential {
  const c = dividedBy(ratio);
  const net = new nn.Sequential(
    new nn.Sequential(
      new nn.Conv2d(inChannels, c(64), 7, { stride: 2, padding: 3 }), // [N, 1, 96, 96] → [N, 64, 48, 48]
      new nn.BatchNorm2d(c(64)),
      new nn.ReLU(),
      new nn.MaxPool2d(3, { stride: 2, padding: 1 }), //                 [N, 64, 48, 48] → [N, 64, 24, 24]
    ),
    stage(c(64), c(64), 1), //                                           [N, 64, 24, 24] → [N, 64, 24, 24]
    stage(c(64), c(128)), //                                             [N, 64, 24, 24] → [N, 128, 12, 12]
    stage(c(128), c(256)), //                                            [N, 128, 12, 12] → [N, 256, 6, 6]
    stage(c(256), c(512)), //                                            [N, 256, 6, 6] → [N, 512, 3, 3]
    new nn.GlobalAvgPool2d(), //                                         [N, 512, 3, 3] → [N, 512, 1, 1]
    new nn.Flatten(), //                                                 [N, 512, 1, 1] → [N, 512]
    new nn.Linear(c(512), numClasses),
  );
  return started(net, init);
}
