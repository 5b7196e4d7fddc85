// permute, slice, pad, flip and cat as copies between strided places. Parameters of what is emitted: a pointer for each
// input, one to the result. What pad puts around its input is not copied here but filled in before.
import type { Spec } from "@lamina/core";
import { stridesOf } from "@lamina/core/passes";
import { Fn, I32 } from "../assembler.ts";
import { bytesPerElement } from "../memory.ts";
import { type Copy, emitCopy } from "./copy.ts";

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
const copies: Readonly<Record<string, Copies<any>>> = { permute, slice, pad, flip, cat };
export const movements = Object.keys(copies);

/** The function that carries out a movement op. */
export function emitMovement(op: string, inputs: readonly Spec[], attrs: object, out: Spec): Fn {
  const f = new Fn("", new Array<number>(inputs.length + 1).fill(I32));
  copies[op](inputs, attrs, out).forEach((copy, i) => emitCopy(f, i, inputs.length, copy, bytesPerElement(out.dtype)));
  return f;
}
