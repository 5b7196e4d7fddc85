// Reductions over some axes: what sum, prod, max and min have in common. The order in which elements are combined follows
// from the shape alone, so the same input gives the same bits. Where there are few results, each is cut into segments that are
// reduced at once, and then the segments are.
import { type DType, type Spec, sizeOf } from "@lamina/core";
import { type Access, joined, stridesOf } from "@lamina/core/passes";
import { offsetFunction, offsetNumbers, strideKey } from "../coordinates.ts";
import { libraryOf } from "../pointwise/library.ts";
import { wgslType } from "../shader.ts";
import type { ArrayUse, Dispatch, Lower } from "./lowered.ts";
import { numbers } from "./numbers.ts";

export interface Reduction {
  readonly name: string;
  /** WGSL of what combining starts from. */
  readonly initial: (dtype: DType) => string;
  /** WGSL of a and b combined, numbers or vectors of four. */
  readonly combine: (a: string, b: string, dtype: DType, width: 1 | 4) => string;
}

const LANES = 64;
/** Reductions of so few elements are left to one thread each. */
const FEW = 32;
/** Threads that keep a device busy; with fewer, each result is cut into segments. */
const BUSY = 8192;
/** Elements that a thread combines before it starts anew, so that rounding errors do not add up along the whole axis. */
const RUN = 16;

interface Stage {
  readonly dtype: DType;
  readonly from: ArrayUse;
  readonly to: ArrayUse;
  /** Where in `from` the elements of a result begin, and where each lies after that. */
  readonly kept: Access;
  readonly reduced: Access;
  readonly segments: number;
}

/** Whether neighbouring results lie beside each other, and each gets a thread; else a workgroup walks along its elements. */
const isAcross = ({ kept, reduced }: Pick<Stage, "kept" | "reduced">): boolean =>
  sizeOf(reduced.sizes) <= FEW || (reduced.strides.at(-1) !== 1 && kept.strides.at(-1) === 1);

/** Four neighbours at a time, where a workgroup walks along whole vectors; the accesses then count vectors. */
function widened(stage: Stage): Stage & { readonly width: 1 | 4 } {
  const { kept, reduced } = stage;
  const last = reduced.sizes.length - 1;
  const others = [...kept.strides, ...reduced.strides.slice(0, -1)];
  const fits = reduced.strides[last] === 1 && reduced.sizes[last] % 4 === 0 && others.every((s) => s % 4 === 0);
  if (isAcross(stage) || !fits) return { ...stage, width: 1 };
  const quarter = (s: number, axis: number) => (axis === last ? s : s / 4);
  return {
    ...stage,
    width: 4,
    from: { ...stage.from, width: 4 },
    kept: { ...kept, strides: kept.strides.map((s) => s / 4) },
    reduced: {
      sizes: reduced.sizes.map((n, axis) => (axis === last ? n / 4 : n)),
      strides: reduced.strides.map(quarter),
    },
  };
}

/** Combines elements `first`, `first + step`, … before `last` into `total`. */
function combineRange({ initial, combine }: Reduction, dtype: DType, width: 1 | 4, step: string): string {
  const start = width === 1 ? initial(dtype) : `vec4<${wgslType(dtype)}>(${initial(dtype)})`;
  const whole = width === 1 ? "sum" : lanes.map((l) => `sum.${l}`).reduce((a, b) => combine(a, b, dtype, 1));
  return `
  var sum = ${start};
  for (var run = first; run < last; run += ${RUN}u * ${step}) {
    var part = ${start};
    for (var k = run; k < min(run + ${RUN}u * ${step}, last); k += ${step}) {
      part = ${combine("part", "read_x(base + reduced_at(k))", dtype, width)};
    }
    sum = ${combine("sum", "part", dtype, width)};
  }
  let total = ${whole};`;
}
const lanes = ["x", "y", "z", "w"];
const segmentText = `
  let result = at % p.results;
  let base = kept_at(result);
  let start = (at / p.results) * p.length;
  let last = min(start + p.length, p.count);`;

const acrossText = (r: Reduction, dtype: DType): string => `
  let at = group * ${LANES}u + local;
  if (at >= p.results * p.segments) { return; }${segmentText}
  let first = start;${combineRange(r, dtype, 1, "1u")}
  write_y(at, total);`;

const alongText = (r: Reduction, dtype: DType, width: 1 | 4): string => `
  let at = group;${segmentText}
  let first = start + local;${combineRange(r, dtype, width, `${LANES}u`)}
  lanes[local] = total;
  for (var half = ${LANES / 2}u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (local < half) { lanes[local] = ${r.combine("lanes[local]", "lanes[local + half]", dtype, 1)}; }
  }
  if (local == 0u) { write_y(at, lanes[0]); }`;

function dispatchOf(reduction: Reduction, stage: Stage): Dispatch {
  const { dtype, from, to, kept, reduced, segments, width } = widened(stage);
  const across = isAcross(stage);
  const results = sizeOf(kept.sizes);
  const count = sizeOf(reduced.sizes);
  const wgsl = () => {
    const main = across ? acrossText(reduction, dtype) : alongText(reduction, dtype, width);
    const lanes = across ? "" : `var<workgroup> lanes: array<${wgslType(dtype)}, ${LANES}>;`;
    const offsets = `${offsetFunction("kept", kept)}\n${offsetFunction("reduced", reduced)}`;
    return { globals: `${libraryOf(main)}\n${offsets}\n${lanes}`, main };
  };
  const length = Math.ceil(count / segments);
  return {
    key: `${reduction.name} ${dtype} ${across} ${width} ${strideKey(kept.strides)} ${strideKey(reduced.strides)}`,
    arrays: [
      { ...from, name: "x" },
      { ...to, name: "y" },
    ],
    uniforms: [
      ...numbers({ results, count, segments, length }),
      ...offsetNumbers("kept", kept),
      ...offsetNumbers("reduced", reduced),
    ],
    wgsl,
    workgroupSize: LANES,
    workgroups: across ? Math.ceil((results * segments) / LANES) : results * segments,
    work: results * count,
  };
}
/** Into how many segments each result is cut. */
function segmentsOf(results: number, count: number, across: boolean): number {
  const threads = across ? results : results * LANES;
  const least = across ? 64 : 64 * LANES;
  return Math.max(1, Math.min(Math.ceil(count / least), Math.floor(BUSY / threads)));
}

export const lowerReduction =
  (reduction: Reduction): Lower =>
  ([x], { axes }: { axes: readonly number[] }) => {
    const { dtype } = x;
    const kept = accessOf(x, (axis) => !axes.includes(axis));
    const reduced = accessOf(x, (axis) => axes.includes(axis));
    const results = sizeOf(kept.sizes);
    const count = sizeOf(reduced.sizes);
    const segments = segmentsOf(results, count, isAcross({ kept, reduced }));
    const input: ArrayUse = { name: "x", input: 0 };
    const output: ArrayUse = { name: "y", output: true };
    if (segments === 1)
      return { dispatches: [dispatchOf(reduction, { dtype, from: input, to: output, kept, reduced, segments })] };
    const scratch: ArrayUse = { name: "y", scratch: 0 };
    const rest = { kept: { sizes: [results], strides: [1] }, reduced: { sizes: [segments], strides: [results] } };
    return {
      scratch: [{ dtype, length: results * segments }],
      dispatches: [
        dispatchOf(reduction, { dtype, from: input, to: scratch, kept, reduced, segments }),
        dispatchOf(reduction, { dtype, from: scratch, to: output, ...rest, segments: 1 }),
      ],
    };
  };
function accessOf({ shape }: Spec, wanted: (axis: number) => boolean): Access {
  const strides = stridesOf(shape);
  const axes = shape.map((_, axis) => axis).filter(wanted);
  return joined({ sizes: axes.map((a) => shape[a]), strides: axes.map((a) => strides[a]) });
}

/** The least and the greatest value of a dtype, in WGSL. */
export const least = (dtype: DType): string =>
  dtype === "float32" ? "-infinity()" : dtype === "int32" ? "i32(-2147483648)" : "0u";
export const greatest = (dtype: DType): string =>
  dtype === "float32" ? "infinity()" : dtype === "int32" ? "2147483647i" : "0xffffffffu";
