// VGG, networks of repeated blocks, for images of 224 x 224 pixels. Simonyan & Zisserman, "Very deep convolutional networks
// for large-scale image recognition", ICLR 2015; in the form of "Dive into Deep Learning", which divides the channels by 4.
import { nn } from "@lamina/core";
import { checkSize, dividedBy, type FixedSizeOptions, started } from "./options.ts";

export interface VggOptions extends FixedSizeOptions {
  /** Width of the two fully connected layers (default 4096, whatever the ratio). */
  hidden?: number;
}
/** How many convolutions each block has, and how many channels they give. */
type Architecture = readonly (readonly [convs: number, channels: number])[];
const architectures = {
  vgg11: [
    [1, 64],
    [1, 128],
    [2, 256],
    [2, 512],
    [2, 512],
  ], // configuration A of the paper's table 1
  vgg13: [
    [2, 64],
    [2, 128],
    [2, 256],
    [2, 512],
    [2, 512],
  ], // B
  vgg16: [
    [2, 64],
    [2, 128],
    [3, 256],
    [3, 512],
    [3, 512],
  ], // D
  vgg19: [
    [2, 64],
    [2, 128],
    [4, 256],
    [4, 512],
    [4, 512],
  ], // E
} as const satisfies Record<string, Architecture>;

/** Convolutions of 3 x 3 that keep the size, then a pooling that halves it: [N, C, H, W] → [N, channels, H/2, W/2]. */
function block(convs: number, inChannels: number, channels: number): nn.Sequential {
  const layers = Array.from({ length: convs }, (_, i) => [
    new nn.Conv2d(i === 0 ? inChannels : channels, channels, 3, { padding: 1 }),
    new nn.ReLU(),
  ]);
  return new nn.Sequential(...layers.flat(), new nn.MaxPool2d(2, { stride: 2 }));
}
/** Five blocks: sides of 112, 56, 28, 14 and 7 from 224. */
function blocks(architecture: Architecture, { inChannels = 1, ratio }: VggOptions): nn.Sequential[] {
  const c = dividedBy(ratio);
  return architecture.map(([convs, channels], i) =>
    block(convs, i === 0 ? inChannels : c(architecture[i - 1][1]), c(channels)),
  );
}
function classifier({ numClasses = 10, ratio, imageSize = 224, hidden = 4096 }: VggOptions): nn.Module[] {
  checkSize("vgg", imageSize, 32);
  const side = Math.floor(imageSize / 32);
  return [
    new nn.Flatten(), //                                             [N, 512, 7, 7] → [N, 25088]
    new nn.Linear(dividedBy(ratio)(512) * side * side, hidden), //   [N, 25088] → [N, 4096]
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(hidden, hidden), //                                [N, 4096] → [N, 4096]
    new nn.ReLU(),
    new nn.Dropout(0.5),
    new nn.Linear(hidden, numClasses), //                            [N, 4096] → [N, 10]
  ];
}
const vgg =
  (name: keyof typeof architectures) =>
  (options: VggOptions = {}): nn.Sequential =>
    started(new nn.Sequential(...blocks(architectures[name], options), ...classifier(options)), options.init);

/** VGG-11: 128,806,154 parameters; 43,093,322 with `ratio: 4`, as the book trains it. x [N, 1, 224, 224] → logits [N, numClasses]. */
export const vgg11 = vgg("vgg11");
/** VGG-13: as {@link vgg11} with two convolutions in each block. */
export const vgg13 = vgg("vgg13");
/** VGG-16: as {@link vgg13} with a third convolution in the last three blocks. */
export const vgg16 = vgg("vgg16");
/** VGG-19: as {@link vgg16} with a fourth. */
export const vgg19 = vgg("vgg19");

/**
 * VGG-11 as the book's first PyTorch edition trained it: channels and fully connected layers divided by `ratio` (default 8:
 * 2,018,346 parameters), children `vgg_block_1` … and `fc`, PyTorch's start.
 */
export function olderVgg11(options: VggOptions = {}): nn.Sequential {
  const { ratio = 8, init = "default" } = options;
  const all = { hidden: dividedBy(ratio)(4096), ...options, ratio };
  const named = blocks(architectures.vgg11, all).map((b, i) => [`vgg_block_${i + 1}`, b]);
  return started(new nn.Sequential({ ...Object.fromEntries(named), fc: new nn.Sequential(...classifier(all)) }), init);
}
