// The namespace `d2lzh`: the networks as the book's first PyTorch edition (and the study notes) had them, under the book's
// names. What is not listed in another file as different is the book's, with PyTorch's start of the weights.
import type { nn } from "@lamina/core";
import { densenet as bookDensenet } from "./densenet.ts";
import { nin as bookNin } from "./nin.ts";
import type { ImageModelOptions } from "./options.ts";
import { resnet18 as bookResnet18 } from "./resnet.ts";

export { olderAlexnet as alexnet } from "./alexnet.ts";
export { olderGooglenet as googlenet } from "./googlenet.ts";
export { bnLenetMaxPool as bnLenet, lenetMaxPool as lenet } from "./lenet.ts";
export { olderVgg11 as vgg11 } from "./vgg.ts";

const plainly =
  (make: (options?: ImageModelOptions) => nn.Sequential) =>
  (options: ImageModelOptions = {}): nn.Sequential =>
    make({ init: "default", ...options });
export const nin = plainly(bookNin);
export const resnet18 = plainly(bookResnet18);
export const densenet = plainly(bookDensenet);
