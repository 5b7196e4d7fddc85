// summary(): what it counts, shows and draws, without a device and without leaving a trace in the model.
import { expect, test } from "vitest";
import { add, cat, conv2d, matmul, relu } from "../ops/functions.ts";
import { randomState } from "../random.ts";
import type { Tensor } from "../tensor.ts";
import * as nn from "./index.ts";

class Block extends nn.Module {
  conv = new nn.Conv2d(2, 2, 3, { padding: 1 });
  norm = new nn.BatchNorm2d(2);
  override forward(x: Tensor): Tensor {
    return cat([relu(add(this.norm.forward(this.conv.forward(x)), x)), x], 1);
  }
}
const net = () =>
  new nn.Sequential({
    stem: new nn.Conv2d(1, 2, 3, { stride: 2 }),
    block: new Block(),
    drop: new nn.Dropout(),
    flat: new nn.Flatten(),
    fc: new nn.Linear(4 * 3 * 3, 5),
  });

test("layers, totals and receptive fields, as JSON", () => {
  const json = JSON.parse(JSON.stringify(nn.summary(net(), [2, 1, 7, 7])));
  const macs = { stem: 2 * 2 * 9 * 9, conv: 2 * 2 * 9 * 2 * 9, fc: 2 * 5 * 36 };
  expect(json).toMatchObject({
    input: [2, 1, 7, 7],
    parameters: 20 + 38 + 4 + 185,
    macs: macs.stem + macs.conv + macs.fc,
  });
  expect(json.layers).toEqual([
    { name: "stem", type: "Conv2d", output: [2, 2, 3, 3], parameters: 20, macs: macs.stem, receptiveField: [3, 3] },
    {
      name: "block.conv",
      type: "Conv2d",
      output: [2, 2, 3, 3],
      parameters: 38,
      macs: macs.conv,
      receptiveField: [7, 7],
    },
    { name: "block.norm", type: "BatchNorm2d", output: [2, 2, 3, 3], parameters: 4, macs: 0, receptiveField: [7, 7] },
    { name: "drop", type: "Dropout", output: [2, 4, 3, 3], parameters: 0, macs: 0, receptiveField: [7, 7] },
    { name: "flat", type: "Flatten", output: [2, 36], parameters: 0, macs: 0, receptiveField: [11, 11] },
    { name: "fc", type: "Linear", output: [2, 5], parameters: 185, macs: macs.fc, receptiveField: [11, 11] },
  ]);
});
test("as a table; depth", () => {
  expect(String(nn.summary(net(), [1, 1, 7, 7], { depth: 1 }))).toBe(
    [
      "layer                output shape  parameters  multiply-adds  receptive field",
      "(model): Sequential  [1, 5]               247            666          11 x 11",
      "  stem: Conv2d       [1, 2, 3, 3]          20            162            3 x 3",
      "  block: Block       [1, 4, 3, 3]          42            324            7 x 7",
      "  drop: Dropout      [1, 4, 3, 3]           0              0            7 x 7",
      "  flat: Flatten      [1, 36]                0              0          11 x 11",
      "  fc: Linear         [1, 5]               185            180          11 x 11",
      "",
      "input [1, 1, 7, 7]",
      "parameters 1008 B; a forward pass takes 1.5 KiB",
      "fully connected layers in the place of the convolutions would have 1,206 weights",
      "a training step takes 2.8 KiB, of which 636 B are kept for the gradients",
    ].join("\n"),
  );
});
test("as a Mermaid flow chart: layers, and ops where paths meet", () => {
  expect(nn.summary(net(), [1, 1, 7, 7]).toMermaid()).toBe(
    [
      "flowchart TD",
      '  input(["input 1×7×7"])',
      '  n0["stem<br/>Conv2d<br/>2×3×3"]',
      '  n1["block.conv<br/>Conv2d<br/>2×3×3"]',
      '  n2["block.norm<br/>BatchNorm2d<br/>2×3×3"]',
      '  n4["flat<br/>Flatten<br/>36"]',
      '  n5["fc<br/>Linear<br/>5"]',
      '  j0(("add"))',
      '  j1(("cat"))',
      '  output(["output 5"])',
      "  input --> n0",
      "  n0 --> n1",
      "  n1 --> n2",
      "  n2 --> j0",
      "  n0 --> j0",
      "  j0 --> j1",
      "  n0 --> j1",
      "  j1 --> n4",
      "  n4 --> n5",
      "  n5 --> output",
    ].join("\n"),
  );
});
test("functions called in a module's own forward count as its", () => {
  class Own extends nn.Module {
    kernel = nn.init.filledParameter([3, 1, 2, 2], 1);
    matrix = nn.init.filledParameter([4, 6], 1);
    override forward(x: Tensor): Tensor {
      return matmul(conv2d(x, this.kernel).reshape([-1, 4]), this.matrix);
    }
  }
  expect(nn.summary(new Own(), [1, 1, 3, 3]).macs).toBe(3 * 4 * 4 + 3 * 6 * 4);
});
test("the model is as it was: modes, running statistics, the random stream", () => {
  const model = net();
  const block = model.children()[1] as Block;
  block.norm.eval();
  const before = randomState();
  nn.summary(model, [3, 1, 7, 7]);
  expect([model.training, block.training, block.norm.training]).toEqual([true, true, false]);
  expect(block.norm.runningMean!.version).toBe(1);
  expect(randomState()).toEqual(before);
  expect(Object.keys(model)).not.toContain("forward");
});
test("memory: values live from where they are made to where they are last used", () => {
  // one multiplication by a matrix of [4, 4] on [2, 4]: parameters 64, input 32, result 32 bytes
  const layer = new nn.Linear(4, 4, { bias: false });
  const { memory } = nn.summary(layer, [2, 4]);
  expect(memory).toMatchObject({ parameters: 64, inference: 64 + 32 + 32, activations: 0 });
  // loss and its gradient are scalars; the gradient of the result [2, 4], and of the weight [4, 4]
  expect(memory.training).toBeGreaterThanOrEqual(64 + 32 + 32 + 64);
  expect(memory.training).toBeLessThan(64 + 32 + 32 + 64 + 64);
  const deep = nn.summary(new nn.Sequential(layer, new nn.Sigmoid(), new nn.Linear(4, 4)), [2, 4]).memory;
  expect(deep.activations).toBe(32); // the sigmoid's result
  expect(nn.summary(new nn.BatchNorm1d(3), [1, 3]).memory.training).toBeUndefined();
  expect(String(nn.summary(new nn.BatchNorm1d(3), [1, 3]))).toContain("a training step takes not possible");
});
test("the number of parameters of a convolution and of a fully connected layer", () => {
  expect(nn.convParameterCount(3, 16, [5, 3])).toBe(3 * 16 * 5 * 3);
  expect(nn.convParameterCount(4, 8, 3, { groups: 4, bias: true })).toBe(
    new nn.Conv2d(4, 8, 3, { groups: 4 }).numParameters(),
  );
  expect(nn.fullyConnectedParameterCount([1, 28, 28], [6, 24, 24])).toBe(1 * 28 * 28 * 6 * 24 * 24);
  const linear = new nn.Linear(2 * 3 * 4, 5 * 2 * 2);
  expect(nn.fullyConnectedParameterCount([2, 3, 4], [5, 2, 2], { bias: true })).toBe(linear.numParameters());
  expect(nn.summary(new nn.Conv2d(1, 6, 5), [4, 1, 28, 28]).fullyConnected).toBe(28 * 28 * 6 * 24 * 24);
});
