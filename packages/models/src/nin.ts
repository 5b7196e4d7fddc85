// Network in network, for images of 224 x 224 pixels: convolutions followed by fully connected layers at every pixel, and
// an average in the place of the classifier. Lin, Chen & Yan, "Network In Network", ICLR 2014; as "Dive into Deep Learning" has it.
import { nn } from "@lamina/core";
import { dividedBy, type ImageModelOptions, started } from "./options.ts";

interface BlockOptions {
  readonly stride?: number;
  readonly padding?: number;
}
/** A convolution, then two of 1 x 1, which are fully connected layers over the channels of each pixel. */
const block = (inChannels: number, channels: number, kernelSize: number, options: BlockOptions): nn.Sequential =>
  new nn.Sequential(
    new nn.Conv2d(inChannels, channels, kernelSize, options),
    new nn.ReLU(),
    new nn.Conv2d(channels, channels, 1),
    new nn.ReLU(),
    new nn.Conv2d(channels, channels, 1),
    new nn.ReLU(),
  );

/** NiN: 1,992,166 parameters. x [N, 1, 224, 224] → logits [N, numClasses]. */
export function nin({ numClasses = 10, inChannels = 1, ratio, init }: ImageModelOptions = {}): nn.Sequential {
  const c = dividedBy(ratio);
  const net = new nn.Sequential(
    block(inChannels, c(96), 11, { stride: 4 }), //      [N, 1, 224, 224] → [N, 96, 54, 54]
    new nn.MaxPool2d(3, { stride: 2 }), //               [N, 96, 54, 54] → [N, 96, 26, 26]
    block(c(96), c(256), 5, { padding: 2 }), //          [N, 96, 26, 26] → [N, 256, 26, 26]
    new nn.MaxPool2d(3, { stride: 2 }), //               [N, 256, 26, 26] → [N, 256, 12, 12]
    block(c(256), c(384), 3, { padding: 1 }), //         [N, 256, 12, 12] → [N, 384, 12, 12]
    new nn.MaxPool2d(3, { stride: 2 }), //               [N, 384, 12, 12] → [N, 384, 5, 5]
    new nn.Dropout(0.5),
    block(c(384), numClasses, 3, { padding: 1 }), //     [N, 384, 5, 5] → [N, 10, 5, 5]
    new nn.GlobalAvgPool2d(), //                         [N, 10, 5, 5] → [N, 10, 1, 1]
    new nn.Flatten(), //                                 [N, 10, 1, 1] → [N, 10]
  );
  return started(net, init);
}
