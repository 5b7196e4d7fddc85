// Four elements of any dtype as four lanes of 32 bits (bytes widened), and back; and how an array is a stack of lines along one axis.
import { type DType, type Shape, sizeOf } from "@lamina/core";
import { type Fn, I32 } from "../assembler.ts";
import { bytesPerElement } from "../memory.ts";
import { address, countdown, LANES, storeLanes, times } from "./emit.ts";

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
  /** Address of the turn that `along` is at. */
  readonly at: number;
}
/** A vector of the turn that `along` is at. */
export interface Part {
  /** Which of the turn's vectors. */
  readonly index: number;
  /** How many of its lanes count. */
  readonly lanes: number;
  /** Elements from the turn's place to it. */
  readonly offset: number;
}
const partsOf = (elements: number): Part[] =>
  Array.from({ length: Math.ceil(elements / LANES) }, (_, index) => ({
    index,
    lanes: Math.min(LANES, elements - index * LANES),
    offset: index * LANES,
  }));

/** Elements in a slice, at least: calling it should cost nothing beside them. */
const LEAST = 8192;

/**
 * Walks over the lines of arrays of one shape. Lines along the last axis have their elements in the lanes; others lie beside each
 * other, and several vectors of them are walked at once. Slices are cut from the axes before that of the lines.
 */
export class Lines {
  private readonly f: Fn;
  private readonly around: AroundAxis;
  /** Whether a turn's vectors are elements of one line. */
  readonly single: boolean;
  /** Elements of a turn. */
  private readonly turn: number;
  private readonly walkers: (Cursor & { readonly pointer: number; readonly start: number })[] = [];
  private readonly counter: number;
  /** Of lines that are not `single`: the vectors that are walked. */
  private beside: readonly Part[] = [];

  /** @param vectors in a turn. */
  constructor(f: Fn, shape: Shape, axis: number, vectors = 1) {
    this.f = f;
    this.around = aroundAxis(shape, axis);
    this.single = this.around.inner === 1;
    this.turn = vectors * LANES;
    this.counter = f.local(I32);
  }
  /** How many slices there are; undefined: it is one piece. */
  static slices(shape: Shape, axis: number): number | undefined {
    const around = aroundAxis(shape, axis);
    const slices = Math.ceil(around.outer / placesOf(around));
    return slices > 1 ? slices : undefined;
  }
  /** An array of that shape whose address is in the parameter. */
  cursor(pointer: number, dtype: DType): Cursor {
    const cursor = { dtype, pointer, start: this.f.local(I32), at: this.f.local(I32) };
    this.walkers.push(cursor);
    return cursor;
  }
  /** Lines before those of the slice are as many as a slice has, times its number. */
  get linesOfSlice(): number {
    return placesOf(this.around) * this.around.inner;
  }
  /**
   * `body` for each line, or those (at the end maybe fewer) beside each other that one turn takes; its argument is how many.
   * @param slice parameter with the slice's number, if there are several.
   */
  each(slice: number | undefined, body: (lines: number) => void): void {
    const { f, turn } = this;
    const { outer, size, inner } = this.around;
    const [outerLeft, innerLeft] = [f.local(I32), f.local(I32)];
    const group = (lines: number) => {
      this.beside = partsOf(lines);
      body(lines);
    };
    const place = () => {
      for (const { pointer, start } of this.walkers) f.get(pointer).set(start);
      if (this.single) group(1);
      else {
        times(f, innerLeft, Math.floor(inner / turn), () => {
          group(turn);
          for (const w of this.walkers) f.increase(w.start, turn * bytesPerElement(w.dtype));
        });
        if (inner % turn) group(inner % turn);
      }
      for (const w of this.walkers) f.increase(w.pointer, size * inner * bytesPerElement(w.dtype));
    };
    if (slice === undefined) return times(f, outerLeft, outer, place);
    const places = placesOf(this.around);
    for (const { pointer, dtype } of this.walkers)
      address(f, pointer, pointer, [slice, places * size * inner * bytesPerElement(dtype)]);
    f.i32(outer).get(slice).i32(places).mul().sub().set(outerLeft);
    f.get(outerLeft).i32(places).get(outerLeft).i32(places).op("i32.lt_u").op("select").set(outerLeft);
    countdown(f, outerLeft, place);
  }
  /** The most vectors of a turn, in any pass of `each`'s body at hand. */
  get parts(): readonly Part[] {
    return this.single ? partsOf(Math.min(this.turn, this.around.size)) : this.beside;
  }
  /** One pass along the lines of `each`: `visit` for each turn. Of `single` lines the last vector may have fewer than four that count. */
  along(visit: (turn: readonly Part[]) => void): void {
    const { f, counter, single, turn } = this;
    const { size, inner } = this.around;
    for (const { start, at } of this.walkers) f.get(start).set(at);
    const step = (parts: readonly Part[], elements: number) => {
      visit(parts);
      for (const { at, dtype } of this.walkers) f.increase(at, elements * bytesPerElement(dtype));
    };
    if (!single) return times(f, counter, size, () => step(this.beside, inner));
    times(f, counter, Math.floor(size / turn), () => step(partsOf(turn), turn));
    if (size % turn) step(partsOf(size % turn), size % turn);
  }
  /** For `single` lines, puts `neutral` where a vector has no element; leaves the vector on the stack. */
  masked(vector: number, lanes: number, neutral: () => void): Fn {
    const { f } = this;
    f.get(vector);
    if (!this.single || lanes === LANES) return f;
    neutral();
    return maskOf(f, lanes).op("v128.bitselect");
  }
}
/** Places along the axes before the lines' that fall to a slice. */
const placesOf = ({ size, inner }: AroundAxis): number => Math.max(1, Math.ceil(LEAST / Math.max(1, size * inner)));
