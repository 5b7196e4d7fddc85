// torchvision's AlexNet: the one of "One weird trick for parallelizing convolutional neural networks" (Krizhevsky, 2014).
import { nn } from "@lamina/core";
import type { DroppingOptions } from "./options.ts";

/** AlexNet: 61,100,840 parameters. x [N, 3, H, W] with sides from 63, 224 in the paper → logits [N, numClasses]. */
export function alexnet({ numClasses = 1000, dropout = 0.5 }: DroppingOptions = {}): nn.Sequential {
  const features = new nn.Sequential(
    new nn.Conv2d(3, 64, 11, { stride: 4, padding: 2 }), // [N, 3, 224, 224] → [N, 64, 55, 55]
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }), //                  [N, 64, 55, 55] → [N, 64, 27, 27]
    new nn.Conv2d(64, 192, 5, { padding: 2 }), //           [N, 64, 27, 27] → [N, 192, 27, 27]
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }), //                  [N, 192, 27, 27] → [N, 192, 13, 13]
    new nn.Conv2d(192, 384, 3, { padding: 1 }), //          [N, 192, 13, 13] → [N, 384, 13, 13]
    new nn.ReLU(),
    new nn.Conv2d(384, 256, 3, { padding: 1 }), //          [N, 384, 13, 13] → [N, 256, 13, 13]
    new nn.ReLU(),
    new nn.Conv2d(256, 256, 3, { padding: 1 }), //          [N, 256, 13, 13] → [N, 256, 13, 13]
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2 }), //                  [N, 256, 13, 13] → [N, 256, 6, 6]
  );
  const classifier = new nn.Sequential(
    new nn.Dropout(dropout),
    new nn.Linear(256 * 6 * 6, 4096), //                    [N, 9216] → [N, 4096]
    new nn.ReLU(),
    new nn.Dropout(dropout),
    new nn.Linear(4096, 4096),
    new nn.ReLU(),
    new nn.Linear(4096, numClasses),
  );
  return new nn.Sequential({
    features,
    avgpool: new nn.AdaptiveAvgPool2d([6, 6]),
    flatten: new nn.Flatten(),
    classifier,
  });
}
