// torchvision's GoogLeNet, with batch normalisation and auxiliary heads. Szegedy et al., "Going deeper with convolutions",
// CVPR 2015. Where the paper has 5 x 5, torchvision has 3 x 3, as the weights it was ported with.
import { adaptiveAvgPool2d, add, cat, flatten, mul, nn, relu, type Tensor, tensor } from "@lamina/core";
import { type DroppingOptions, startEach } from "./options.ts";

/** Convolution, normalisation, ReLU. */
class BasicConv2d extends nn.Module {
  conv: nn.Conv2d;
  bn: nn.BatchNorm2d;
  constructor(inChannels: number, channels: number, kernelSize: number, stride = 1) {
    super();
    this.conv = new nn.Conv2d(inChannels, channels, kernelSize, { stride, padding: (kernelSize - 1) / 2, bias: false });
    this.bn = new nn.BatchNorm2d(channels, { eps: 0.001 });
  }
  override forward(x: Tensor): Tensor {
    return relu(this.bn.forward(this.conv.forward(x)));
  }
}
/** Input channels, then those of each convolution of the four branches. */
type Widths = readonly [inC: number, c1: number, c2a: number, c2: number, c3a: number, c3: number, c4: number];

/** Four branches, joined along the channels: [N, inC, H, W] → [N, c1 + c2 + c3 + c4, H, W]. */
class Inception extends nn.Module {
  branch1: BasicConv2d;
  branch2: nn.Sequential;
  branch3: nn.Sequential;
  branch4: nn.Sequential;
  constructor(...[inC, c1, c2a, c2, c3a, c3, c4]: Widths) {
    super();
    this.branch1 = new BasicConv2d(inC, c1, 1);
    this.branch2 = new nn.Sequential(new BasicConv2d(inC, c2a, 1), new BasicConv2d(c2a, c2, 3));
    this.branch3 = new nn.Sequential(new BasicConv2d(inC, c3a, 1), new BasicConv2d(c3a, c3, 3));
    const pool = new nn.MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true });
    this.branch4 = new nn.Sequential(pool, new BasicConv2d(inC, c4, 1));
  }
  override forward(x: Tensor): Tensor {
    return cat(
      [this.branch1, this.branch2, this.branch3, this.branch4].map((branch) => branch.forward(x)),
      1,
    );
  }
}
/** A classifier half-way, which keeps gradients alive in training: [N, C, H, W] → [N, numClasses]. */
class InceptionAux extends nn.Module {
  conv: BasicConv2d;
  fc1: nn.Linear;
  fc2: nn.Linear;
  dropout: nn.Dropout;
  constructor(inChannels: number, numClasses: number, dropout: number) {
    super();
    this.conv = new BasicConv2d(inChannels, 128, 1);
    this.fc1 = new nn.Linear(2048, 1024);
    this.fc2 = new nn.Linear(1024, numClasses);
    this.dropout = new nn.Dropout(dropout);
  }
  override forward(x: Tensor): Tensor {
    const features = flatten(this.conv.forward(adaptiveAvgPool2d(x, [4, 4])), 1);
    return this.fc2.forward(this.dropout.forward(relu(this.fc1.forward(features))));
  }
}
const pool = (kernelSize: number) => new nn.MaxPool2d(kernelSize, { stride: 2, ceilMode: true });

export interface GooglenetOptions extends DroppingOptions {
  /** Whether the auxiliary heads are there (default true). */
  auxLogits?: boolean;
  /** The probability with which the auxiliary heads drop values in training (default 0.7). */
  dropoutAux?: number;
  /** Whether images normalised by ImageNet's statistics are brought to those of the ported weights (default false). */
  transformInput?: boolean;
}
export interface GooglenetOutputs {
  readonly logits: Tensor;
  readonly auxLogits2: Tensor;
  readonly auxLogits1: Tensor;
}

/** Made by {@link googlenet}. */
export class GoogLeNet extends nn.Module {
  transformInput: boolean;
  conv1 = new BasicConv2d(3, 64, 7, 2); //                            [N, 3, 224, 224] → [N, 64, 112, 112]
  maxpool1 = pool(3); //                                              → [N, 64, 56, 56]
  conv2 = new BasicConv2d(64, 64, 1);
  conv3 = new BasicConv2d(64, 192, 3);
  maxpool2 = pool(3); //                                              → [N, 192, 28, 28]
  inception3a = new Inception(192, 64, 96, 128, 16, 32, 32);
  inception3b = new Inception(256, 128, 128, 192, 32, 96, 64);
  maxpool3 = pool(3); //                                              → [N, 480, 14, 14]
  inception4a = new Inception(480, 192, 96, 208, 16, 48, 64);
  inception4b = new Inception(512, 160, 112, 224, 24, 64, 64);
  inception4c = new Inception(512, 128, 128, 256, 24, 64, 64);
  inception4d = new Inception(512, 112, 144, 288, 32, 64, 64);
  inception4e = new Inception(528, 256, 160, 320, 32, 128, 128);
  maxpool4 = pool(2); //                                              → [N, 832, 7, 7]
  inception5a = new Inception(832, 256, 160, 320, 32, 128, 128);
  inception5b = new Inception(832, 384, 192, 384, 48, 128, 128); //   → [N, 1024, 7, 7]
  aux1: InceptionAux | undefined;
  aux2: InceptionAux | undefined;
  avgpool = new nn.AdaptiveAvgPool2d([1, 1]);
  dropout: nn.Dropout;
  fc: nn.Linear;
  constructor(options: GooglenetOptions = {}) {
    super();
    const { numClasses = 1000, dropout = 0.2, dropoutAux = 0.7, auxLogits = true, transformInput = false } = options;
    this.transformInput = transformInput;
    this.aux1 = auxLogits ? new InceptionAux(512, numClasses, dropoutAux) : undefined;
    this.aux2 = auxLogits ? new InceptionAux(528, numClasses, dropoutAux) : undefined;
    this.dropout = new nn.Dropout(dropout);
    this.fc = new nn.Linear(1024, numClasses);
  }
  /** What comes out of stages 4a, 4d and the last: the first two are what the auxiliary heads look at. */
  private features(x: Tensor): readonly [Tensor, Tensor, Tensor] {
    const through = (y: Tensor, ...layers: nn.Module[]) => layers.reduce((z, layer) => layer.forward(z), y);
    const start = through(
      this.transformInput ? transformed(x) : x,
      ...[this.conv1, this.maxpool1, this.conv2, this.conv3, this.maxpool2],
      ...[this.inception3a, this.inception3b, this.maxpool3],
    );
    const first = this.inception4a.forward(start);
    const second = through(first, this.inception4b, this.inception4c, this.inception4d);
    const last = through(second, this.inception4e, this.maxpool4, this.inception5a, this.inception5b);
    return [first, second, last];
  }
  private classified(features: Tensor): Tensor {
    return this.fc.forward(this.dropout.forward(flatten(this.avgpool.forward(features), 1)));
  }
  override forward(x: Tensor): Tensor {
    return this.classified(this.features(x)[2]);
  }
  /**
   * With the logits of the auxiliary heads, as torchvision's returns in training. The paper's loss is that of `logits` and 0.3
   * times those of the other two.
   * @throws if the network was made without auxiliary heads.
   */
  outputs(x: Tensor): GooglenetOutputs {
    if (!this.aux1 || !this.aux2)
      throw new Error("outputs: this GoogLeNet was made without auxiliary heads; make it with auxLogits: true");
    const [first, second, last] = this.features(x);
    return {
      logits: this.classified(last),
      auxLogits2: this.aux2.forward(second),
      auxLogits1: this.aux1.forward(first),
    };
  }
}
/** From images with ImageNet's mean and deviation taken off to images of -1 to 1. */
function transformed(x: Tensor): Tensor {
  const perChannel = (values: number[]) => tensor(values, { shape: [1, 3, 1, 1] });
  const scale = [0.229, 0.224, 0.225].map((std) => std / 0.5);
  const shift = [0.485, 0.456, 0.406].map((mean) => (mean - 0.5) / 0.5);
  return add(mul(x, perChannel(scale)), perChannel(shift));
}

/** GoogLeNet: 13,004,888 parameters, of which the two heads have half. x [N, 3, H, W], sides of 224 in the paper → logits [N, numClasses]. */
export function googlenet(options: GooglenetOptions = {}): GoogLeNet {
  const net = new GoogLeNet(options);
  // torchvision cuts this normal distribution off at ±2, which is 200 deviations away
  const start = (layer: nn.Conv2d | nn.Linear) => nn.init.normal(layer.weight, { std: 0.01 });
  startEach(net, nn.Conv2d, start);
  startEach(net, nn.Linear, start);
  return net;
}
