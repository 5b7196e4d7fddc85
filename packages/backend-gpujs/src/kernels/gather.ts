// gather and scatterAdd: elements chosen by an int32 index along one axis, as torch.gather and torch.Tensor.scatter_add_.
import { stridesOf } from "@lamina/core/passes";
import type { Device } from "../device.ts";
import { EXACT, indexOf, loop, named, place, placeOf, quotient, rest } from "../source.ts";
import { type Input, type Row, single } from "./kernel.ts";
import { addedOnHost, LONG } from "./onHost.ts";
import { equalWords, returnWords, toPosition, wordsAt, wordsOfPosition } from "./words.ts";

interface AxisAttrs {
  readonly axis: number;
}

/** What is known of an index from the host needs no look at it; one that was computed is read. */
function check(device: Device, op: string, x: Input, index: Input, axis: number): Promise<void> | undefined {
  const n = x.shape[axis];
  const { bounds } = index.buffer;
  if (bounds && bounds[0] >= 0 && bounds[1] < n) return undefined;
  return device.look(index.buffer, op, (data) => {
    for (const k of data)
      if (k < 0 || k >= n)
        throw new Error(
          `${op}: index ${k} is out of range for axis ${axis} of size ${n} (x [${x.shape}], index [${index.shape}]); indices must lie in 0..${n - 1}`,
        );
  });
}

const gatherText = single<AxisAttrs>(
  "gather",
  ([x], { axis }, out) =>
    ([data, index], i) => {
      const int = out.dtype === "int32";
      const e = int ? quotient(i, 2) : i;
      const [low, high] = wordsAt(index, e);
      const from = indexOf(e, out.shape).map((c, a) => (a === axis ? toPosition(["low", "high"]) : c));
      const at = placeOf(from, stridesOf(x.shape));
      return `const low = ${low};\nconst high = ${high};\nreturn ${data.at(int ? place(at, 2, rest(i, 2)) : at)};`;
    },
  ([x]) => x.buffer.bounds,
);
export const gather: Row<AxisAttrs> = (device, inputs, attrs, scalars, out) => {
  const after = check(device, "gather", inputs[0], inputs[1], attrs.axis);
  return gatherText(device, inputs, attrs, scalars, out, after);
};

/** Each element of the result looks through the index for those that name it. */
const scatterText = single<AxisAttrs>("scatterAdd", ([x, index], { axis }, out) => ([data, indices, src], i) => {
  const int = out.dtype === "int32";
  const e = int ? quotient(i, 2) : i;
  const [names, at] = named("c", indexOf(e, out.shape), out.shape);
  const from = at.map((c, a) => (a === axis ? "k" : c));
  const there = indices.place(from, stridesOf(index.shape));
  const own = at[axis] === "0" ? "0" : at[axis];
  const found = wordsAt(indices, there);
  const mine =
    x.shape[axis] < EXACT ? `${found[1]} * 65536 + ${found[0]} == ${own}` : equalWords(found, wordsOfPosition(own));
  const n = index.shape[axis];
  if (!int) {
    const body = loop("k", n, `if (${mine}) { t = t + ${src.at(there)}; }`);
    return `${names}let t = ${data.at(i)};\n${body}return t;`;
  }
  const [low, high] = wordsAt(src, there);
  const body = loop(
    "k",
    n,
    `if (${mine}) { const a = ${low}; const b = ${high}; const r = l + a; h = highWord(r, h + b); l = lowWord(r); }`,
  );
  const [startLow, startHigh] = wordsAt(data, e);
  return `${names}let l = ${startLow};\nlet h = ${startHigh};\n${body}${returnWords(i, ["l", "h"])}`;
});
export const scatterAdd: Row<AxisAttrs> = (device, inputs, attrs, scalars, out) => {
  const [x, index, src] = inputs;
  const after = check(device, "scatterAdd", x, index, attrs.axis);
  if (index.shape[attrs.axis] <= LONG) return scatterText(device, inputs, attrs, scalars, out, after);
  const strides = stridesOf(x.shape);
  const others = indexPlaces(index.shape, strides, attrs.axis);
  const place = (i: number, k: number) => others[i] + k * strides[attrs.axis];
  return addedOnHost(device, x.buffer, src.buffer, index.buffer, place);
};
/** Where in x the elements of `shape` lie, but for `axis`. */
function indexPlaces(shape: readonly number[], strides: readonly number[], axis: number): Float64Array {
  let found = new Float64Array(1);
  shape.forEach((n, a) => {
    const next = new Float64Array(found.length * n);
    found.forEach((p, i) => {
      for (let k = 0; k < n; k++) next[i * n + k] = a === axis ? p : p + k * strides[a];
    });
    found = next;
  });
  return found;
}
