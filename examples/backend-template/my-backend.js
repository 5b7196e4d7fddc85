// A device in one file: typed arrays and plain loops. It has the 57 kernels that every device needs; core makes the other
// ops (convolutions, softmax, gradients) of these, until a kernel of its own replaces each. What they compute: docs/ops.md.
import { allocate, philox4x32, sizeOf } from "@lamina/core";
/** @returns {Promise<import("@lamina/core").Backend>} */
export async function myBackend() {
  const usage = { bytes: 0, buffers: 0, peakBytes: 0 };
  function counted(buffer, sign) {
    usage.buffers += sign;
    usage.peakBytes = Math.max(usage.peakBytes, (usage.bytes += sign * buffer.byteLength));
    return buffer;
  }
  const kernelOf = (fill) => (inputs, attrs, scalars, spec) => {
    const buffer = allocate(spec.dtype, sizeOf(spec.shape));
    fill({ ...spec, buffer }, inputs, attrs, scalars); // a kernel returns a fresh buffer; ours are functions that fill one
    return counted(buffer, 1);
  };
  return {
    name: "my-backend",
    dtypes: ["float32", "int32", "uint8", "bool"],
    kernels: Object.fromEntries(Object.entries(fills).map(([op, fill]) => [op, kernelOf(fill)])),
    upload: (data) => counted(data.slice(), 1),
    read: (buffer) => buffer.slice(),
    free: (buffer) => void counted(buffer, -1),
    memory: () => ({ ...usage }),
    close: async () => void Object.assign(usage, { bytes: 0, buffers: 0 }),
  };
}
// Pointwise: one number at a time. Inputs have one shape, because core has broadcast them.
const names = "abs acos asin atan atan2 ceil cos cosh exp expm1 floor log log1p sign sin sinh sqrt tan tanh trunc";
const math = Object.fromEntries(names.split(" ").map((name) => [name, Math[name]]));
const arithmetic = { neg: (x) => -x, add: (x, y) => x + y, sub: (x, y) => x - y, div: (x, y) => x / y };
const comparisons = { equal: (x, y) => x === y, less: (x, y) => x < y, lessEqual: (x, y) => x <= y };
const extremes = { maximum: (x, y) => Math.max(x, y), minimum: (x, y) => Math.min(x, y), logicalNot: (x) => !x };
const functions = Object.assign(math, arithmetic, comparisons, extremes, {
  where: (c, x, y) => (c ? x : y),
  cast: (x, _y, _z, dtype) => (dtype === "bool" ? x !== 0 : x),
  mul: (x, y, _z, dtype) => (dtype === "int32" ? Math.imul(x, y) : x * y), // whole numbers wrap
  pow: (x, y) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y), // C's, where JavaScript says NaN
  remainder: (x, y) => (x % y !== 0 && x % y < 0 !== y < 0 ? (x % y) + y : x % y), // with the divisor's sign
  round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)), // half to even
  erf(x) {
    let sum = Math.max(-6, Math.min(6, x));
    const double = 2 * sum * sum;
    for (let n = 1, term = sum; n < 200; n++) sum += term *= double / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-double / 2) * sum; // 2/sqrt(pi) exp(-x²) (x + 2x³/3 + 4x⁵/15 + …)
  },
});
const pointwise = (f) => (out, inputs) => {
  const [x, y, z] = inputs.map((input) => input.buffer);
  for (let i = 0; i < out.buffer.length; i++) out.buffer[i] = f(x[i], y?.[i], z?.[i], out.dtype);
};
const each = (out, f) => out.buffer.forEach((_, i, y) => (y[i] = f(i)));
// Everything else walks through an array by strides.
const stridesOf = (shape) => shape.map((n, axis) => (n > 1 ? sizeOf(shape.slice(axis + 1)) : 0));
const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
/** Calls back with the place of each element of `shape`, in order, in an array that has these strides. */
function eachPlace(shape, strides, place, visit, a = 0, i = 0) {
  if (a === shape.length) return visit(place, i);
  const size = sizeOf(shape.slice(a + 1));
  for (let k = 0; k < shape[a]; k++) eachPlace(shape, strides, place + k * strides[a], visit, a + 1, i + k * size);
}
/** out[i] = x[start + strides·i] */
const view = (describe) => (out, inputs, attrs) => {
  const [x] = inputs;
  const [strides, start = 0] = describe(stridesOf(x.shape), attrs, x.shape, out.shape);
  eachPlace(out.shape, strides, start, (place, i) => (out.buffer[i] = x.buffer[place]));
};
/** out[start + strides·i] = x[i] */
const put = (out, x, steps, start) => eachPlace(x.shape, steps, start, (at, i) => (out.buffer[at] = x.buffer[i]));
/** Calls back with the place in x of each element of `index`, which points along the axis. */
function eachIndexed(op, x, index, axis, visit) {
  const strides = stridesOf(x.shape);
  const wrong = index.buffer.find((at) => at < 0 || at >= x.shape[axis]);
  if (wrong !== undefined) throw new Error(`${op}: index ${wrong} is out of range for an axis of ${x.shape[axis]}`);
  eachPlace(index.shape, strides.with(axis, 0), 0, (at, i) => visit(at + index.buffer[i] * strides[axis], i));
}
/** Each result from the list of numbers that it is made of. */
const reduction = (f) => (out, inputs, attrs) => {
  const [x] = inputs;
  const axes = attrs.axes ?? [attrs.axis];
  const strides = stridesOf(x.shape.map((n, axis) => (axes.includes(axis) ? 1 : n)));
  const lists = Array.from(out.buffer, () => []);
  eachPlace(x.shape, strides, 0, (place, i) => lists[place].push(x.buffer[i]));
  lists.forEach((list, i) => (out.buffer[i] = f(list, out.dtype)));
};
/** Where the first of the greatest stands; NaN is the greatest. */
const argmax = (list) => list.reduce((b, x, i) => (Number.isNaN(list[b]) || x <= list[b] ? b : i), 0);
/** Each result from its window: what is there, and places in the plane. Padding is minus infinity, so it is left out. */
const pooling = (f) => (out, inputs, attrs) => {
  const [x] = inputs;
  const { kernel, stride, padding, dilation } = attrs;
  const [[H, W], [oh, ow]] = [x.shape.slice(2), out.shape.slice(2)];
  const along = (d, at) => Array.from({ length: kernel[d] }, (_, k) => at * stride[d] - padding[d] + k * dilation[d]);
  const inside = (d, at) => along(d, at).filter((i) => i >= 0 && i < x.shape[2 + d]);
  for (let i = 0; i < out.buffer.length; i++) {
    const places = inside(0, Math.floor(i / ow) % oh).flatMap((row) => inside(1, i % ow).map((at) => row * W + at));
    const values = places.map((place) => x.buffer[Math.floor(i / (oh * ow)) * H * W + place]);
    out.buffer[i] = f(values, places);
  }
};
const fills = {
  ...Object.fromEntries(Object.entries(functions).map(([op, f]) => [op, pointwise(f)])),
  full: (out, _, { dtype }, [value]) => out.buffer.fill(dtype === "bool" ? value !== 0 : value),
  arange: (out, _inputs, _attrs, [start, step]) => each(out, (i) => start + i * step),
  random: (out, _inputs, _attrs, [low, high, ...counter]) =>
    each(out, (i) => (philox4x32([i >>> 2, 0, ...counter], [low, high])[i % 4] >>> 8) * 2 ** -24),
  expand: view((strides, _, shape, to) => [[...to.slice(shape.length).fill(0), ...strides]]),
  permute: view((strides, { axes }) => [axes.map((a) => strides[a])]),
  slice: view((strides, { starts, steps }) => [strides.map((s, a) => s * steps[a]), dot(strides, starts)]),
  flip: view((strides, { axes }, shape) => {
    const start = axes.reduce((sum, a) => sum + strides[a] * (shape[a] - 1), 0);
    return [strides.map((s, a) => (axes.includes(a) ? -s : s)), start];
  }),
  pad(out, [x], { before, interior }, [value]) {
    const strides = stridesOf(out.shape);
    const steps = strides.map((s, a) => s * (interior[a] + 1));
    put({ buffer: out.buffer.fill(value) }, x, steps, dot(strides, before));
  },
  cat(out, inputs, { axis }) {
    const strides = stridesOf(out.shape);
    let at = 0;
    for (const x of inputs) put(out, x, strides, ((at += x.shape[axis]) - x.shape[axis]) * strides[axis]);
  },
  gather: (out, [x, index], { axis }) =>
    eachIndexed("gather", x, index, axis, (place, i) => (out.buffer[i] = x.buffer[place])),
  scatterAdd(out, [x, index, src], { axis }) {
    out.buffer.set(x.buffer);
    eachIndexed("scatterAdd", x, index, axis, (place, i) => (out.buffer[place] += src.buffer[i]));
  },
  sum: reduction((list) => list.reduce((a, b) => a + b, 0)),
  prod: reduction((list, dtype) => list.reduce((a, b) => functions.mul(a, b, 0, dtype), 1)),
  max: reduction((list) => list.reduce(extremes.maximum)),
  min: reduction((list) => list.reduce(extremes.minimum)),
  argmax: reduction(argmax),
  argmin: reduction((list) => argmax(list.map((x) => -x))),
  maxPool2d: pooling((values) => values.reduce(extremes.maximum, -Infinity)),
  maxPool2dIndices: pooling((values, places) => places[argmax(values)] ?? 0),
  matmul(out, [x, y], { transposeX, transposeY }) {
    const [[m, n], k] = [out.shape.slice(-2), x.shape.at(transposeX ? -2 : -1)];
    const [row, xStep, column, yStep] = [...(transposeX ? [1, m] : [k, 1]), ...(transposeY ? [k, 1] : [1, n])];
    for (let i = 0; i < out.buffer.length; i++) {
      const batch = Math.floor(i / (m * n)) * k;
      const [a, b] = [batch * m + (Math.floor(i / n) % m) * row, batch * n + (i % n) * column];
      let sum = 0;
      for (let p = 0; p < k; p++) sum += x.buffer[a + p * xStep] * y.buffer[b + p * yStep];
      out.buffer[i] = sum;
    }
  },
};
