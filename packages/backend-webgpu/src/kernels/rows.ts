// Softmax and its kin: every line along an axis is read some times and written once. A short line is left to one thread, a
// long one to a workgroup; both combine in an order that follows from the length alone.
import type { Spec } from "@lamina/core";
import { libraryOf } from "../pointwise/library.ts";
import type { ArrayUse, Lower } from "./lowered.ts";
import { numbers } from "./numbers.ts";

const LANES = 64;
/** Lines up to this long are left to one thread each. */
const SHORT = 64;

/** WGSL of a line's passes, given `at(k)`, the index of element k. */
export interface LineFormula {
  readonly name: string;
  /** The inputs as the formula calls them: read_NAME. */
  readonly inputs: readonly string[];
  /** Totals along the line, each usable in those after it and in the result. */
  readonly totals: readonly LineTotal[];
  /** The value of element k. */
  readonly value: string;
}
export interface LineTotal {
  readonly name: string;
  readonly kind: "sum" | "max";
  readonly term: string;
}

const combined = ({ kind }: LineTotal, a: string, b: string): string =>
  kind === "sum" ? `(${a} + ${b})` : `maximum_of(${a}, ${b})`;
const initial = ({ kind }: LineTotal): string => (kind === "sum" ? "0.0" : "-infinity()");

function totalText(total: LineTotal, shared: boolean): string {
  const { name, term } = total;
  const step = shared ? `${LANES}u` : "1u";
  const own = `
  var own_${name} = ${initial(total)};
  for (var k = ${shared ? "local" : "0u"}; k < p.size; k += ${step}) { own_${name} = ${combined(total, `own_${name}`, term)}; }`;
  if (!shared) return `${own}\n  let ${name} = own_${name};`;
  return `${own}
  workgroupBarrier();
  lanes[local] = own_${name};
  for (var half = ${LANES / 2}u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (local < half) { lanes[local] = ${combined(total, "lanes[local]", "lanes[local + half]")}; }
  }
  workgroupBarrier();
  let ${name} = lanes[0];`;
}

function mainText({ totals, value }: LineFormula, shared: boolean): string {
  const line = shared ? "group" : `(group * ${LANES}u + local)`;
  return `
  let line = ${line};
  ${shared ? "" : "if (line >= p.lines) { return; }"}
  let base = (line / p.inner) * p.size * p.inner + line % p.inner;
  ${totals.map((total) => totalText(total, shared)).join("\n")}
  for (var k = ${shared ? "local" : "0u"}; k < p.size; k += ${shared ? `${LANES}u` : "1u"}) { write_y(base + k * p.inner, ${value}); }`;
}
/** read_x at element k of the line. */
export const element = (input: string): string => `read_${input}(base + k * p.inner)`;

export const lowerLines =
  (formula: LineFormula): Lower =>
  ([{ shape }]: readonly Spec[], { axis }: { axis: number }) => {
    const size = shape[axis];
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const lines = shape.reduce((a, b) => a * b, 1) / size;
    const shared = size > SHORT;
    const inputs = formula.inputs.map((name, input): ArrayUse => ({ name, input }));
    return {
      dispatches: [
        {
          key: `${formula.name} ${shared}`,
          arrays: [...inputs, { name: "y", output: true }],
          uniforms: numbers({ size, inner, lines }),
          wgsl: () => {
            const main = mainText(formula, shared);
            return { globals: `${libraryOf(main)}\nvar<workgroup> lanes: array<f32, ${LANES}>;`, main };
          },
          workgroupSize: LANES,
          workgroups: shared ? lines : Math.ceil(lines / LANES),
          work: lines * size * 20,
        },
      ],
    };
  };
