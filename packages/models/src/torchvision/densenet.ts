// torchvision's DenseNet-121. Huang, Liu, van der Maaten & Weinberger, "Densely connected convolutional networks", CVPR 2017.
import { cat, nn, type Tensor } from "@lamina/core";
import { startEach, type TorchvisionOptions, zeroBias } from "./options.ts";

const GROWTH = 32;
const BLOCKS = [6, 12, 24, 16];

/** Normalises, narrows to 4·growth by 1 x 1, then 3 x 3: [N, C, H, W] → [N, growth, H, W]. */
const denseLayer = (inChannels: number): nn.Sequential =>
  new nn.Sequential({
    norm1: new nn.BatchNorm2d(inChannels),
    relu1: new nn.ReLU(),
    conv1: new nn.Conv2d(inChannels, 4 * GROWTH, 1, { bias: false }),
    norm2: new nn.BatchNorm2d(4 * GROWTH),
    relu2: new nn.ReLU(),
    conv2: new nn.Conv2d(4 * GROWTH, GROWTH, 3, { padding: 1, bias: false }),
  });
/** Each layer sees the results of all before it: [N, C, H, W] → [N, C + layers·growth, H, W]. */
class DenseBlock extends nn.Sequential {
  constructor(layers: number, inChannels: number) {
    super({});
    for (let i = 0; i < layers; i++) this.put(`denselayer${i + 1}`, denseLayer(inChannels + i * GROWTH));
  }
  override forward(x: Tensor): Tensor {
    const seen = [x];
    for (const layer of this.children()) seen.push(layer.forward(cat(seen, 1)));
    return cat(seen, 1);
  }
}
/** Halves channels and sides: [N, C, H, W] → [N, C/2, H/2, W/2]. */
const transition = (inChannels: number): nn.Sequential =>
  new nn.Sequential({
    norm: new nn.BatchNorm2d(inChannels),
    relu: new nn.ReLU(),
    conv: new nn.Conv2d(inChannels, inChannels / 2, 1, { bias: false }),
    pool: new nn.AvgPool2d(2, { stride: 2 }),
  });

/** DenseNet-121: 7,978,856 parameters. x [N, 3, H, W], sides of 224 in the paper → logits [N, numClasses]. */
export function densenet121({ numClasses = 1000 }: TorchvisionOptions = {}): nn.Sequential {
  let channels = 64;
  const features: Record<string, nn.Module> = {
    conv0: new nn.Conv2d(3, channels, 7, { stride: 2, padding: 3, bias: false }), // [N, 3, 224, 224] → [N, 64, 112, 112]
    norm0: new nn.BatchNorm2d(channels),
    relu0: new nn.ReLU(),
    pool0: new nn.MaxPool2d(3, { stride: 2, padding: 1 }), //                        → [N, 64, 56, 56]
  };
  // sides 56, 28, 14, 7; channels 256, 512, 1024, 1024
  BLOCKS.forEach((layers, i) => {
    features[`denseblock${i + 1}`] = new DenseBlock(layers, channels);
    channels += layers * GROWTH;
    if (i === BLOCKS.length - 1) return;
    features[`transition${i + 1}`] = transition(channels);
    channels /= 2;
  });
  features.norm5 = new nn.BatchNorm2d(channels);
  const net = new nn.Sequential({
    features: new nn.Sequential(features),
    relu: new nn.ReLU(),
    avgpool: new nn.AdaptiveAvgPool2d([1, 1]),
    flatten: new nn.Flatten(),
    classifier: new nn.Linear(channels, numClasses),
  });
  startEach(net, nn.Conv2d, (conv) => nn.init.kaimingNormal(conv.weight));
  startEach(net, nn.Linear, zeroBias);
  return net;
}
