// What gather and scatterAdd share: the walk over an int32 index, which is checked, and the element that each of its entries names.
import type { DType, Shape } from "@lamina/core";
import { type Fn, I32 } from "../assembler.ts";
import { bytesPerElement } from "../memory.ts";
import { hostIndex } from "../pointwise/host.ts";
import { aroundAxis } from "./elements.ts";
import { times } from "./emit.ts";

interface Indexed {
  /** What the host is told if an index is out of range: 0 gather, 1 scatterAdd. */
  readonly op: 0 | 1;
  readonly axis: number;
  /** Of the array that is indexed. */
  readonly shape: Shape;
  readonly dtype: DType;
  /** The parameter with its address, and the one with the index's. Both move on. */
  readonly array: number;
  readonly index: number;
  /** Size of the index along the axis. */
  readonly count: number;
}

/** `visit` for each entry of the index, in order, with the address of the element it names. */
export function eachIndexed(
  f: Fn,
  { op, axis, shape, dtype, array, index, count }: Indexed,
  visit: (element: number) => void,
): void {
  const { outer, size, inner } = aroundAxis(shape, axis);
  const bytes = bytesPerElement(dtype);
  const [line, at, element] = [f.local(I32), f.local(I32), f.local(I32)];
  const [outerLeft, countLeft, innerLeft] = [f.local(I32), f.local(I32), f.local(I32)];
  times(f, outerLeft, outer, () => {
    times(f, countLeft, count, () => {
      f.get(array).set(line);
      times(f, innerLeft, inner, () => {
        f.get(index).loadi().tee(at).i32(size).op("i32.ge_u");
        f.if(() => refuse(f, op, at, axis, size));
        f.get(at)
          .i32(inner * bytes)
          .mul()
          .get(line)
          .add()
          .set(element);
        visit(element);
        f.increase(index, 4).increase(line, bytes);
      });
    });
    f.increase(array, size * inner * bytes);
  });
}

/** The host throws. */
function refuse(f: Fn, op: 0 | 1, index: number, axis: number, size: number): void {
  f.f64(op).get(index).op("f64.convert_i32_s").f64(axis).f64(size).call(hostIndex("indexOutOfRange")).op("drop");
}

/** Leaves an element on the stack; `storeElement` takes it, with the address below it. */
export function loadElement(f: Fn, dtype: DType, at: number): Fn {
  if (dtype === "float32") return f.get(at).loadf();
  return bytesPerElement(dtype) === 4 ? f.get(at).loadi() : f.get(at).loadu8();
}
export function storeElement(f: Fn, dtype: DType): Fn {
  if (dtype === "float32") return f.storef();
  return bytesPerElement(dtype) === 4 ? f.storei() : f.storeu8();
}
