// Layout: images that convolutions work on lie channels-last inside a program, [N,H,W,C], where kernels read all channels of a
// pixel in one go; what comes in and goes out stays NCHW. The pass changes nothing but shapes, axes and attributes: an image that
// lies channels-last is an ordinary array of another shape. Where the two worlds meet there is a `permute`.
import type { Shape, Spec } from "@lamina/core";
import type { Node } from "@lamina/core/passes";
import type { ConvAttrs } from "./kernels/convolution.ts";
import { hasEmpty, type WindowAttrs, windowsOf } from "./kernels/windows.ts";
import type { Winograd } from "./kernels/winograd.ts";
import { freeSlot, producersOf } from "./slots.ts";

export interface LayoutOptions {
  readonly isPointwise: (op: string) => boolean;
  readonly winograd: Winograd;
}

/** Which axis of [N,C,H,W] is at each place of [N,H,W,C], and back. */
const TO_LAST = [0, 2, 3, 1];
const TO_FIRST = [0, 3, 1, 2];
const pick = <T>(list: readonly T[], axes: readonly number[]): T[] => axes.map((a) => list[a]);
const rank4 = ({ shape }: Spec): boolean => shape.length === 4;
/** Whether both layouts are the same bytes. */
const isBoth = ([, c, h, w]: Shape): boolean => c === 1 || h * w === 1;

/** Fewer channels than this are no lanes to fill. */
const FEW = 8;
/** As many fit into a kernel that reads NCHW. */
const VERY_FEW = 4;

/** How a node takes part. `images` are the inputs that it reads channels-last. */
interface Role {
  readonly images: readonly number[];
  /** Its result is an image. */
  readonly makes: boolean;
  /** Worth changing the layout for. */
  readonly wants: boolean;
  /** As it is in the other layout. */
  turned(node: Node): Node;
}

type Rule = (node: Node, producers: ReadonlyMap<number, Node>, options: LayoutOptions) => Role | undefined;

const turnedSpec = ({ shape, dtype }: Spec): Spec => ({ shape: pick(shape, TO_LAST), dtype });
const turnedInputs = ({ inputSpecs }: Node, images: readonly number[]): Spec[] =>
  inputSpecs.map((spec, i) => (images.includes(i) ? turnedSpec(spec) : spec));

/** The usual role: some inputs and maybe the result turned, attributes changed. */
function role(images: readonly number[], makes: boolean, wants: boolean, attrs: (node: Node) => object): Role {
  return {
    images,
    makes,
    wants,
    turned: (node) => ({
      ...node,
      attrs: attrs(node),
      inputSpecs: turnedInputs(node, images),
      spec: makes ? turnedSpec(node.spec) : node.spec,
    }),
  };
}

const isSimple = ({ groups, padding, dilation }: ConvAttrs, [, , kh, kw]: Shape): boolean =>
  groups === 1 && padding.every((p, i) => p <= ((i < 2 ? kh : kw) - 1) * dilation[i >> 1]);

/** The channels in and out decide: many on both sides, or very few in and many out, which is a network's first layer. */
function convolution(
  node: Node,
  channels: number,
  filters: number,
  kernel: Shape,
  image: readonly number[],
  { winograd }: LayoutOptions,
): Role | undefined {
  const attrs = node.attrs as ConvAttrs;
  const makes = node.op !== "conv2dGradWeight";
  if (isDepthwise(attrs, channels, filters)) {
    const layout = { ...attrs, layout: { channelsLast: true, winograd } };
    return role(image, makes, false, () => layout);
  }
  if (!isSimple(attrs, kernel) || filters < FEW) return undefined;
  const channelsLast = channels >= FEW;
  if (!channelsLast && channels > VERY_FEW) return undefined;
  const layout = { ...attrs, layout: { channelsLast, winograd } };
  return role(channelsLast ? image : image.slice(1), makes, true, () => layout);
}
/** A kernel for each channel: as good in either layout, but for what is around it. */
const isDepthwise = ({ groups }: ConvAttrs, channels: number, filters: number): boolean =>
  groups >= FEW && groups === channels && groups === filters;

const rules: Readonly<Record<string, Rule>> = {
  conv2d: (node, _, options) => {
    const [{ shape: x }, { shape: w }] = node.inputSpecs;
    return convolution(node, x[1], w[0], w, [0], options);
  },
  conv2dGradInput: (node, _, options) => {
    const [, { shape: w }] = node.inputSpecs;
    const { groups } = node.attrs as ConvAttrs;
    const channels = w[1] * groups;
    return channels < FEW ? undefined : convolution(node, channels, w[0], w, [0], options);
  },
  conv2dGradWeight: (node, _, options) => {
    const [{ shape: x }, { shape: dy }] = node.inputSpecs;
    return convolution(node, x[1], dy[1], node.spec.shape, [0, 1], options);
  },
  avgPool2d: pooling,
  avgPool2dGrad: pooling,
  maxPool2d: pooling,
  maxPool2dIndices: pooling,
  // the kernel must know the windows, and looks for an index in its window only
  maxPool2dGrad: ({ inputs: [, indices], inputSpecs: [dy], spec }, producers) => {
    const source = producers.get(indices);
    if (source?.op !== "maxPool2dIndices" || !rank4(dy)) return undefined;
    if (hasEmpty(windowsOf(spec.shape, dy.shape, source.attrs as WindowAttrs))) return undefined;
    return role([0, 1], true, false, ({ attrs }) => ({ ...attrs, windows: source.attrs }));
  },
  cat: ({ inputs }) =>
    role([...inputs.keys()], true, false, ({ attrs }) => ({
      axis: TO_LAST.indexOf((attrs as { axis: number }).axis),
    })),
  slice: () => role([0], true, false, ({ attrs }) => turnedLists(attrs)),
  pad: () => role([0], true, false, ({ attrs }) => turnedLists(attrs)),
  sum: reduction,
  max: reduction,
  min: reduction,
};
function pooling(): Role {
  return role([0], true, false, ({ attrs }) => ({ ...attrs, channelsLast: true }));
}
/** Attributes that are a number for each axis. */
const turnedLists = (attrs: object): object =>
  Object.fromEntries(Object.entries(attrs).map(([name, list]) => [name, pick(list as number[], TO_LAST)]));

/** The axes that stay must be in the same order in both layouts. */
function reduction({ inputSpecs: [x], attrs }: Node): Role | undefined {
  const { axes } = attrs as { axes: readonly number[] };
  if (!rank4(x)) return undefined;
  const kept = [0, 1, 2, 3].filter((a) => !axes.includes(a)).map((a) => TO_LAST.indexOf(a));
  if (kept.some((a, i) => i > 0 && a < kept[i - 1])) return undefined;
  return role([0], false, false, () => ({ axes: axes.map((a) => TO_LAST.indexOf(a)).sort((a, b) => a - b) }));
}

const pointwise: Rule = ({ inputSpecs, spec }) => {
  if (!rank4(spec) || !inputSpecs.every(rank4)) return undefined;
  return role([...inputSpecs.keys()], true, false, ({ attrs }) => attrs);
};
/** What is broadcast gets four axes. It is turned itself only if its layouts differ. */
const expand: Rule = ({ inputSpecs: [x], spec }) => {
  if (!rank4(spec)) return undefined;
  const shape = [...new Array<number>(4 - x.shape.length).fill(1), ...x.shape];
  if (x.shape.length < 4 && !isBoth(shape)) return undefined;
  return {
    images: x.shape.length === 4 ? [0] : [],
    makes: true,
    wants: false,
    turned: (node) => ({
      ...node,
      attrs: { shape: pick(spec.shape, TO_LAST) },
      inputSpecs: [{ shape: pick(shape, TO_LAST), dtype: x.dtype }],
      spec: turnedSpec(node.spec),
    }),
  };
};

function roleOf(node: Node, producers: ReadonlyMap<number, Node>, options: LayoutOptions): Role | undefined {
  const rule = options.isPointwise(node.op) ? pointwise : node.op === "expand" ? expand : rules[node.op];
  const found = rule?.(node, producers, options);
  return found?.makes && !rank4(node.spec) ? undefined : found;
}

/** Which nodes are turned: those that are connected by images to one that wants it. */
function chosen(nodes: readonly Node[], roles: readonly (Role | undefined)[]): boolean[] {
  const parent = nodes.map((_, i) => i);
  const root = (i: number): number => (parent[i] === i ? i : (parent[i] = root(parent[i])));
  const at = new Map(nodes.map((node, i) => [node.out, i]));
  nodes.forEach((node, i) => {
    for (const k of roles[i]?.images ?? []) {
      const from = at.get(node.inputs[k]);
      if (from !== undefined && roles[from]?.makes) parent[root(i)] = root(from);
    }
  });
  const wanted = new Set(nodes.flatMap((_, i) => (roles[i]?.wants ? [root(i)] : [])));
  return nodes.map((_, i) => roles[i] !== undefined && wanted.has(root(i)));
}

export function channelsLast(nodes: readonly Node[], outputs: readonly number[], options: LayoutOptions): Node[] {
  const producers = producersOf(nodes);
  const roles = nodes.map((node) => roleOf(node, producers, options));
  const turn = chosen(nodes, roles);
  if (!turn.includes(true)) return [...nodes];
  const rewriter = new Rewriter(nodes);
  nodes.forEach((node, i) => {
    if (turn[i]) rewriter.turned(node, roles[i]!);
    else rewriter.kept(node);
  });
  for (const slot of outputs) rewriter.first(slot);
  return rewriter.out;
}

class Rewriter {
  readonly out: Node[] = [];
  private free: number;
  /** Slots whose value lies channels-last only, and where. */
  private readonly lastOnly = new Map<number, { slot: number; spec: Spec }>();
  /** Permutes that have been made: of a slot as an image of a shape. */
  private readonly made = new Map<string, number>();

  constructor(nodes: readonly Node[]) {
    this.free = freeSlot(nodes);
  }
  kept(node: Node): void {
    const inputs = node.inputs.map((slot) => this.first(slot));
    this.out.push({ ...node, inputs });
  }
  turned(node: Node, { images, makes, turned }: Role): void {
    const inputs = node.inputs.map((slot, i) =>
      images.includes(i) ? this.last(slot, node.inputSpecs[i]) : this.first(slot),
    );
    const out = makes ? this.free++ : node.out;
    if (makes) this.lastOnly.set(node.out, { slot: out, spec: node.spec });
    this.out.push({ ...turned(node), inputs, out });
  }
  /** Where the value of a slot lies as it was. */
  first(slot: number): number {
    const last = this.lastOnly.get(slot);
    if (!last) return slot;
    this.lastOnly.delete(slot);
    this.made.set(`${slot}:${last.spec.shape}`, last.slot);
    this.permute(last.slot, slot, turnedSpec(last.spec), last.spec, TO_FIRST);
    return slot;
  }
  /** Where the value of a slot, seen as an image, lies channels-last. */
  last(slot: number, spec: Spec): number {
    const only = this.lastOnly.get(slot);
    if (only && String(only.spec.shape) === String(spec.shape)) return only.slot;
    const key = `${slot}:${spec.shape}`;
    const made = this.made.get(key);
    if (made !== undefined) return made;
    const from = this.first(slot);
    if (isBoth(spec.shape)) return from;
    const out = this.free++;
    this.permute(from, out, spec, turnedSpec(spec), TO_LAST);
    this.made.set(key, out);
    return out;
  }
  private permute(from: number, out: number, inputSpec: Spec, spec: Spec, axes: readonly number[]): void {
    this.out.push({ op: "permute", attrs: { axes }, scalars: [], inputs: [from], inputSpecs: [inputSpec], out, spec });
  }
}
