// Ops that move elements and compute nothing: each number of the result says where it is read from. An int32 is moved as
// an axis more, of its two words.
import type { Shape, Spec } from "@lamina/core";
import { stridesOf } from "@lamina/core/passes";
import type { GpujsBuffer } from "../device.ts";
import { indexOf, type Position, placeOf, quotient, rest, when } from "../source.ts";
import { type Input, type Row, single, sizeOf } from "./kernel.ts";

type Axes = readonly number[];
const boundsOfFirst = ([x]: readonly Input[]): GpujsBuffer["bounds"] => x.buffer.bounds;

/** Numbers an element has, as axes. */
const inner = ({ dtype }: { dtype: string }): Shape => (dtype === "int32" ? [2] : []);
const numbers = (x: Spec): Shape => [...x.shape, ...inner(x)];

/** out[index] = x[start + sum of index * strides], strides in elements and not negative. */
const strided = <Attrs>(
  op: string,
  view: (x: Input, attrs: Attrs, out: Spec) => { strides: number[]; start?: number; turned?: Axes },
): Row<Attrs> =>
  single(
    op,
    ([x], attrs: Attrs, out) => {
      const { strides, start = 0, turned = [] } = view(x, attrs, out);
      const words = inner(x).length + 1;
      return ([data], i) => {
        const index = indexOf(i, numbers(out)).map((c, axis) =>
          turned.includes(axis) && c !== "0" ? `(${out.shape[axis] - 1} - ${c})` : c,
        );
        const all = [...strides.map((s) => s * words), ...inner(x).map(() => 1)];
        return `return ${data.at(placeOf(index, all, String(start * words)))};`;
      };
    },
    boundsOfFirst,
  );

export const expand = strided("expand", (x, _attrs, out) => {
  const strides = stridesOf(x.shape);
  const added = out.shape.length - x.shape.length;
  return {
    strides: out.shape.map((_, axis) => (axis < added || x.shape[axis - added] === 1 ? 0 : strides[axis - added])),
  };
});
export const permute = strided<{ axes: Axes }>("permute", (x, { axes }) => {
  const strides = stridesOf(x.shape);
  return { strides: axes.map((a) => strides[a]) };
});
export const slice = strided<{ starts: Axes; steps: Axes }>("slice", (x, { starts, steps }) => {
  const strides = stridesOf(x.shape);
  return {
    strides: strides.map((s, axis) => s * steps[axis]),
    start: starts.reduce((sum, at, axis) => sum + at * strides[axis], 0),
  };
});
export const flip = strided<{ axes: Axes }>("flip", (x, { axes }) => ({
  strides: stridesOf(x.shape),
  turned: axes,
}));

/** x elements stand at before + i * (interior + 1) of the result. */
const padText = single<{ before: Axes; interior: Axes }>(
  "pad",
  ([x], { before, interior }, out) => {
    const shape = numbers(x);
    return ([data], i) => {
      const index = indexOf(i, numbers(out));
      const value = out.dtype === "int32" ? `(${rest(i, 2)} == 0 ? s0 : s1)` : "s0";
      const conditions: string[] = [];
      const from = index.map((c, axis) => {
        if (axis >= x.shape.length) return c;
        const [first, step, n] = [before[axis], interior[axis] + 1, x.shape[axis]];
        const moved = first === 0 ? c : `(${c} - ${first})`;
        if (first > 0) conditions.push(`${moved} >= 0`);
        if (step > 1) conditions.push(`${rest(moved, step)} == 0`);
        if (out.shape[axis] > first + (n - 1) * step + 1 || n === 0) conditions.push(`${quotient(moved, step)} < ${n}`);
        return quotient(moved, step);
      });
      const found = `return ${data.at(placeOf(from, stridesOf(shape)))};`;
      return conditions.length ? `${when(conditions, found)}\nreturn ${value};` : found;
    };
  },
  ([x], [low, high]) => widened(x.buffer.bounds, [low + 65536 * high, low + 65536 * high]),
);
export const pad: Row = (device, inputs, attrs, [value], out) =>
  padText(device, inputs, attrs, out.dtype === "int32" ? [value & 0xffff, value >> 16] : [value], out);

type Bounds = GpujsBuffer["bounds"];
const widened = (a: Bounds, b: Bounds): Bounds => a && b && [Math.min(a[0], b[0]), Math.max(a[1], b[1])];

const catText = single<{ axis: number }>(
  "cat",
  (inputs, { axis }, out) =>
    (operands, i) => {
      const index = indexOf(i, numbers(out));
      let from = 0;
      const parts = inputs.map((x, k) => {
        const moved: Position[] = index.map((c, a) => (a === axis && from > 0 ? `(${c} - ${from})` : c));
        from += x.shape[axis];
        const found = `return ${operands[k].at(placeOf(moved, stridesOf(numbers(x))))};`;
        return k === inputs.length - 1 ? found : `if (${index[axis]} < ${from}) { ${found} }`;
      });
      return parts.join("\n");
    },
  (inputs) => inputs.map((x) => x.buffer.bounds).reduce(widened),
);
/** In halves where a kernel cannot read all inputs at once. */
export const cat: Row<{ axis: number }> = (device, inputs, attrs, scalars, out) => {
  const full = inputs.filter((x) => sizeOf(x.shape) > 0);
  if (full.length < 3 || device.fits(full.map((x) => x.buffer)))
    return catText(device, full.length ? full : inputs.slice(0, 1), attrs, scalars, out);
  const middle = full.length >> 1;
  const halves = [full.slice(0, middle), full.slice(middle)].map((half): Input => {
    const along = half.reduce((sum, x) => sum + x.shape[attrs.axis], 0);
    const spec = { dtype: out.dtype, shape: out.shape.map((n, axis) => (axis === attrs.axis ? along : n)) };
    return { ...spec, buffer: cat(device, half, attrs, scalars, spec) };
  });
  try {
    return catText(device, halves, attrs, scalars, out);
  } finally {
    for (const { buffer } of halves) device.free(buffer);
  }
};
