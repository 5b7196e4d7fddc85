// A network or an op as an ONNX model, with the same weights as everybody's. The form is onnx.proto (protocol buffers, by pbf).
import { PbfWriter } from "pbf";
import { type Conv2d, type Layer, networks, type Pool2d } from "../work/networks.ts";
import { centred, INPUT } from "../work/numbers.ts";
import type { Forward, Single } from "../work/works.ts";
import { product } from "./contender.ts";

/** Numbers of the messages' fields. */
const MODEL = { irVersion: 1, graph: 7, opset: 8 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, op: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, float: 2, int: 3, ints: 8, type: 20 } as const;
const TENSOR = { dim: 1, type: 2, name: 8, raw: 9 } as const;
const VALUE = { name: 1, type: 2 } as const;
const FLOAT = 1;
const KINDS = { float: 1, int: 2, ints: 7 } as const;
const VERSIONS = { ir: 8, opset: 15 } as const;

type Attributes = Readonly<Record<string, number | readonly number[]>>;

/** A graph that grows by nodes; values are named by their number. */
class Graph {
  private readonly pbf = new PbfWriter();
  private values = 0;

  private message(field: number, write: (pbf: PbfWriter) => void): void {
    this.pbf.writeMessage(field, (_: null, inner) => write(inner), null);
  }
  constant(values: Float32Array, shape: readonly number[]): string {
    const name = `v${this.values++}`;
    this.message(GRAPH.initializer, (pbf) => {
      for (const n of shape) pbf.writeVarintField(TENSOR.dim, n);
      pbf.writeVarintField(TENSOR.type, FLOAT);
      pbf.writeStringField(TENSOR.name, name);
      pbf.writeBytesField(TENSOR.raw, new Uint8Array(values.buffer));
    });
    return name;
  }
  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const output = `v${this.values++}`;
    this.message(GRAPH.node, (pbf) => {
      for (const input of inputs) pbf.writeStringField(NODE.input, input);
      pbf.writeStringField(NODE.output, output);
      pbf.writeStringField(NODE.op, op);
      for (const one of Object.entries(attributes)) pbf.writeMessage(NODE.attribute, writeAttribute, one);
    });
    return output;
  }
  /** @param shape of the input */
  finish(input: string, shape: readonly number[], output: string): Uint8Array {
    this.pbf.writeStringField(GRAPH.name, "work");
    this.message(GRAPH.input, (pbf) => writeValue(pbf, input, shape));
    this.message(GRAPH.output, (pbf) => writeValue(pbf, output, undefined));
    const graph = this.pbf.finish();
    const model = new PbfWriter();
    model.writeVarintField(MODEL.irVersion, VERSIONS.ir);
    model.writeBytesField(MODEL.graph, graph);
    const opset = (_: null, pbf: PbfWriter) => {
      pbf.writeStringField(OPSET.domain, "");
      pbf.writeVarintField(OPSET.version, VERSIONS.opset);
    };
    model.writeMessage(MODEL.opset, opset, null);
    return model.finish();
  }
}
function writeAttribute([name, value]: readonly [string, number | readonly number[]], pbf: PbfWriter): void {
  const kind = typeof value !== "number" ? "ints" : Number.isInteger(value) ? "int" : "float";
  pbf.writeStringField(ATTRIBUTE.name, name);
  if (typeof value !== "number") for (const n of value) pbf.writeVarintField(ATTRIBUTE.ints, n);
  else if (kind === "int") pbf.writeVarintField(ATTRIBUTE.int, value);
  else pbf.writeFloatField(ATTRIBUTE.float, value);
  pbf.writeVarintField(ATTRIBUTE.type, KINDS[kind]);
}
/** ValueInfo { name, type: { tensor: { elementType: 1, shape: 2 { dim: 1 { value: 1 } } } } }; a shape may be left open. */
function writeValue(pbf: PbfWriter, name: string, shape: readonly number[] | undefined): void {
  const nested = (outer: PbfWriter, field: number, write: (inner: PbfWriter) => void) =>
    outer.writeMessage(field, (_: null, inner) => write(inner), null);
  pbf.writeStringField(VALUE.name, name);
  nested(pbf, VALUE.type, (type) =>
    nested(type, 1, (tensor) => {
      tensor.writeVarintField(1, FLOAT);
      if (shape)
        nested(tensor, 2, (dims) => {
          for (const n of shape) nested(dims, 1, (dim) => dim.writeVarintField(1, n));
        });
    }),
  );
}

type Windowed = Pick<Conv2d, "kernel" | "stride" | "padding">;
const windowOf = ({ kernel, stride, padding }: Windowed | Pool2d): Attributes => ({
  kernel_shape: [kernel, kernel],
  strides: [stride, stride],
  pads: [padding, padding, padding, padding],
});
function append(graph: Graph, layer: Layer, x: string): string {
  switch (layer.type) {
    case "conv2d": {
      const { in: c, out, kernel, seed, bound, biasBound } = layer;
      const w = graph.constant(centred(seed, out * c * kernel ** 2, bound), [out, c, kernel, kernel]);
      return graph.node("Conv", [x, w, graph.constant(centred(seed + 1, out, biasBound), [out])], windowOf(layer));
    }
    case "linear": {
      const { in: features, out, seed, bound, biasBound } = layer;
      const w = graph.constant(centred(seed, out * features, bound), [out, features]);
      return graph.node("Gemm", [x, w, graph.constant(centred(seed + 1, out, biasBound), [out])], { transB: 1 });
    }
    case "batchNorm2d": {
      const filled = (value: number) => graph.constant(new Float32Array(layer.channels).fill(value), [layer.channels]);
      return graph.node("BatchNormalization", [x, filled(1), filled(0), filled(0), filled(1)], { epsilon: 1e-5 });
    }
    case "dropout":
      return x;
    case "branches":
    case "residual": {
      const ys = layer.ways.map((way) => chain(graph, way, x));
      return layer.type === "branches"
        ? graph.node("Concat", ys, { axis: 1 })
        : graph.node("Relu", [graph.node("Add", ys)]);
    }
    case "maxPool2d":
      return graph.node("MaxPool", [x], windowOf(layer));
    case "avgPool2d":
      return graph.node("AveragePool", [x], windowOf(layer));
    default: {
      const names = {
        relu: "Relu",
        sigmoid: "Sigmoid",
        globalAvgPool2d: "GlobalAveragePool",
        flatten: "Flatten",
      } as const;
      return graph.node(names[layer.type], [x]);
    }
  }
}
const chain = (graph: Graph, layers: readonly Layer[], x: string): string =>
  layers.reduce((y, layer) => append(graph, layer, y), x);

export interface OnnxModel {
  readonly bytes: Uint8Array;
  /** Of the input, which is called "x". */
  readonly shape: readonly number[];
}
export function networkModel({ network, batch }: Forward): OnnxModel {
  const { input, layers } = networks[network];
  const graph = new Graph();
  const shape = [batch, ...input];
  return { bytes: graph.finish("x", shape, chain(graph, layers, "x")), shape };
}
/** Weights are constants, as in inference. */
export function opModel(work: Single): OnnxModel {
  const graph = new Graph();
  const made = (at: number, shape: readonly number[], bound = 0.5) =>
    graph.constant(centred(INPUT + at, product(shape), bound), shape);
  switch (work.op) {
    case "matmul": {
      const shape = [work.m, work.k];
      return { bytes: graph.finish("x", shape, graph.node("MatMul", ["x", made(1, [work.k, work.n])])), shape };
    }
    case "conv2d": {
      const { n, c, h, out, kernel, stride = 1, padding = 0, groups = 1 } = work;
      const inputs = ["x", made(1, [out, c / groups, kernel, kernel], 0.1), made(2, [out])];
      const attributes = { ...windowOf({ kernel, stride, padding }), group: groups };
      return { bytes: graph.finish("x", [n, c, h, h], graph.node("Conv", inputs, attributes)), shape: [n, c, h, h] };
    }
    case "maxPool2d":
    case "avgPool2d": {
      const { n, c, h, kernel, stride = 1, padding = 0 } = work;
      const op = work.op === "maxPool2d" ? "MaxPool" : "AveragePool";
      const y = graph.node(op, ["x"], windowOf({ kernel, stride, padding }));
      return { bytes: graph.finish("x", [n, c, h, h], y), shape: [n, c, h, h] };
    }
    case "softmax": {
      const shape = [work.rows, work.columns];
      return { bytes: graph.finish("x", shape, graph.node("Softmax", ["x"], { axis: 1 })), shape };
    }
    default:
      throw new Error("ONNX Runtime computes forward only");
  }
}
