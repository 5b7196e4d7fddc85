// Prints values as PyTorch's repr does: four decimals, aligned columns, the middle of long axes left out.
import { type DType, isFloat, type Shape, sizeOf, type TypedArray } from "./dtype.ts";

const EDGE = 3;
const THRESHOLD = 1000;

function formatter(data: TypedArray, dtype: DType): (v: number) => string {
  if (dtype === "bool") return (v) => (v ? "True" : "False");
  if (!isFloat(dtype)) return String;
  const finite = Array.from(data as Float32Array)
    .filter((v) => Number.isFinite(v) && v !== 0)
    .map(Math.abs);
  const largest = Math.max(0, ...finite);
  const smallest = finite.length ? Math.min(...finite) : 0;
  const special = (v: number) => (Number.isNaN(v) ? "nan" : v > 0 ? "inf" : "-inf");
  const show = (v: number, f: (v: number) => string) => (Number.isFinite(v) ? f(v) : special(v));
  if (finite.every(Number.isInteger) && largest < 1e8) return (v) => show(v, (x) => `${Object.is(x, -0) ? "-0" : x}.`);
  const exponent = largest >= 1e8 || smallest < 1e-4 || largest / (smallest || 1) > 1000;
  return (v) => show(v, (x) => (exponent ? scientific(x) : x.toFixed(4)));
}
const scientific = (x: number) => x.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");

/** The positions of an axis that are printed; -1 stands for the part left out. */
function positions(size: number, summarize: boolean): number[] {
  const all = Array.from({ length: size }, (_, i) => i);
  return summarize && size > 2 * EDGE ? [...all.slice(0, EDGE), -1, ...all.slice(size - EDGE)] : all;
}

/** `tensor([[1., 2.], [3., 4.]])` with dtype and grad where PyTorch shows them; without `data` only what is known. */
export function format(shape: Shape, dtype: DType, data: TypedArray | undefined, requiresGrad = false): string {
  const tail = [
    ...(dtype === "float32" || dtype === "bool" ? [] : [`dtype=${dtype}`]),
    ...(requiresGrad ? ["requiresGrad=true"] : []),
  ];
  if (!data) return `tensor(${["not on the host: await data()", `shape=[${shape}]`, ...tail].join(", ")})`;
  if (sizeOf(shape) === 0)
    return `tensor(${["[]", ...(shape.length > 1 ? [`size=(${shape.join(", ")})`] : []), ...tail].join(", ")})`;
  const summarize = sizeOf(shape) > THRESHOLD;
  const picked: number[] = [];
  const visit = (axis: number, offset: number, stride: number): void => {
    if (axis === shape.length) {
      picked.push(offset);
      return;
    }
    const inner = stride / shape[axis];
    for (const p of positions(shape[axis], summarize)) if (p >= 0) visit(axis + 1, offset + p * inner, inner);
  };
  visit(0, 0, data.length);
  const shown = picked.map((i) => data[i]);
  const text = formatter(Float64Array.from(shown) as unknown as TypedArray, dtype);
  const width = Math.max(...shown.map((v) => text(v).length));
  const cell = (i: number) => (shape.length ? text(data[i]).padStart(width) : text(data[i]));
  return `tensor(${[body(shape, cell, summarize, data.length), ...tail].join(", ")})`;
}

function body(shape: Shape, cell: (i: number) => string, summarize: boolean, length: number): string {
  const level = (axis: number, offset: number, stride: number): string => {
    if (axis === shape.length) return cell(offset);
    const inner = stride / shape[axis];
    const rest = shape.length - axis - 1;
    const separator = rest === 0 ? ", " : `,${"\n".repeat(rest)}${" ".repeat("tensor(".length + axis + 1)}`;
    const parts = positions(shape[axis], summarize).map((p) =>
      p < 0 ? "..." : level(axis + 1, offset + p * inner, inner),
    );
    return `[${parts.join(separator)}]`;
  };
  return level(0, 0, length);
}
