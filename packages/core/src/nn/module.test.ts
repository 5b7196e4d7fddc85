// Module by itself: what is found, under which names, how it prints, and what the errors say. Needs no device.
import { describe, expect, test } from "vitest";
import { Cell } from "../cell.ts";
import { leafOf, type Tensor } from "../tensor.ts";
import * as nn from "./index.ts";

const leaf = (...shape: number[]): Tensor =>
  leafOf(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape, "float32");
const identity = (x: Tensor): Tensor => x;

class Block extends nn.Module {
  conv = new nn.Conv2d(1, 2, 3);
  scale = new nn.Parameter(leaf(2));
  mean = new nn.Buffer(leaf(3));
  layers = [new nn.Linear(2, 3), new nn.ReLU(), new nn.Linear(3, 1, { bias: false })];
  note = "not a member";
  forward = identity;
}

describe("registration by assignment", () => {
  const block = new Block();
  test("a module's own parameters come before its children's, each in the order of assignment", () => {
    expect(block.namedParameters().map(([name]) => name)).toEqual([
      "scale",
      "conv.weight",
      "conv.bias",
      "layers.0.weight",
      "layers.0.bias",
      "layers.2.weight",
    ]);
    expect(block.namedBuffers().map(([name]) => name)).toEqual(["mean"]);
    expect(block.namedChildren().map(([name]) => name)).toEqual(["conv", "layers.0", "layers.1", "layers.2"]);
    expect(block.namedModules().map(([name]) => name)).toEqual(["", "conv", "layers.0", "layers.1", "layers.2"]);
    expect(block.numParameters()).toBe(2 + 18 + 2 + 6 + 3 + 3);
  });
  test("parameters learn their paths, for errors", () => {
    block.parameters();
    expect(block.conv.weight.name).toBe("conv.weight");
    block.conv.parameters(); // asked for from below: the longer name stays
    expect(block.conv.weight.name).toBe("conv.weight");
  });
  test("a shared module or parameter counts once", () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2, { bias: false });
      b = this.a;
      again = this.a.weight;
      forward = identity;
    }
    const tied = new Tied();
    expect(tied.namedParameters().map(([name]) => name)).toEqual(["again"]);
    expect(tied.children()).toHaveLength(1);
    expect(tied.modules()).toHaveLength(2);
  });
  test("only Parameters and Buffers are state, not other cells or tensors", () => {
    class Plain extends nn.Module {
      cell = new Cell("c", leaf(1));
      constant = leaf(2);
      forward = identity;
    }
    expect(new Plain().parameters()).toEqual([]);
    expect(new Plain().buffers()).toEqual([]);
  });
  test("a module that contains itself is an error, not an endless loop", () => {
    class Loop extends nn.Module {
      self: nn.Module = this;
      forward = identity;
    }
    expect(() => new Loop().modules()).toThrow(
      "modules: Loop contains itself, at self; hold what is above a module in a #private property",
    );
  });
});

test("train, eval and apply reach every module, children first", () => {
  const net = new nn.Sequential(new nn.Dropout(), new nn.Sequential(new nn.ReLU()));
  expect(
    net
      .eval()
      .modules()
      .map((m) => m.training),
  ).toEqual([false, false, false, false]);
  expect(net.train()).toBe(net);
  expect(net.modules().every((m) => m.training)).toBe(true);
  const seen: string[] = [];
  net.apply((m) => seen.push(m.constructor.name));
  expect(seen).toEqual(["Dropout", "ReLU", "Sequential", "Sequential"]);
});

test("ModuleDict holds modules by name; registerBuffer and registerParameter are assignment", () => {
  class Net extends nn.Module {
    readonly parts = new nn.ModuleDict({ left: new nn.Linear(2, 3), right: new nn.ReLU() });
    constructor() {
      super();
      this.registerBuffer("mean", leaf(2));
      this.registerParameter("scale", leaf(4));
    }
    forward = identity;
  }
  const net = new Net();
  expect(net.namedParameters().map(([name]) => name)).toEqual(["scale", "parts.left.weight", "parts.left.bias"]);
  expect(net.namedBuffers().map(([name]) => name)).toEqual(["mean"]);
  expect([net.parts.keys(), net.parts.has("left"), net.parts.length]).toEqual([["left", "right"], true, 2]);
  expect(net.parts.get("right")).toBeInstanceOf(nn.ReLU);
  expect(`${net.parts}`).toContain("(right): ReLU()");
  expect(() => net.parts.get("top")).toThrow("ModuleDict: there is no module top; there are left, right; add it");
  expect(() => net.parts.forward()).toThrow("ModuleDict: it has no forward()");
  expect(() => net.registerBuffer("parts", leaf(1))).toThrow("Net: it has a member called parts already");
});

describe("Sequential and ModuleList", () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU());
  test("by index, from the end, in a loop, and grown", () => {
    expect(net[1]).toBeInstanceOf(nn.ReLU);
    expect(net.at(-1)).toBe(net[1]);
    expect([...net]).toEqual(net.children());
    expect(net.length).toBe(2);
    expect(new nn.Sequential(new nn.ReLU()).append(new nn.Tanh()).length).toBe(2);
    expect(new nn.ModuleList([new nn.ReLU()])[0]).toBeInstanceOf(nn.ReLU);
  });
  test("names instead of numbers", () => {
    const named = new nn.Sequential({ conv: new nn.Conv2d(1, 1, 1), act: new nn.ReLU() });
    expect(named.namedParameters().map(([name]) => name)).toEqual(["conv.weight", "conv.bias"]);
  });
  test("a module that was put in twice is used twice, as in PyTorch", () => {
    const seen: Tensor[] = [];
    class Spy extends nn.Module {
      override forward(x: Tensor): Tensor {
        seen.push(x);
        return x;
      }
    }
    const spy = new Spy();
    const twice = new nn.Sequential(spy, new nn.Identity(), spy);
    twice.forward(leaf(1));
    expect(seen).toHaveLength(2);
    expect([twice.length, twice.at(-1), [...twice].length]).toEqual([3, spy, 3]);
    expect(twice.children()).toHaveLength(2);
    expect(twice.append(spy).length).toBe(4);
    expect(new nn.ModuleDict({ a: spy, b: spy }).get("b")).toBe(spy);
  });
  test("errors", () => {
    expect(() => new nn.Sequential(nn.ReLU as never)).toThrow(
      "Sequential: 0 is a class or function, but its parts are modules; write new nn.ReLU(), say",
    );
    expect(() => new nn.Sequential({ forward: new nn.ReLU() })).toThrow(
      "Sequential: a child cannot be called forward, because Sequential has a member of that name; choose another",
    );
    expect(() => new nn.ModuleList([]).forward()).toThrow("ModuleList: a list has no forward()");
  });
});

describe("arguments", () => {
  test("by position, by name, and mixed, as in Python", () => {
    const printed = "Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))";
    expect(String(new nn.Conv2d(1, 6, 5, { padding: 2 }))).toBe(printed);
    expect(String(new nn.Conv2d(1, 6, { kernelSize: 5, padding: 2 }))).toBe(printed);
    expect(String(new nn.Conv2d({ inChannels: 1, outChannels: 6, kernelSize: 5, padding: 2 }))).toBe(printed);
    expect(String(new nn.Conv2d(1, 6, 5, 1, 2))).toBe(printed);
  });
  test("what is not known, twice, too many or not a size", () => {
    expect(() => new nn.Conv2d(1, 6, 5, { stide: 2 } as never)).toThrow(
      "Conv2d: there is no argument stide; it takes inChannels, outChannels, kernelSize, stride, padding, dilation, groups, bias",
    );
    expect(() => new nn.Conv2d(1, 6, 5, { kernelSize: 3 } as never)).toThrow(
      "Conv2d: kernelSize was given twice, by position and by name; give it once",
    );
    expect(() => new nn.Linear(...([1, 2, true, 3] as unknown as [number, number]))).toThrow(
      "Linear: 4 arguments were given but it takes 3",
    );
    expect(() => new nn.Linear(3, 0)).toThrow("Linear: outFeatures is 0 but must be a whole number from 1; pass one");
    expect(() => new nn.Conv2d(3, 4, [2, 1.5])).toThrow("Conv2d: kernelSize is 1.5 but must be a whole number from 1");
    expect(() => new nn.Conv2d(3, 4, 1, { groups: 2 })).toThrow("Conv2d: 3 input channels do not divide into 2 groups");
    expect(() => new nn.Conv2d(4, 3, 1, { groups: 2 })).toThrow(
      "Conv2d: 3 output channels do not divide into 2 groups",
    );
    expect(() => new nn.GroupNorm(2, 3)).toThrow(
      "GroupNorm: 3 channels do not divide into 2 groups; use a multiple of 2",
    );
    expect(() => new nn.Dropout(1.5)).toThrow("Dropout: p is 1.5 but is a probability; pass a number from 0 to 1");
    expect(() => new nn.Softmax()).toThrow(
      "Softmax: dim is not given; name the axis that sums to one, new nn.Softmax(1)",
    );
    expect(() => new nn.MaxPool2d({} as never)).toThrow(
      "MaxPool2d: kernelSize is not given; pass the size of the window, new nn.MaxPool2d(2)",
    );
  });
});

describe("lazy layers", () => {
  test("have no parameters yet, and say so", () => {
    const net = new nn.Sequential(new nn.LazyConv2d(2, 3), new nn.LazyLinear(4, { bias: false }));
    expect(() => net.parameters()).toThrow(
      "parameters: 0.weight, 0.bias of LazyConv2d has no shape before its first input; run one batch through the model first, model.forward(x)",
    );
    expect(() => net.loadStateDict({})).toThrow("loadStateDict: 0.weight, 0.bias of LazyConv2d has no shape");
    expect(() => nn.init.xavierUniform((net[1] as nn.Linear).weight)).toThrow(
      "xavierUniform: the tensor is undefined; a lazy layer has no weight before its first input",
    );
  });
  test("Conv2d and BatchNorm2d without a size are lazy too", () => {
    expect(String(new nn.Conv2d({ outChannels: 6, kernelSize: 5 }))).toBe(
      "LazyConv2d(0, 6, kernel_size=(5, 5), stride=(1, 1))",
    );
    expect(() => new nn.BatchNorm2d({}).buffers()).toThrow(
      "buffers: weight, running_mean, running_var of LazyBatchNorm2d",
    );
  });
});

/** `repr` of the same modules by PyTorch 2.15.0. */
const printed: [nn.Module, string][] = [
  [
    new nn.Conv2d(4, 6, [3, 5], { stride: [2, 1], dilation: 2, groups: 2, bias: false }),
    "Conv2d(4, 6, kernel_size=(3, 5), stride=(2, 1), dilation=(2, 2), groups=2, bias=False)",
  ],
  [new nn.Conv2d(1, 6, 3, { padding: "same" }), "Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1), padding=same)"],
  [
    new nn.ConvTranspose2d(2, 4, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2, dilation: 2 }),
    "ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(2, 2), output_padding=(1, 1), groups=2)",
  ],
  [new nn.LazyConv2d(6, 5), "LazyConv2d(0, 6, kernel_size=(5, 5), stride=(1, 1))"],
  [new nn.LazyLinear(4), "LazyLinear(in_features=0, out_features=4, bias=True)"],
  [new nn.Linear(3, 4, { bias: false }), "Linear(in_features=3, out_features=4, bias=False)"],
  [
    new nn.MaxPool2d(3, 2, { padding: 1, ceilMode: true }),
    "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=True)",
  ],
  [
    new nn.MaxPool2d([2, 3], { padding: [0, 1] }),
    "MaxPool2d(kernel_size=(2, 3), stride=(2, 3), padding=(0, 1), dilation=1, ceil_mode=False)",
  ],
  [new nn.AvgPool2d(2), "AvgPool2d(kernel_size=2, stride=2, padding=0)"],
  [new nn.AdaptiveAvgPool2d([1, null]), "AdaptiveAvgPool2d(output_size=(1, None))"],
  [new nn.AdaptiveAvgPool2d(2), "AdaptiveAvgPool2d(output_size=2)"],
  [new nn.BatchNorm1d(3), "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"],
  [
    new nn.BatchNorm2d(6, { eps: 1e-3, momentum: null, affine: false, trackRunningStats: false }),
    "BatchNorm2d(6, eps=0.001, momentum=None, affine=False, bias=False, track_running_stats=False)",
  ],
  [
    new nn.LazyBatchNorm2d(),
    "LazyBatchNorm2d(0, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
  ],
  [new nn.LayerNorm(10), "LayerNorm((10,), eps=1e-05, elementwise_affine=True, bias=True)"],
  [
    new nn.LayerNorm([2, 3], { elementwiseAffine: false }),
    "LayerNorm((2, 3), eps=1e-05, elementwise_affine=False, bias=False)",
  ],
  [new nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)"],
  [new nn.LocalResponseNorm(5), "LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)"],
  [new nn.LocalResponseNorm(5, { alpha: 1e-5, k: 2 }), "LocalResponseNorm(5, alpha=1e-05, beta=0.75, k=2)"],
  [new nn.Dropout(), "Dropout(p=0.5, inplace=False)"],
  [new nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"],
  [new nn.Identity(54, { unused: true }), "Identity()"],
  [new nn.Tanh(), "Tanh()"],
  [new nn.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"],
  [new nn.ELU(), "ELU(alpha=1.0)"],
  [new nn.GELU(), "GELU(approximate='none')"],
  [new nn.SiLU(), "SiLU()"],
  [new nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"],
  [new nn.Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"],
  [new nn.Hardtanh(-2, 0.5), "Hardtanh(min_val=-2, max_val=0.5)"],
  [new nn.LogSigmoid(), "LogSigmoid()"],
  [new nn.Softsign(), "Softsign()"],
  [new nn.ReLU6(), "ReLU6()"],
  [new nn.Softmax({ dim: 1 }), "Softmax(dim=1)"],
  [new nn.LogSoftmax(-1), "LogSoftmax(dim=-1)"],
  [new nn.CrossEntropyLoss(), "CrossEntropyLoss()"],
  [
    new nn.ModuleList([
      new nn.Linear(2, 2),
      new nn.Linear(2, 2),
      new nn.ReLU(),
      new nn.Sequential(new nn.ReLU(), new nn.Tanh()),
      new nn.Sequential(new nn.ReLU(), new nn.Tanh()),
    ]),
    `ModuleList(
  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)
  (2): ReLU()
  (3-4): 2 x Sequential(
    (0): ReLU()
    (1): Tanh()
  )
)`,
  ],
];
test.each(printed)("prints as PyTorch does: %s", (module, expected) => {
  expect(module.toString()).toBe(expected);
});
