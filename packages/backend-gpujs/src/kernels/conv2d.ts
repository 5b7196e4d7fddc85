// conv2d and its two adjoints, directly: each element of the result adds up its products, and padding makes none.
import { stridesOf } from "@lamina/core/passes";
import { indexOf, loop, named, when } from "../source.ts";
import { filled, type Row, single, sizeOf } from "./kernel.ts";
import { sum } from "./reduce.ts";

interface ConvAttrs {
  readonly stride: readonly number[];
  /** top, bottom, left, right */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}
const inside = (name: string, n: number): string[] => [`${name} >= 0`, `${name} < ${n}`];

/** The input row (axis 0) or column (axis 1) that tap `tap` of result `at` meets. */
const met = (at: string, tap: string, axis: 0 | 1, { stride, padding, dilation }: ConvAttrs): string =>
  `${at} * ${stride[axis]} + ${tap} * ${dilation[axis]} - ${padding[2 * axis]}`;

const empty =
  (row: Row<ConvAttrs>): Row<ConvAttrs> =>
  (device, inputs, attrs, scalars, out) =>
    inputs.some((x) => sizeOf(x.shape) === 0) ? filled(device, out, 0) : row(device, inputs, attrs, scalars, out);

export const conv2d = empty(
  single<ConvAttrs>("conv2d", ([x, w], attrs, out) => ([data, weights], i) => {
    const [, , H, W] = x.shape;
    const [O, perGroup, kh, kw] = w.shape;
    const [names, [n, o, row, column]] = named("c", indexOf(i, out.shape), out.shape);
    const group = attrs.groups === 1 ? "c" : "(firstChannel + c)";
    const first = `const firstChannel = Math.floor((${o} + 0.5) / ${O / attrs.groups}) * ${perGroup};\n`;
    const product = `t = t + ${data.at(data.place([n, group, "h", "w"], stridesOf(x.shape)))} * ${weights.at(
      weights.place([o, "c", "p", "q"], stridesOf(w.shape)),
    )};`;
    const columns = loop("q", kw, `const w = ${met(column, "q", 1, attrs)};\n${when(inside("w", W), product)}`);
    const rows = loop("p", kh, `const h = ${met(row, "p", 0, attrs)};\n${when(inside("h", H), columns)}`);
    return `${names}${attrs.groups === 1 ? "" : first}let t = 0;\n${loop("c", perGroup, rows)}return t;`;
  }),
);

/** The result row or column that tap `tap` brings to input `at`, if it is one: then it is `name`. */
function source(name: string, at: string, tap: string, axis: 0 | 1, n: number, attrs: ConvAttrs, body: string): string {
  const { stride, padding, dilation } = attrs;
  const s = stride[axis];
  const moved = `const ${name}m = ${at} + ${padding[2 * axis]} - ${tap} * ${dilation[axis]};\n`;
  const at0 = s === 1 ? `const ${name} = ${name}m;\n` : `const ${name} = Math.floor((${name}m + 0.5) / ${s});\n`;
  return `${moved}${at0}${when([...(s === 1 ? [] : [`${name} * ${s} == ${name}m`]), ...inside(name, n)], body)}`;
}
export const conv2dGradInput = empty(
  single<ConvAttrs>("conv2dGradInput", ([dy, w], attrs, out) => ([grads, weights], i) => {
    const [, , oh, ow] = dy.shape;
    const [O, perGroup, kh, kw] = w.shape;
    const each = O / attrs.groups;
    const [names, [n, channel, row, column]] = named("c", indexOf(i, out.shape), out.shape);
    const group = `const group = Math.floor((${channel} + 0.5) / ${perGroup});\nconst c = ${channel} - group * ${perGroup};\n`;
    const o = attrs.groups === 1 ? "o" : `(group * ${each} + o)`;
    const product = `t = t + ${grads.at(grads.place([n, o, "h", "w"], stridesOf(dy.shape)))} * ${weights.at(
      weights.place([o, attrs.groups === 1 ? channel : "c", "p", "q"], stridesOf(w.shape)),
    )};`;
    const columns = loop("q", kw, source("w", column, "q", 1, ow, attrs, product));
    const rows = loop("p", kh, source("h", row, "p", 0, oh, attrs, columns));
    return `${names}${attrs.groups === 1 ? "" : group}let t = 0;\n${loop("o", each, rows)}return t;`;
  }),
);

/** Numbers that the parts of a weight gradient may take, before they are added. */
const PARTS = 1 << 18;

/** A few images a part, so that there are threads to share the work; then the parts are added. */
export const conv2dGradWeight = empty((device, inputs, attrs, _scalars, out) => {
  const [x, dy] = inputs;
  const [N, C, H, W] = x.shape;
  const [, O, oh, ow] = dy.shape;
  const [, perGroup, kh, kw] = out.shape;
  const parts = Math.max(1, Math.min(N, Math.floor(PARTS / sizeOf(out.shape))));
  const shape = [parts, ...out.shape];
  const launched = single<ConvAttrs>(`conv2dGradWeight ${parts}`, () => ([data, grads], i) => {
    const [names, [part, o, c, p, q]] = named("c", indexOf(i, shape), shape);
    const first = `const channel = Math.floor((${o} + 0.5) / ${O / attrs.groups}) * ${perGroup} + ${c};\n`;
    const product = `s = s + ${data.at(data.place(["n", "channel", "h", "w"], [C * H * W, H * W, W, 1]))} * ${grads.at(
      grads.place(["n", o, "i", "j"], [O * oh * ow, oh * ow, ow, 1]),
    )};`;
    const columns = loop("j", ow, `const w = ${met("j", q, 1, attrs)};\n${when(inside("w", W), product)}`);
    const rows = loop("i", oh, `const h = ${met("i", p, 0, attrs)};\n${when(inside("h", H), columns)}`);
    const image = `const n = ${part} + k * ${parts};\n${when(N % parts ? [`n < ${N}`] : [], `s = 0;\n${rows}t = t + s;`)}`;
    return `${names}${first}let t = 0;\nlet s = 0;\n${loop("k", Math.ceil(N / parts), image)}return t;`;
  })(device, inputs, attrs, [], { shape, dtype: out.dtype });
  if (parts === 1) return launched;
  try {
    const all = { buffer: launched, shape: [parts, O * perGroup * kh * kw], dtype: out.dtype };
    return sum(device, [all], { axes: [0] }, [], out);
  } finally {
    device.free(launched);
  }
});
