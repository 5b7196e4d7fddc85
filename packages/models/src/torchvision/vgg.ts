// torchvision's VGG, with and without batch normalisation. Simonyan & Zisserman, "Very deep convolutional networks for
// large-scale image recognition", ICLR 2015.
import { nn } from "@lamina/core";
import { type DroppingOptions, heStart, smallStart, startEach } from "./options.ts";

/** How many convolutions each of the five blocks has: configurations A, B, D and E of the paper's table 1. */
const convs = {
  vgg11: [1, 1, 2, 2, 2],
  vgg13: [2, 2, 2, 2, 2],
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
} as const;
const channels = [64, 128, 256, 512, 512];

/** Five blocks, each of which halves the image: [N, 3, H, W] → [N, 512, H/32, W/32]. */
function features(counts: readonly number[], normalised: boolean): nn.Sequential {
  const net = new nn.Sequential();
  let before = 3;
  counts.forEach((count, i) => {
    for (let k = 0; k < count; k++) {
      net.append(new nn.Conv2d(before, channels[i], 3, { padding: 1 }));
      if (normalised) net.append(new nn.BatchNorm2d(channels[i]));
      net.append(new nn.ReLU());
      before = channels[i];
    }
    net.append(new nn.MaxPool2d(2, { stride: 2 }));
  });
  return net;
}
const vgg =
  (name: keyof typeof convs, normalised: boolean) =>
  ({ numClasses = 1000, dropout = 0.5 }: DroppingOptions = {}): nn.Sequential => {
    const classifier = new nn.Sequential(
      new nn.Linear(512 * 7 * 7, 4096), // [N, 25088] → [N, 4096]
      new nn.ReLU(),
      new nn.Dropout(dropout),
      new nn.Linear(4096, 4096),
      new nn.ReLU(),
      new nn.Dropout(dropout),
      new nn.Linear(4096, numClasses),
    );
    const net = new nn.Sequential({
      features: features(convs[name], normalised),
      avgpool: new nn.AdaptiveAvgPool2d([7, 7]),
      flatten: new nn.Flatten(),
      classifier,
    });
    startEach(net, nn.Conv2d, heStart);
    startEach(net, nn.Linear, smallStart);
    return net;
  };

/** VGG-11: 132,863,336 parameters. x [N, 3, H, W] with sides from 32, 224 in the paper → logits [N, numClasses]. */
export const vgg11 = vgg("vgg11", false);
export const vgg13 = vgg("vgg13", false);
export const vgg16 = vgg("vgg16", false);
export const vgg19 = vgg("vgg19", false);
/** VGG-11 with batch normalisation after each convolution: 132,868,840 parameters. */
export const vgg11_bn = vgg("vgg11", true);
export const vgg13_bn = vgg("vgg13", true);
export const vgg16_bn = vgg("vgg16", true);
export const vgg19_bn = vgg("vgg19", true);
