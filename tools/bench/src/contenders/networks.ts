// The networks that are timed, by name: the library's own, and a small VGG for pictures of CIFAR's size.
import { nn } from "@lamina/core";
import { alexnet, googlenet, lenet, nin, vgg11 } from "@lamina/models";

const conv = (from: number, to: number): nn.Module[] => [new nn.Conv2d(from, to, 3, { padding: 1 }), new nn.ReLU()];
const vgg6 = (): nn.Sequential =>
  new nn.Sequential(
    ...[...conv(3, 32), ...conv(32, 32), new nn.MaxPool2d(2)],
    ...[...conv(32, 64), ...conv(64, 64), new nn.MaxPool2d(2)],
    ...[...conv(64, 128), ...conv(128, 128), new nn.MaxPool2d(2)],
    new nn.Flatten(),
    new nn.Linear(128 * 16, 10),
  );
export const networks: Readonly<Record<string, () => nn.Module>> = {
  lenet: () => lenet(),
  vgg6,
  alexnet: () => alexnet(),
  "vgg11/4": () => vgg11({ ratio: 4 }),
  nin: () => nin(),
  googlenet: () => googlenet(),
};
