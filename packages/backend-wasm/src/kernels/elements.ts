// Four elements of any dtype as four lanes of 32 bits (bytes widened), and back; and how an array is a stack of lines along one axis.
import { type DType, type Shape, sizeOf } from "@lamina/core";
import { type Fn, I32, V128 } from "../assembler.ts";
import { bytesPerElement } from "../memory.ts";
import { LANES, storeLanes, times } from "./emit.ts";

/** Leaves the vector of the four elements at address + offset (in bytes) on the stack. */
export function loadElements(f: Fn, dtype: DType, at: number, offset = 0): Fn {
  if (bytesPerElement(dtype) === 4) return f.get(at).vload(offset);
  return f.get(at).access("v128.load32_zero", offset).op("i16x8.extend_low_i8x16_u").op("i32x4.extend_low_i16x8_u");
}
/** Stores the first `lanes` of a vector. */
export function storeElements(f: Fn, dtype: DType, at: number, vector: number, lanes: number, offset = 0): void {
  if (bytesPerElement(dtype) === 4) return storeLanes(f, at, vector, offset, lanes);
  for (let lane = 0; lane < lanes; lane++)
    f.get(at)
      .get(vector)
      .lane("i32x4.extract_lane", lane)
      .storeu8(offset + lane);
}

/** Leaves a mask of the first `lanes` lanes on the stack. */
export function maskOf(f: Fn, lanes: number): Fn {
  f.e(0xfd, 0x0c);
  for (let byte = 0; byte < 16; byte++) f.e(byte < 4 * lanes ? 0xff : 0);
  return f;
}
/** Leaves the vector first, first + step, … of int32 on the stack. */
export function countOf(f: Fn, first: number, step: number): Fn {
  f.viconst(first);
  for (let lane = 1; lane < LANES; lane++) f.i32(first + lane * step).lane("i32x4.replace_lane", lane);
  return f;
}

/** [outer, size, inner]: the axes before, at, and after an axis. */
interface AroundAxis {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
}
export function aroundAxis(shape: Shape, axis: number): AroundAxis {
  return { outer: sizeOf(shape.slice(0, axis)), size: shape[axis], inner: sizeOf(shape.slice(axis + 1)) };
}

/** A place that moves along lines. */
export interface Cursor {
  readonly dtype: DType;
  /** Address of what `along` is at. */
  readonly at: number;
}

/**
 * Walks over the lines of arrays of one shape. Lines along the last axis have their elements in the lanes; others lie beside each
 * other, and four of them are walked at once.
 */
export class Lines {
  private readonly f: Fn;
  private readonly around: AroundAxis;
  /** Whether the four lanes are four elements of one line. */
  readonly single: boolean;
  private readonly walkers: (Cursor & { readonly pointer: number; readonly start: number })[] = [];
  private readonly counter: number;
  /** Lines at a time. */
  private lanes = LANES;

  constructor(f: Fn, shape: Shape, axis: number) {
    this.f = f;
    this.around = aroundAxis(shape, axis);
    this.single = this.around.inner === 1;
    this.counter = f.local(I32);
  }
  /** An array of that shape whose address is in the parameter. */
  cursor(pointer: number, dtype: DType): Cursor {
    const cursor = { dtype, pointer, start: this.f.local(I32), at: this.f.local(I32) };
    this.walkers.push(cursor);
    return cursor;
  }
  /** `body` for each line, or four (at the end maybe fewer) lines beside each other; its argument is how many. */
  each(body: (lanes: number) => void): void {
    const { f } = this;
    const { outer, size, inner } = this.around;
    const [outerLeft, innerLeft] = [f.local(I32), f.local(I32)];
    const group = (lanes: number) => {
      this.lanes = lanes;
      body(this.single ? 1 : lanes);
    };
    times(f, outerLeft, outer, () => {
      for (const { pointer, start } of this.walkers) f.get(pointer).set(start);
      if (this.single) group(LANES);
      else {
        times(f, innerLeft, inner >> 2, () => {
          group(LANES);
          for (const w of this.walkers) f.increase(w.start, LANES * bytesPerElement(w.dtype));
        });
        if (inner % LANES) group(inner % LANES);
      }
      for (const w of this.walkers) f.increase(w.pointer, size * inner * bytesPerElement(w.dtype));
    });
  }
  /**
   * One pass along the lines of `each`: `visit` for each vector, of which `lanes` count. Of `single` lines the last vector may have
   * fewer than four.
   */
  along(visit: (lanes: number) => void): void {
    const { f, counter, single } = this;
    const { size, inner } = this.around;
    for (const { start, at } of this.walkers) f.get(start).set(at);
    const step = (lanes: number) => {
      visit(lanes);
      for (const { at, dtype } of this.walkers) f.increase(at, (single ? LANES : inner) * bytesPerElement(dtype));
    };
    if (!single) return times(f, counter, size, () => step(this.lanes));
    times(f, counter, size >> 2, () => step(LANES));
    if (size % LANES) step(size % LANES);
  }
  /** For `single` lines, puts `neutral` where a vector has no element; leaves the vector on the stack. */
  masked(vector: number, lanes: number, neutral: () => void): Fn {
    const { f } = this;
    f.get(vector);
    if (!this.single || lanes === LANES) return f;
    neutral();
    return maskOf(f, lanes).op("v128.bitselect");
  }
  local(): number {
    return this.f.local(V128);
  }
}
