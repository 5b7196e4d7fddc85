// All cases of single ops, by file.
import type { OpCase } from "../case.ts";
import { conv2d } from "./conv2d.ts";
import { creation } from "./creation.ts";
import { gather } from "./gather.ts";
import { matmul } from "./matmul.ts";
import { pointwise } from "./pointwise.ts";
import { pool2d } from "./pool2d.ts";
import { reduce } from "./reduce.ts";
import { shape } from "./shape.ts";
import { softmax } from "./softmax.ts";

export const opCases: readonly OpCase[] = [
  ...creation,
  ...pointwise,
  ...shape,
  ...gather,
  ...reduce,
  ...matmul,
  ...conv2d,
  ...pool2d,
  ...softmax,
];
