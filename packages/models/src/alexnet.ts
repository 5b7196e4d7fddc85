// AlexNet, for images of 224 x 224 pixels. Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional
// neural networks", NIPS 2012; in the form of "Dive into Deep Learning", which trains it on Fashion-MNIST enlarged to 224.
import { convOutputSize, nn } from "@lamina/core";
import { checkSize, dividedBy, type FixedSizeOptions, started } from "./options.ts";

export interface AlexnetOptions extends FixedSizeOptions {
  /** Width of the two fully connected layers (default 4096 / ratio). */
  hidden?: number;
}
const WINDOW = { kernel: 3, stride: 2 };

function features(padding: number, { inChannels = 1, ratio }: AlexnetOptions): nn.Module[] {
  const c = dividedBy(ratio);
  return [
    new nn.Conv2d(inChannels, c(96), 11, { stride: 4, padding }), // [N, 1, 224, 224] → [N, 96, 54, 54]
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }), //                           [N, 96, 54, 54] → [N, 96, 26, 26]
    new nn.Conv2d(c(96), c(256), 5, { padding: 2 }), //              [N, 96, 26, 26] → [N, 256, 26, 26]
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }), //                           [N, 256, 26, 26] → [N, 256, 12, 12]
    new nn.Conv2d(c(256), c(384), 3, { padding: 1 }), //             [N, 256, 12, 12] → [N, 384, 12, 12]
    new nn.ReLU(),
    new nn.Conv2d(c(384), c(384), 3, { padding: 1 }), //             [N, 384, 12, 12] → [N, 384, 12, 12]
    new nn.ReLU(),
    new nn.Conv2d(c(384), c(256), 3, { padding: 1 }), //             [N, 384, 12, 12] → [N, 256, 12, 12]
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }), //                           [N, 256, 12, 12] → [N, 256, 5, 5]
  ];
}
function classifier(padding: number, options: AlexnetOptions): nn.Module[] {
  const { numClasses = 10, ratio, imageSize = 224 } = options;
  const c = dividedBy(ratio);
  const { hidden = c(4096) } = options;
  checkSize("alexnet", imageSize, 67 - 2 * padding);
  const first = convOutputSize(imageSize, { kernel: 11, stride: 4, padding: 2 * padding });
  const side = [1, 2, 3].reduce((n) => convOutputSize(n, WINDOW), first);
  return [
    new nn.Linear(c(256) * side * side, hidden), //                  [N, 6400] → [N, 4096]
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(hidden, hidden), //                                [N, 4096] → [N, 4096]
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(hidden, numClasses), //                            [N, 4096] → [N, 10]
  ];
}

/** AlexNet: 46,764,746 parameters. x [N, 1, 224, 224] → logits [N, numClasses]. */
export const alexnet = (options: AlexnetOptions = {}): nn.Sequential =>
  started(new nn.Sequential(...features(1, options), new nn.Flatten(), ...classifier(1, options)), options.init);

/** As the book's first PyTorch edition had it: no padding before the first layer, children `conv` and `fc`, PyTorch's start. */
export function olderAlexnet(options: AlexnetOptions = {}): nn.Sequential {
  const conv = new nn.Sequential(...features(0, options));
  const fc = new nn.Sequential(...classifier(0, options));
  return started(new nn.Sequential({ conv, flatten: new nn.Flatten(), fc }), options.init ?? "default");
}
