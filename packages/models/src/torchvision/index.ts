// The namespace `torchvision`: its networks, by its names, with its state-dict keys, starts of weights and numbers.
export { alexnet } from "./alexnet.ts";
export { densenet121 } from "./densenet.ts";
export { GoogLeNet, type GooglenetOptions, type GooglenetOutputs, googlenet } from "./googlenet.ts";
export { type MobilenetOptions, mobilenet_v2 } from "./mobilenet.ts";
export type { DroppingOptions, TorchvisionOptions } from "./options.ts";
export { resnet18, resnet34, resnet50 } from "./resnet.ts";
export { squeezenet1_0, squeezenet1_1 } from "./squeezenet.ts";
export { vgg11, vgg11_bn, vgg13, vgg13_bn, vgg16, vgg16_bn, vgg19, vgg19_bn } from "./vgg.ts";
