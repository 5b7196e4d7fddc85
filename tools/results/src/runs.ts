// The runs: whose settings, and what the book printed or plotted. A is the book's Chinese edition 2.0.0 (plain SGD, 10 epochs),
// B the English 1.0.3 (plain SGD, 10 epochs, batches of 128), C the first PyTorch edition (Adam, 5 epochs).
import type { nn, Parameter } from "@lamina/core";
import { alexnet, bnLenet, d2lzh, densenet, googlenet, lenet, nin, resnet18, vgg11 } from "@lamina/models";
import { Adam, type Optimizer, SGD } from "@lamina/train";
import { scratchBnLenet } from "./scratchBnLenet.ts";

/** Curves, an epoch each. */
export interface BookCurve {
  /** Mean cross-entropy of the training data; of set B, which is plotted by half epochs, of each epoch's second half. */
  readonly loss: readonly number[];
  readonly testAccuracy: readonly number[];
}
export interface Run {
  readonly set: "A" | "B" | "C";
  /** What it is called on the command line: `A/lenet`. */
  readonly name: string;
  readonly title: string;
  readonly make: () => nn.Module;
  // biome-ignore lint/suspicious/noExplicitAny: each optimiser has hyper-parameters of its own.
  readonly optimizer: (parameters: Parameter[]) => Optimizer<any>;
  readonly settings: string;
  readonly batchSize: number;
  readonly resize?: number;
  readonly epochs: number;
  readonly book: BookCurve;
  /** Bounds of its own: how long LeNet of set B stays on its plateau depends on the start of the weights. */
  readonly gate?: { readonly loss: number; readonly testAccuracy: number };
}

type By = (lr: number) => Pick<Run, "optimizer" | "settings">;
const sgd: By = (lr) => ({ optimizer: (p: Parameter[]) => new SGD(p, { lr }), settings: `SGD, lr ${lr}` });
const adam: By = (lr) => ({ optimizer: (p: Parameter[]) => new Adam(p, { lr }), settings: `Adam, lr ${lr}` });
const numbers = (text: string): number[] => text.split(" ").map(Number);

type Row = readonly [
  name: string,
  title: string,
  make: () => nn.Module,
  lr: number,
  batchSize: number,
  resize: number | undefined,
  loss: string,
  testAccuracy: string,
];
function runsOf(set: Run["set"], epochs: number, by: By, rows: readonly Row[]): Run[] {
  return rows.map(([name, title, make, lr, batchSize, resize, loss, testAccuracy]) => ({
    set,
    name: `${set}/${name}`,
    title,
    make,
    ...by(lr),
    batchSize,
    resize,
    epochs,
    ...(set === "B" && name === "lenet" && { gate: { loss: 0.85, testAccuracy: 0.68 } }),
    book: { loss: numbers(loss), testAccuracy: numbers(testAccuracy) },
  }));
}
const quarterVgg = () => vgg11({ ratio: 4 });
const torchStart = { init: "default" } as const;

export const runs: readonly Run[] = [
  ...runsOf("A", 10, sgd, [
    [
      "lenet",
      "LeNet",
      () => lenet(),
      0.9,
      256,
      undefined,
      "2.318 1.726 .928 .750 .665 .608 .566 .521 .496 .469",
      ".100 .547 .680 .700 .713 .747 .774 .763 .806 .779",
    ],
    [
      "alexnet",
      "AlexNet",
      () => alexnet(),
      0.01,
      128,
      224,
      "1.269 .648 .534 .472 .433 .401 .379 .361 .345 .331",
      ".712 .792 .815 .837 .854 .857 .860 .874 .876 .883",
    ],
    [
      "vgg11-4",
      "VGG-11, a quarter of the channels",
      quarterVgg,
      0.05,
      128,
      224,
      "1.008 .408 .330 .288 .260 .241 .221 .206 .190 .178",
      ".809 .867 .889 .887 .897 .900 .909 .913 .916 .920",
    ],
    [
      "nin",
      "NiN",
      () => nin(),
      0.1,
      128,
      224,
      "2.235 1.576 .978 .783 .714 .664 .626 .600 .579 .563",
      ".412 .653 .715 .692 .750 .758 .769 .773 .784 .790",
    ],
    [
      "googlenet",
      "GoogLeNet",
      () => googlenet(),
      0.1,
      128,
      96,
      "2.000 .932 .542 .445 .370 .332 .304 .284 .320 .262",
      ".501 .668 .816 .821 .860 .870 .880 .882 .883 .887",
    ],
    [
      "bn-lenet-scratch",
      "LeNet with batch normalisation written by hand",
      scratchBnLenet,
      1,
      256,
      undefined,
      ".738 .473 .406 .365 .336 .314 .298 .289 .277 .273",
      ".756 .795 .764 .795 .790 .837 .856 .766 .834 .808",
    ],
    [
      "bn-lenet",
      "LeNet with batch normalisation",
      () => bnLenet(),
      1,
      256,
      undefined,
      ".740 .465 .402 .362 .333 .312 .298 .287 .275 .267",
      ".730 .828 .683 .832 .812 .882 .793 .790 .851 .708",
    ],
    [
      "resnet18",
      "ResNet-18",
      () => resnet18(),
      0.05,
      256,
      96,
      ".495 .259 .194 .148 .114 .081 .059 .034 .019 .012",
      ".809 .878 .865 .839 .892 .887 .769 .823 .921 .893",
    ],
    [
      "densenet",
      "DenseNet",
      () => densenet(),
      0.1,
      256,
      96,
      ".526 .305 .259 .229 .208 .192 .176 .164 .151 .140",
      ".834 .886 .803 .868 .879 .895 .867 .903 .890 .885",
    ],
  ]),
  ...runsOf("B", 10, sgd, [
    [
      "lenet",
      "LeNet",
      () => lenet(),
      0.1,
      128,
      undefined,
      "2.308 2.307 2.305 2.296 1.845 1.138 .964 .866 .805 .752",
      ".101 .101 .100 .100 .483 .595 .654 .679 .706 .728",
    ],
    [
      "alexnet",
      "AlexNet",
      () => alexnet(torchStart),
      0.01,
      128,
      224,
      "2.302 2.297 1.159 .858 .725 .639 .571 .525 .488 .457",
      ".100 .297 .587 .687 .710 .774 .793 .813 .824 .830",
    ],
    [
      "vgg11-4",
      "VGG-11, a quarter of the channels",
      quarterVgg,
      0.01,
      128,
      224,
      "1.699 .635 .500 .429 .391 .369 .341 .326 .307 .300",
      ".658 .783 .822 .848 .866 .874 .879 .884 .889 .896",
    ],
    [
      "nin",
      "NiN",
      () => nin(),
      0.05,
      128,
      224,
      "2.301 1.741 1.183 .764 .621 .537 .473 .435 .407 .390",
      ".190 .452 .664 .757 .625 .813 .824 .853 .843 .865",
    ],
    [
      "googlenet",
      "GoogLeNet",
      () => googlenet(),
      0.01,
      128,
      96,
      "2.301 2.298 2.289 2.071 1.043 .786 .656 .596 .537 .495",
      ".101 .243 .320 .158 .663 .705 .759 .788 .783 .802",
    ],
    [
      "bn-lenet-scratch",
      "LeNet with batch normalisation written by hand",
      scratchBnLenet,
      0.1,
      128,
      undefined,
      ".614 .488 .427 .407 .371 .348 .333 .323 .316 .305",
      ".801 .812 .837 .831 .836 .857 .861 .878 .876 .876",
    ],
    [
      "bn-lenet",
      "LeNet with batch normalisation",
      () => bnLenet(),
      0.1,
      128,
      undefined,
      ".603 .478 .428 .389 .373 .356 .334 .316 .306 .302",
      ".797 .810 .836 .850 .856 .857 .869 .869 .869 .868",
    ],
    [
      "resnet18",
      "ResNet-18",
      () => resnet18(),
      0.01,
      128,
      96,
      ".347 .255 .213 .161 .132 .097 .075 .050 .034 .026",
      ".848 .884 .898 .855 .897 .891 .909 .904 .895 .903",
    ],
    [
      "densenet",
      "DenseNet",
      () => densenet(torchStart),
      0.01,
      128,
      96,
      ".471 .329 .275 .248 .224 .209 .192 .182 .168 .157",
      ".808 .871 .869 .897 .878 .908 .864 .910 .869 .893",
    ],
  ]),
  ...runsOf("C", 5, adam, [
    [
      "lenet",
      "LeNet, first edition",
      () => d2lzh.lenet(),
      0.001,
      256,
      undefined,
      "1.84 .94 .77 .69 .61",
      ".584 .699 .724 .746 .759",
    ],
    [
      "alexnet",
      "AlexNet, first edition",
      () => d2lzh.alexnet(),
      0.001,
      128,
      224,
      ".60 .32 .28 .24 .23",
      ".865 .889 .901 .900 .902",
    ],
    [
      "vgg11-8",
      "VGG-11, an eighth of the channels, first edition",
      () => d2lzh.vgg11(),
      0.001,
      64,
      224,
      ".65 .33 .28 .24 .22",
      ".859 .902 .908 .914 .918",
    ],
    [
      "nin",
      "NiN, first edition",
      () => d2lzh.nin(),
      0.002,
      128,
      224,
      "1.29 .64 .52 .47 .43",
      ".734 .754 .826 .827 .831",
    ],
    [
      "googlenet",
      "GoogLeNet, first edition",
      () => d2lzh.googlenet(),
      0.001,
      128,
      96,
      "1.11 .41 .33 .28 .26",
      ".831 .853 .883 .887 .896",
    ],
    [
      "bn-lenet-scratch",
      "LeNet with batch normalisation written by hand, first edition",
      () => scratchBnLenet({ pool: "max", init: "default" }),
      0.001,
      256,
      undefined,
      "1.00 .46 .36 .33 .31",
      ".835 .821 .857 .820 .859",
    ],
    [
      "bn-lenet",
      "LeNet with batch normalisation, first edition",
      () => d2lzh.bnLenet(),
      0.001,
      256,
      undefined,
      "1.38 .61 .43 .36 .33",
      ".795 .748 .814 .818 .734",
    ],
    [
      "resnet18",
      "ResNet-18, first edition",
      () => d2lzh.resnet18(),
      0.001,
      256,
      96,
      ".38 .26 .20 .18 .15",
      ".885 .899 .911 .916 .926",
    ],
    [
      "densenet",
      "DenseNet, first edition",
      () => d2lzh.densenet(),
      0.001,
      256,
      96,
      ".51 .28 .23 .20 .20",
      ".749 .824 .839 .889 .884",
    ],
  ]),
];
