// Reductions. An axis is folded in runs of up to 256 elements, a launch for each time, so that no thread walks far and
// sums stay accurate: a run is added up in sixteen parts.
import type { Spec } from "@lamina/core";
import type { Device, GpujsBuffer, Launch } from "../device.ts";
import { EXACT, indexOf, loop, named, type Operand, type Position, place, quotient } from "../source.ts";
import { filled, type Row, sizeOf } from "./kernel.ts";
import { carried, lessWords, product, returnWords, toPosition, type Words, wordsAt, wordsOfPosition } from "./words.ts";

const PART = 16;

/** x seen as [outer, n, inner], of which each run of `parts` times `size` along n becomes one. */
interface Run {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  readonly parts: number;
  readonly size: number;
  readonly runs: number;
}
function runOf(outer: number, n: number, inner: number): Run {
  const size = Math.min(n, PART);
  const parts = Math.min(PART, Math.ceil(n / size));
  return { outer, n, inner, parts, size, runs: Math.ceil(n / (parts * size)) };
}
/** Names for the three coordinates of result element `e`, and where element `k` of its run lies in x. */
function walk(
  x: Operand,
  run: Run,
  e: Position,
): { names: string; at: (k: string) => Position; exists: (k: string) => string[] } {
  const { outer, n, inner, parts, size, runs } = run;
  const shape = [outer, runs, inner];
  const [names, [o, j, q]] = named("c", indexOf(e, shape), shape);
  const along = (k: string) =>
    j === "0" ? k : n < EXACT ? `(${j} * ${parts * size} + ${k})` : place(j, parts * size, k);
  return {
    names,
    at: (k) => x.place([o, along(k), q], [n * inner, inner, 1]),
    exists: (k) => (runs * parts * size === n ? [] : [`${along(k)} < ${n}`]),
  };
}
const inParts = ({ parts, size }: Run, before: string, body: (k: string) => string, after: string): string =>
  parts === 1
    ? `${before}${loop("b", size, body("b"))}${after}`
    : loop("a", parts, `${before}${loop("b", size, body(`(a * ${size} + b)`))}${after}`);
const guarded = (conditions: readonly string[], body: string): string =>
  conditions.length ? `if (${conditions[0]}) { ${body} }` : body;

interface Fold {
  /** What nothing folds to. */
  readonly identity: number;
  /** `total` and `part` are numbers, and start as the identity, or as the first element where there is none. */
  readonly number: (total: string, v: string) => string;
  readonly words: (total: Words, v: Words) => Words;
  readonly startsWithFirst?: boolean;
}
const folds: Record<"sum" | "prod" | "max" | "min", Fold> = {
  sum: {
    identity: 0,
    number: (t, v) => `${t} + ${v}`,
    words: ([tl, th], [vl, vh]) => carried(`(${tl} + ${vl})`, `(${th} + ${vh})`),
  },
  prod: { identity: 1, number: (t, v) => `${t} * ${v}`, words: product },
  max: {
    identity: Number.NaN,
    startsWithFirst: true,
    number: (t, v) => `larger(${t}, ${v})`,
    words: (t, v) => picked(lessWords(t, v), v, t),
  },
  min: {
    identity: Number.NaN,
    startsWithFirst: true,
    number: (t, v) => `smaller(${t}, ${v})`,
    words: (t, v) => picked(lessWords(v, t), v, t),
  },
};
const picked = (condition: string, a: Words, b: Words): Words => [
  `(${condition} ? ${a[0]} : ${b[0]})`,
  `(${condition} ? ${a[1]} : ${b[1]})`,
];

function numbersText(fold: Fold, x: Operand, run: Run, i: Position): string {
  const { names, at, exists } = walk(x, run, i);
  const start = fold.startsWithFirst ? x.at(at("0")) : String(fold.identity);
  const body = inParts(
    run,
    `p = ${start};\n`,
    (k) => guarded(exists(k), `p = ${fold.number("p", x.at(at(k)))};`),
    `t = ${fold.number("t", "p")};\n`,
  );
  return `${names}let t = ${start};\nlet p = t;\n${body}return t;`;
}
function wordsText(fold: Fold, x: Operand, run: Run, i: Position): string {
  const { names, at, exists } = walk(x, run, quotient(i, 2));
  const start: Words = fold.startsWithFirst ? wordsAt(x, at("0")) : [String(fold.identity), "0"];
  const [low, high] = fold.words(["l", "h"], ["vl", "vh"]);
  const step = (k: string) => {
    const [vl, vh] = wordsAt(x, at(k));
    return guarded(exists(k), `vl = ${vl};\nvh = ${vh};\nnl = ${low};\nnh = ${high};\nl = nl;\nh = nh;`);
  };
  const declared = `let l = ${start[0]};\nlet h = ${start[1]};\nlet vl = l;\nlet vh = h;\nlet nl = l;\nlet nh = h;\n`;
  return `${names}${declared}${inParts(run, "", step, "")}${returnWords(i, ["l", "h"])}`;
}

/** Folds n away, run by run. Does not free x. */
function folded(
  device: Device,
  op: keyof typeof folds,
  x: GpujsBuffer,
  outer: number,
  n: number,
  inner: number,
): GpujsBuffer {
  const run = runOf(outer, n, inner);
  const text = x.dtype === "int32" ? wordsText : numbersText;
  const result = device.launch({
    key: `${op} ${x.dtype} ${outer},${n},${inner}`,
    inputs: [x],
    dtype: x.dtype,
    length: outer * run.runs * inner,
    text: ([data], i) => text(folds[op], data, run, i),
  });
  if (run.runs === 1) return result;
  try {
    return folded(device, op, result, outer, run.runs, inner);
  } finally {
    device.free(result);
  }
}

/** Reduced axes that stand side by side, as one: [outer, n, inner], the last ones first. */
function groups(shape: readonly number[], axes: readonly number[]): [outer: number, n: number, inner: number][] {
  const found: [number, number, number][] = [];
  let rest = [...shape];
  for (let end = axes.length; end > 0; ) {
    let first = end - 1;
    while (first > 0 && axes[first - 1] === axes[first] - 1) first--;
    const [from, to] = [axes[first], axes[end - 1] + 1];
    found.push([sizeOf(rest.slice(0, from)), sizeOf(rest.slice(from, to)), sizeOf(rest.slice(to))]);
    rest = [...rest.slice(0, from), ...rest.slice(to)];
    end = first;
  }
  return found;
}
const reduction =
  (op: keyof typeof folds): Row<{ axes: readonly number[] }> =>
  (device, [x], { axes }, _scalars, out) => {
    if (sizeOf(x.shape) === 0) return filled(device, out, folds[op].identity);
    let at = x.buffer;
    const all = groups(x.shape, axes);
    for (const [outer, n, inner] of all.length ? all : [[sizeOf(x.shape), 1, 1]]) {
      const next = folded(device, op, at, outer, n, inner);
      if (at !== x.buffer) device.free(at);
      at = next;
    }
    return at;
  };
export const [sum, prod, max, min] = [reduction("sum"), reduction("prod"), reduction("max"), reduction("min")];

// ---- where the extreme is --------------------------------------------------------------------------------------------
/** Whether (vl, vh) goes before the best so far, (ml, mh). */
function better(op: "argmax" | "argmin", dtype: string): string {
  const [v, m]: Words[] = [
    ["vl", "vh"],
    ["ml", "mh"],
  ];
  if (dtype === "int32") return op === "argmax" ? lessWords(m, v) : lessWords(v, m);
  return `(vl ${op === "argmax" ? ">" : "<"} ml || (!(vl == vl) && ml == ml))`;
}
/** Of each run the place of the extreme, first among equals; later rounds choose among the places that earlier ones found. */
function placesText(op: "argmax" | "argmin", dtype: string, run: Run, n: number, again: boolean): Launch["text"] {
  return ([x, places], i) => {
    const e = quotient(i, 2);
    const { names, at, exists } = walk(again ? places : x, run, e);
    const [o, j, q] = indexOf(e, [run.outer, run.runs, run.inner]);
    const span = run.parts * run.size;
    /** Sets (vl, vh) to candidate k; in later rounds (cl, ch) is its place along n. */
    const look = (k: string): string => {
      const [cl, ch] = again ? wordsAt(places, at(k)) : [];
      const where = again ? x.place([o, toPosition(["cl", "ch"]), q], [n * run.inner, run.inner, 1]) : at(k);
      const [vl, vh] = dtype === "int32" ? wordsAt(x, where) : [x.at(where), "0"];
      return `${again ? `cl = ${cl};\nch = ${ch};\n` : ""}vl = ${vl};\nvh = ${vh};\n`;
    };
    const take = (k: string): string => {
      const [pl, ph] = again ? ["cl", "ch"] : wordsOfPosition(j === "0" ? k : place(j, span, k));
      return `ml = vl;\nmh = vh;\npl = ${pl};\nph = ${ph};\n`;
    };
    const declared = `${["cl", "ch", "vl", "vh", "ml", "mh", "pl", "ph"].map((v) => `let ${v} = 0;\n`).join("")}${look("0")}${take("0")}`;
    const step = (k: string) => guarded(exists(k), `${look(k)}if (${better(op, dtype)}) { ${take(k)} }`);
    return `${names}${declared}${inParts(run, "", step, "")}${returnWords(i, ["pl", "ph"])}`;
  };
}
const extreme =
  (op: "argmax" | "argmin"): Row<{ axis: number }> =>
  (device, [x], { axis }, _scalars, out: Spec) => {
    const n = x.shape[axis];
    const outer = sizeOf(x.shape.slice(0, axis));
    const inner = sizeOf(x.shape.slice(axis + 1));
    if (outer * inner === 0) return filled(device, out, 0);
    let places: GpujsBuffer | undefined;
    for (let left = n; ; ) {
      const run = runOf(outer, left, inner);
      const before: GpujsBuffer | undefined = places;
      places = device.launch({
        key: `${op} ${x.dtype} ${outer},${n},${inner} ${left} ${before !== undefined}`,
        inputs: before ? [x.buffer, before] : [x.buffer],
        dtype: "int32",
        length: outer * run.runs * inner,
        bounds: [0, n - 1],
        text: placesText(op, x.dtype, run, n, before !== undefined),
      });
      if (before) device.free(before);
      if (run.runs === 1) return places;
      left = run.runs;
    }
  };
export const [argmax, argmin] = [extreme("argmax"), extreme("argmin")];
