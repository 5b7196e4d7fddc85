// permute, slice, pad, flip and cat as copies between strided places. How a copy is carried out is the device's business; what
// pad puts around its input is filled in before.
import type { Spec } from "../dtype.ts";
import { stridesOf } from "./access.ts";

/** Element (i0, i1, …) goes from `from.offset + i·from.strides` to `to.offset + i·to.strides`, in elements. */
export interface Copy {
  readonly sizes: readonly number[];
  readonly from: StridedPlace;
  readonly to: StridedPlace;
}
export interface StridedPlace {
  readonly offset: number;
  readonly strides: readonly number[];
}

type Copies<Attrs> = (inputs: readonly Spec[], attrs: Attrs, out: Spec) => readonly Copy[];

const all = (strides: readonly number[], offset = 0) => ({ offset, strides });
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i], 0);

const permute: Copies<{ axes: readonly number[] }> = ([x], { axes }, out) => {
  const strides = stridesOf(x.shape);
  return [{ sizes: out.shape, from: all(axes.map((a) => strides[a])), to: all(stridesOf(out.shape)) }];
};

const slice: Copies<{ starts: readonly number[]; steps: readonly number[] }> = ([x], { starts, steps }, out) => {
  const strides = stridesOf(x.shape);
  const from = all(
    strides.map((s, i) => s * steps[i]),
    dot(starts, strides),
  );
  return [{ sizes: out.shape, from, to: all(stridesOf(out.shape)) }];
};

const pad: Copies<{ before: readonly number[]; interior: readonly number[] }> = ([x], { before, interior }, out) => {
  const strides = stridesOf(out.shape);
  const to = all(
    strides.map((s, i) => s * (interior[i] + 1)),
    dot(before, strides),
  );
  return [{ sizes: x.shape, from: all(stridesOf(x.shape)), to }];
};

const flip: Copies<{ axes: readonly number[] }> = ([x], { axes }, out) => {
  const strides = stridesOf(x.shape);
  const last = x.shape.map((n, i) => (axes.includes(i) ? n - 1 : 0));
  const from = all(
    strides.map((s, i) => (axes.includes(i) ? -s : s)),
    dot(last, strides),
  );
  return [{ sizes: out.shape, from, to: all(stridesOf(out.shape)) }];
};

const cat: Copies<{ axis: number }> = (inputs, { axis }, out) => {
  const strides = stridesOf(out.shape);
  let at = 0;
  return inputs.map(({ shape }) => {
    const copy = { sizes: shape, from: all(stridesOf(shape)), to: all(strides, at * strides[axis]) };
    at += shape[axis];
    return copy;
  });
};

// biome-ignore lint/suspicious/noExplicitAny: attributes are erased here, and typed by the row that names them.
const table: Readonly<Record<string, Copies<any>>> = { permute, slice, pad, flip, cat };
/** The ops that are copies. */
export const movements: readonly string[] = Object.keys(table);

/** What a movement op copies, one copy or none for each input. */
export const copiesOf = (op: string, inputs: readonly Spec[], attrs: object, out: Spec): Copy[] =>
  table[op](inputs, attrs, out).map(simplified);

/** As few axes as possible: size 1 goes, neighbours that run on in both places are joined. */
function simplified({ sizes, from, to }: Copy): Copy {
  const s: number[] = [];
  const a: number[] = [];
  const b: number[] = [];
  sizes.forEach((size, i) => {
    if (size === 1) return;
    const last = s.length - 1;
    if (last >= 0 && a[last] === from.strides[i] * size && b[last] === to.strides[i] * size) {
      s[last] *= size;
      a[last] = from.strides[i];
      b[last] = to.strides[i];
    } else {
      s.push(size);
      a.push(from.strides[i]);
      b.push(to.strides[i]);
    }
  });
  if (!s.length) return { sizes: [1], from: { ...from, strides: [1] }, to: { ...to, strides: [1] } };
  return { sizes: s, from: { ...from, strides: a }, to: { ...to, strides: b } };
}
