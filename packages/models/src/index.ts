// Networks as their papers have them, in the form of "Dive into Deep Learning"; its first edition's under `d2lzh`,
// torchvision's, with its state-dict keys, under `torchvision`.
export { type AlexnetOptions, alexnet } from "./alexnet.ts";
export * as d2lzh from "./d2lzh.ts";
export { DenseBlock, densenet } from "./densenet.ts";
export { googlenet, Inception } from "./googlenet.ts";
export { initWeights } from "./initWeights.ts";
export { bnLenet, lenet, lenetMaxPool } from "./lenet.ts";
export { nin } from "./nin.ts";
export type { FixedSizeOptions, ImageModelOptions, ModelOptions } from "./options.ts";
export { Residual, resnet18 } from "./resnet.ts";
export * as torchvision from "./torchvision/index.ts";
export { type VggOptions, vgg11, vgg13, vgg16, vgg19 } from "./vgg.ts";
