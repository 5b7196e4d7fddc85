// Receptive fields: which part of the input each place of each layer's result depends on, worked out from the recorded graph
// by one rule an op. Height and width are followed apart from each other.
import type { Shape } from "../dtype.ts";
import { sizeOf } from "../dtype.ts";
import type { Tensor } from "../tensor.ts";
import { graphOf, type Visit } from "./graph.ts";
import type { Module } from "./module.ts";

/** One axis of the image. Place i of the result sees `from[i]` to `to[i]` of the input; nothing if `from` is beyond `to`. */
interface Axis {
  /** Of the field where no edge cuts it: place i sees offset + i·stride to that + size - 1, padding included. */
  readonly size: number;
  readonly stride: number;
  readonly offset: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
}
interface Field {
  /** Height and width. */
  readonly axes: readonly [Axis, Axis];
  /** Which axes of the tensor they are; undefined when all places of the image have been joined. */
  readonly at: readonly [number | undefined, number | undefined];
}
const SIDES = [0, 1] as const;
const both = <T>(f: (side: 0 | 1) => T): [T, T] => [f(0), f(1)];
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

// ---- one axis ----------------------------------------------------------------------------------------------------------
const wholeAxis = (n: number): Axis => ({ size: 1, stride: 1, offset: 0, from: range(n), to: range(n) });
const least = (list: readonly number[]) => list.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (list: readonly number[]) => list.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

/** Each place of the result sees several of `a`: those of `a` that are not there are padding. */
const seeing = (a: Axis, places: readonly (readonly number[])[]): Pick<Axis, "from" | "to"> => ({
  from: places.map((seen) => least(seen.flatMap((i) => a.from[i] ?? []))),
  to: places.map((seen) => most(seen.flatMap((i) => a.to[i] ?? []))),
});
interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly out: number;
}
function slid(a: Axis, { kernel, stride, padding, dilation, out }: Window): Axis {
  const taps = range(kernel).map((t) => t * dilation - padding);
  return {
    size: a.size + dilation * (kernel - 1) * a.stride,
    stride: a.stride * stride,
    offset: a.offset - padding * a.stride,
    ...seeing(
      a,
      range(out).map((i) => taps.map((t) => i * stride + t)),
    ),
  };
}
/** The adjoint: place o is reached by the places i with i·stride + t·dilation - padding = o. */
function spread(a: Axis, { kernel, stride, padding, dilation, out }: Window): Axis {
  const reaching = (o: number) =>
    range(kernel).flatMap((t) => {
      const i = (o + padding - t * dilation) / stride;
      return Number.isInteger(i) ? [i] : [];
    });
  const reach = dilation * (kernel - 1);
  return {
    size: a.size + Math.floor(reach / stride) * a.stride,
    stride: a.stride / stride,
    offset: a.offset + a.stride * Math.ceil((padding - reach) / stride),
    ...seeing(a, range(out).map(reaching)),
  };
}
const joined = (a: Axis): Axis =>
  slid(a, { kernel: a.from.length, stride: a.from.length, padding: 0, dilation: 1, out: 1 });
/** One place that all of the result's see. */
const repeated = (a: Axis, n: number): Axis => ({
  ...a,
  stride: 0,
  from: range(n).map(() => a.from[0]),
  to: range(n).map(() => a.to[0]),
});
function picked(a: Axis, start: number, step: number, n: number): Axis {
  return { ...slid(a, { kernel: 1, stride: step, padding: -start, dilation: 1, out: n }) };
}
/** What is seen by either. */
function union(a: Axis, b: Axis): Axis {
  const n = a.from.length;
  const from = a.from.map((x, i) => Math.min(x, b.from[i]));
  const to = a.to.map((x, i) => Math.max(x, b.to[i]));
  const reach = (x: Axis) => (a.stride === b.stride ? 0 : x.stride * (n - 1)); // strides differ: somebody sees everything
  const offset = Math.min(a.offset, b.offset);
  const end = Math.max(a.offset + a.size + reach(a), b.offset + b.size + reach(b));
  return { size: end - offset, stride: a.stride === b.stride ? a.stride : 0, offset, from, to };
}
function inTurn(parts: readonly Axis[]): Axis {
  const from = parts.flatMap((p) => p.from);
  const to = parts.flatMap((p) => p.to);
  const gap = from.length > 1 ? (from[from.length - 1] - from[0]) / (from.length - 1) : parts[0].stride;
  return { size: most(from.map((f, i) => to[i] - f + 1)), stride: gap, offset: from[0], from, to };
}

// ---- a tensor ----------------------------------------------------------------------------------------------------------
const everything = ({ axes }: Field): Field => ({ axes: both((s) => joined(axes[s])), at: [undefined, undefined] });
const merge = (a: Field, b: Field): Field => {
  const same = SIDES.every((s) => a.at[s] === b.at[s] && a.axes[s].from.length === b.axes[s].from.length);
  const [x, y] = same ? [a, b] : [everything(a), everything(b)];
  return { axes: both((s) => union(x.axes[s], y.axes[s])), at: x.at };
};
/** Each side by a rule of its own; a side that has been joined stays as it is. */
const eachSide = (x: Field, rule: (axis: Axis, at: number, side: 0 | 1) => [Axis, number | undefined]): Field => {
  const made = both((s): [Axis, number | undefined] => {
    const at = x.at[s];
    return at === undefined ? [x.axes[s], undefined] : rule(x.axes[s], at, s);
  });
  return { axes: [made[0][0], made[1][0]], at: [made[0][1], made[1][1]] };
};

// Attributes are the ops' own; each rule names those it reads.
// biome-ignore lint/suspicious/noExplicitAny: an op's attribute type is erased in the recorded graph.
type Rule = (node: Tensor, inputs: readonly Field[], attrs: any) => Field;

const windowRule =
  (
    move: (a: Axis, w: Window) => Axis,
    kernelOf: (node: Tensor, attrs: { kernel: readonly number[] }) => readonly number[],
  ): Rule =>
  (node, [x], attrs) => {
    const kernel = kernelOf(node, attrs);
    // convolutions are padded on four sides, pools on two
    const before = (k: number) => attrs.padding[attrs.padding.length === 4 ? 2 * k : k];
    return eachSide(x, (a, at) => {
      const k = at - 2;
      if (k < 0) return [joined(a), undefined]; // a side of the image in the place of batch or channels
      const dilation = attrs.dilation?.[k] ?? 1;
      const window = { kernel: kernel[k], stride: attrs.stride[k], padding: before(k), dilation, out: node.shape[at] };
      return [move(a, window), at];
    });
  };
const weightSize = (node: Tensor) => node.inputs[1].shape.slice(2);
const ownKernel = (_: Tensor, { kernel }: { kernel: readonly number[] }) => kernel;

const reduction: Rule = (_, [x], attrs) => {
  const axes: readonly number[] = attrs.axes ?? [attrs.axis];
  return eachSide(x, (a, at) =>
    axes.includes(at) ? [joined(a), undefined] : [a, at - axes.filter((axis) => axis < at).length],
  );
};
/** Every place along the axis sees all of them. */
const alongAxis: Rule = (node, [x], attrs) =>
  eachSide(x, (a, at) => (attrs.axis === at ? [repeated(joined(a), node.shape[at]), at] : [a, at]));
const pointwise: Rule = (_, inputs) => inputs.reduce(merge);
const mixing: Rule = (_, inputs) => inputs.map(everything).reduce(merge);

const rules: Readonly<Record<string, Rule>> = {
  conv2d: windowRule(slid, weightSize),
  conv2dGradInput: windowRule(spread, weightSize),
  maxPool2d: windowRule(slid, ownKernel),
  maxPool2dIndices: windowRule(slid, ownKernel),
  avgPool2d: windowRule(slid, ownKernel),
  sum: reduction,
  prod: reduction,
  max: reduction,
  min: reduction,
  argmax: reduction,
  argmin: reduction,
  softmax: alongAxis,
  logSoftmax: alongAxis,
  slice: (node, [x], { starts, steps }) =>
    eachSide(x, (a, at) => [picked(a, starts[at], steps[at], node.shape[at]), at]),
  pad: (node, [x], { before, interior }) =>
    eachSide(x, (a, at) => [
      spread(a, { kernel: 1, stride: interior[at] + 1, padding: -before[at], dilation: 1, out: node.shape[at] }),
      at,
    ]),
  flip: (node, [x], { axes }) =>
    eachSide(x, (a, at) =>
      axes.includes(at)
        ? [
            {
              ...a,
              stride: -a.stride,
              offset: a.offset + a.stride * (node.shape[at] - 1),
              from: a.from.toReversed(),
              to: a.to.toReversed(),
            },
            at,
          ]
        : [a, at],
    ),
  permute: (_, [x], { axes }) => eachSide(x, (a, at) => [a, axes.indexOf(at)]),
  expand: (node, [x]) => {
    const added = node.shape.length - node.inputs[0].shape.length;
    return eachSide(x, (a, at) => {
      const n = node.shape[at + added];
      return [n === a.from.length ? a : repeated(a, n), at + added];
    });
  },
  /** An axis survives if as many elements stand before it and it has the same size. */
  reshape: (node, [x]) => {
    const old = node.inputs[0].shape;
    const before = (shape: Shape, axis: number) => sizeOf(shape.slice(0, axis));
    return eachSide(x, (a, at) => {
      const to = node.shape.findIndex((n, i) => n === old[at] && before(node.shape, i) === before(old, at));
      return to < 0 ? [joined(a), undefined] : [a, to];
    });
  },
  cat: (node, inputs, { axis }) => {
    const [first] = inputs;
    const complete = inputs.length === node.inputs.length && inputs.every((x) => `${x.at}` === `${first.at}`);
    if (!first.at.includes(axis)) return pointwise(node, inputs, {});
    if (!complete) return mixing(node, inputs, {});
    return eachSide(first, (a, at, s) => [
      at === axis ? inTurn(inputs.map((x) => x.axes[s])) : inputs.map((x) => x.axes[s]).reduce(union, a),
      at,
    ]);
  },
  matmul: mixing,
  gather: mixing,
  scatterAdd: mixing,
};
function ruleOf(node: Tensor): Rule {
  const rule = rules[node.op!.name];
  if (rule) return rule;
  return node.inputs.every((x) => `${x.shape}` === `${node.shape}`) ? pointwise : mixing;
}

/** A side that was joined into one place is found again where an axis of one place stands: means that keep their axes. */
function located({ axes, at }: Field, shape: Shape): Field {
  const found = (s: 0 | 1) => {
    const axis = shape.length - 2 + s;
    return at[s] ?? (shape.length > 2 && shape[axis] === 1 && axes[s].from.length === 1 ? axis : undefined);
  };
  return { axes, at: both(found) };
}
/** The field of everything that depends on the input; nothing for an input that is not an image. */
export function fieldsOf(input: Tensor, nodes: readonly Tensor[]): ReadonlyMap<Tensor, Field> {
  const fields = new Map<Tensor, Field>();
  if (input.ndim < 3) return fields;
  const at = [input.ndim - 2, input.ndim - 1] as const;
  fields.set(input, { axes: both((s) => wholeAxis(input.shape[at[s]])), at });
  for (const node of nodes) {
    const inputs = node.inputs.flatMap((x) => fields.get(x) ?? []);
    if (inputs.length) fields.set(node, located(ruleOf(node)(node, inputs, node.attrs), node.shape));
  }
  return fields;
}

/** Rows and columns of the input, both ends included. */
export interface Region {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}
export interface LayerField {
  /** Path in the model, `features.0`. */
  readonly name: string;
  readonly type: string;
  /** Shape of the result. */
  readonly output: Shape;
  /** Height and width of what one place of the result sees, padding included. */
  readonly size: readonly [number, number];
  /** How far the fields of two neighbours lie apart; 0 if all see the same. */
  readonly stride: readonly [number, number];
  /** Where the field of the first place begins; negative in the padding. */
  readonly offset: readonly [number, number];
  /** What a place of the result sees of the image itself: the smallest rectangle around it; undefined if it sees only padding. */
  at(row: number, column: number): Region | undefined;
}

function seenAt({ axes, at }: Field, row: number, column: number): Region | undefined {
  const seen = (s: 0 | 1, i: number): [number, number] => {
    const place = at[s] === undefined ? 0 : i;
    const { from, to } = axes[s];
    if (!(place in from))
      throw new Error(
        `receptiveField: ${s ? "column" : "row"} ${i} is outside the result, which has ${from.length}; use 0 to ${from.length - 1}`,
      );
    return [from[place], to[place]];
  };
  const [rows, columns] = [seen(0, row), seen(1, column)];
  return rows[0] > rows[1] || columns[0] > columns[1] ? undefined : { rows, columns };
}
const leaves = (v: Visit): Visit[] => (v.children.length ? v.children.flatMap(leaves) : [v]);

/**
 * What each layer sees of the input: layers without layers inside, in the order in which they run, and the model itself last
 * (name ""). Worked out through any graph of convolutions, pools, concatenations, skips and pointwise functions: window by
 * window, size += dilation·(kernel - 1)·stride, stride *= the window's, offset -= padding·stride; of branches that meet, what
 * either sees. Where elements of all places are mixed (Linear after Flatten, a global average), all of the image is seen.
 * Araujo, Norris & Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019.
 * @param inputShape of one input with its batch, such as [1, 1, 28, 28].
 * @throws if the input is not an image.
 */
export function receptiveField(model: Module, inputShape: Shape): LayerField[] {
  if (inputShape.length < 3)
    throw new Error(
      `receptiveField: the input is [${inputShape}], but only images have receptive fields; pass [batch, channels, height, width]`,
    );
  const { input, root } = graphOf(model, inputShape);
  const fields = fieldsOf(input, root.nodes);
  const inner = leaves(root).filter((v) => v !== root);
  return [...inner, root].flatMap((visit): LayerField[] => {
    const field = fields.get(visit.output);
    if (!field) return [];
    const pair = (key: "size" | "stride" | "offset") => both((s) => field.axes[s][key]);
    return [
      {
        name: visit.name,
        type: visit.module.constructor.name,
        output: visit.output.shape,
        size: pair("size"),
        stride: pair("stride"),
        offset: pair("offset"),
        at: (row, column) => seenAt(field, row, column),
      },
    ];
  });
}
