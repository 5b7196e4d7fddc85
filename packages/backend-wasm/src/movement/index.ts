// permute, slice, pad, flip and cat as copies between strided places. Parameters of what is emitted: a pointer for each
// input, one to the result. What pad puts around its input is not copied here but filled in before.
import type { Spec } from "@lamina/core";
import { type Copy, copiesOf, type StridedPlace } from "@lamina/core/passes";
import { Fn, I32 } from "../assembler.ts";
import { bytesPerElement } from "../memory.ts";
import { emitCopy } from "./copy.ts";

export interface Movement {
  /** One for each element of the first axis, if all inputs have as many there; one more parameter is then the slice's number. */
  readonly slices: number | undefined;
  /** The function that carries it out. */
  emit(): Fn;
}

export function movement(op: string, inputs: readonly Spec[], attrs: object, out: Spec): Movement {
  const copies = copiesOf(op, inputs, attrs, out);
  const [first] = copies[0].sizes;
  const slices = copies.every(({ sizes }) => sizes.length > 1 && sizes[0] === first && first > 1) ? first : undefined;
  const bytes = bytesPerElement(out.dtype);
  return {
    slices,
    emit() {
      const f = new Fn("", new Array<number>(inputs.length + (slices ? 2 : 1)).fill(I32));
      if (!slices) copies.forEach((copy, i) => void emitCopy(f, i, inputs.length, copy, bytes));
      else for (const [i, copy] of copies.entries()) emitSlice(f, i, inputs.length, copy, bytes);
      return f;
    },
  };
}
function emitSlice(f: Fn, source: number, target: number, { sizes, from, to }: Copy, bytes: number): void {
  const slice = target + 1;
  const at = (array: number, { strides }: StridedPlace) => {
    const local = f.local(I32);
    f.get(array)
      .get(slice)
      .i32(strides[0] * bytes)
      .mul()
      .add()
      .set(local);
    return local;
  };
  const inner = ({ offset, strides }: StridedPlace) => ({ offset, strides: strides.slice(1) });
  const copy = { sizes: sizes.slice(1), from: inner(from), to: inner(to) };
  emitCopy(f, at(source, from), at(target, to), copy, bytes);
}
