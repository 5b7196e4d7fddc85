// permute, slice, pad, flip and cat as copies between strided places. Parameters of what is emitted: a pointer for each
// input, one to the result. What pad puts around its input is not copied here but filled in before.
import type { Spec } from "@lamina/core";
import { copiesOf } from "@lamina/core/passes";
import { Fn, I32 } from "../assembler.ts";
import { bytesPerElement } from "../memory.ts";
import { emitCopy } from "./copy.ts";

/** The function that carries out a movement op. */
export function emitMovement(op: string, inputs: readonly Spec[], attrs: object, out: Spec): Fn {
  const f = new Fn("", new Array<number>(inputs.length + 1).fill(I32));
  copiesOf(op, inputs, attrs, out).forEach((copy, i) =>
    emitCopy(f, i, inputs.length, copy, bytesPerElement(out.dtype)),
  );
  return f;
}
