// torchvision's SqueezeNet 1.0 and 1.1. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and
// <0.5MB model size", 2016.
import { cat, nn, type Tensor } from "@lamina/core";
import { type DroppingOptions, startEach, zeroBias } from "./options.ts";

/** Narrows, then widens by 1 x 1 and 3 x 3 side by side: [N, C, H, W] → [N, 2·expand, H, W]. */
class Fire extends nn.Module {
  squeeze: nn.Conv2d;
  squeeze_activation = new nn.ReLU();
  expand1x1: nn.Conv2d;
  expand1x1_activation = new nn.ReLU();
  expand3x3: nn.Conv2d;
  expand3x3_activation = new nn.ReLU();
  constructor(inChannels: number, squeeze: number, expand: number) {
    super();
    this.squeeze = new nn.Conv2d(inChannels, squeeze, 1);
    this.expand1x1 = new nn.Conv2d(squeeze, expand, 1);
    this.expand3x3 = new nn.Conv2d(squeeze, expand, 3, { padding: 1 });
  }
  override forward(x: Tensor): Tensor {
    const narrow = this.squeeze_activation.forward(this.squeeze.forward(x));
    return cat(
      [
        this.expand1x1_activation.forward(this.expand1x1.forward(narrow)),
        this.expand3x3_activation.forward(this.expand3x3.forward(narrow)),
      ],
      1,
    );
  }
}
const pool = () => new nn.MaxPool2d(3, { stride: 2, ceilMode: true });

function squeezenet(features: nn.Module[], { numClasses = 1000, dropout = 0.5 }: DroppingOptions): nn.Sequential {
  const last = new nn.Conv2d(512, numClasses, 1);
  const net = new nn.Sequential({
    features: new nn.Sequential(...features),
    // [N, 512, H, W] → [N, numClasses, 1, 1]
    classifier: new nn.Sequential(new nn.Dropout(dropout), last, new nn.ReLU(), new nn.AdaptiveAvgPool2d([1, 1])),
    flatten: new nn.Flatten(),
  });
  startEach(net, nn.Conv2d, (conv) => {
    if (conv === last) nn.init.normal(conv.weight, { std: 0.01 });
    else nn.init.kaimingUniform(conv.weight);
    zeroBias(conv);
  });
  return net;
}

/** SqueezeNet 1.0: 1,248,424 parameters. x [N, 3, H, W], sides of 224 in the paper → logits [N, numClasses]. */
export const squeezenet1_0 = (options: DroppingOptions = {}): nn.Sequential =>
  squeezenet(
    [
      new nn.Conv2d(3, 96, 7, { stride: 2 }), // [N, 3, 224, 224] → [N, 96, 109, 109]
      new nn.ReLU(),
      pool(), //                                 → [N, 96, 54, 54]
      new Fire(96, 16, 64),
      new Fire(128, 16, 64),
      new Fire(128, 32, 128),
      pool(), //                                 → [N, 256, 27, 27]
      new Fire(256, 32, 128),
      new Fire(256, 48, 192),
      new Fire(384, 48, 192),
      new Fire(384, 64, 256),
      pool(), //                                 → [N, 512, 13, 13]
      new Fire(512, 64, 256),
    ],
    options,
  );
/** SqueezeNet 1.1, with 2.4 times fewer multiply-adds: 1,235,496 parameters. */
export const squeezenet1_1 = (options: DroppingOptions = {}): nn.Sequential =>
  squeezenet(
    [
      new nn.Conv2d(3, 64, 3, { stride: 2 }), // [N, 3, 224, 224] → [N, 64, 111, 111]
      new nn.ReLU(),
      pool(), //                                 → [N, 64, 55, 55]
      new Fire(64, 16, 64),
      new Fire(128, 16, 64),
      pool(), //                                 → [N, 128, 27, 27]
      new Fire(128, 32, 128),
      new Fire(256, 32, 128),
      pool(), //                                 → [N, 256, 13, 13]
      new Fire(256, 48, 192),
      new Fire(384, 48, 192),
      new Fire(384, 64, 256),
      new Fire(512, 64, 256),
    ],
    options,
  );
