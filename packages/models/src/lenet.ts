// LeNet-5 and its relatives, for grey images of 28 x 28 pixels.
// LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE, 1998;
// as "Dive into Deep Learning" has it (chapters LeNet and Batch Normalization), which trains them on Fashion-MNIST.
import { nn } from "@lamina/core";
import { type ModelOptions, started } from "./options.ts";

/** LeNet with sigmoids and average pooling: 61,706 parameters. x [N, 1, 28, 28], or [N, 784] → logits [N, numClasses]. */
export function lenet({ numClasses = 10, init }: ModelOptions = {}): nn.Sequential {
  const net = new nn.Sequential(
    new nn.Reshape(-1, 1, 28, 28),
    new nn.Conv2d({ inChannels: 1, outChannels: 6, kernelSize: 5, padding: 2 }), // [N, 1, 28, 28] → [N, 6, 28, 28]
    new nn.Sigmoid(),
    new nn.AvgPool2d({ kernelSize: 2, stride: 2 }), //                               [N, 6, 28, 28] → [N, 6, 14, 14]
    new nn.Conv2d({ inChannels: 6, outChannels: 16, kernelSize: 5 }), //             [N, 6, 14, 14] → [N, 16, 10, 10]
    new nn.Sigmoid(),
    new nn.AvgPool2d({ kernelSize: 2, stride: 2 }), //                               [N, 16, 10, 10] → [N, 16, 5, 5]
    new nn.Flatten(), //                                                             [N, 16, 5, 5] → [N, 400]
    new nn.Linear({ inFeatures: 16 * 5 * 5, outFeatures: 120 }),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new nn.Sigmoid(),
    new nn.Linear(84, numClasses),
  );
  return started(net, init);
}

/** LeNet as the book's first PyTorch edition had it, without padding and with max pooling: 44,426 parameters. x [N, 1, 28, 28] → logits. */
export function lenetMaxPool({ numClasses = 10, init = "default" }: ModelOptions = {}): nn.Sequential {
  const conv = new nn.Sequential(
    new nn.Conv2d(1, 6, 5), //                 [N, 1, 28, 28] → [N, 6, 24, 24]
    new nn.Sigmoid(),
    new nn.MaxPool2d(2, { stride: 2 }), //     [N, 6, 24, 24] → [N, 6, 12, 12]
    new nn.Conv2d(6, 16, 5), //                [N, 6, 12, 12] → [N, 16, 8, 8]
    new nn.Sigmoid(),
    new nn.MaxPool2d(2, { stride: 2 }), //     [N, 16, 8, 8] → [N, 16, 4, 4]
  );
  const fc = new nn.Sequential(
    new nn.Linear(16 * 4 * 4, 120),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new nn.Sigmoid(),
    new nn.Linear(84, numClasses),
  );
  return started(new nn.Sequential({ conv, flatten: new nn.Flatten(), fc }), init);
}

function normalised({ numClasses = 10 }: ModelOptions, pool: () => nn.Module): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 6, 5), //                 [N, 1, 28, 28] → [N, 6, 24, 24]
    new nn.BatchNorm2d(6),
    new nn.Sigmoid(),
    pool(), //                                 [N, 6, 24, 24] → [N, 6, 12, 12]
    new nn.Conv2d(6, 16, 5), //                [N, 6, 12, 12] → [N, 16, 8, 8]
    new nn.BatchNorm2d(16),
    new nn.Sigmoid(),
    pool(), //                                 [N, 16, 8, 8] → [N, 16, 4, 4]
    new nn.Flatten(), //                       [N, 16, 4, 4] → [N, 256]
    new nn.Linear(16 * 4 * 4, 120),
    new nn.BatchNorm1d(120),
    new nn.Sigmoid(),
    new nn.Linear(120, 84),
    new nn.BatchNorm1d(84),
    new nn.Sigmoid(),
    new nn.Linear(84, numClasses),
  );
}
/** LeNet with batch normalisation before each sigmoid: 44,426 + 452 parameters. x [N, 1, 28, 28] → logits [N, numClasses]. */
export const bnLenet = (options: ModelOptions = {}): nn.Sequential =>
  started(
    normalised(options, () => new nn.AvgPool2d(2, { stride: 2 })),
    options.init,
  );
/** As the book's first PyTorch edition had it, with max pooling and PyTorch's start. */
export const bnLenetMaxPool = (options: ModelOptions = {}): nn.Sequential =>
  started(
    normalised(options, () => new nn.MaxPool2d(2, { stride: 2 })),
    options.init ?? "default",
  );
