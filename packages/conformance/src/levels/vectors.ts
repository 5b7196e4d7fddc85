// Level "vectors": forward values, gradients and second derivatives against PyTorch's, through the functions that users call.
// Every case runs twice: on the device, and in double precision on the oracle, which is thereby judged by PyTorch as well.
import * as core from "@lamina/core";
import { type Backend, grad, type Tensor } from "@lamina/core";
import { type Check, Mismatch, type Outcome } from "../check.ts";
import { compare } from "../compare.ts";
import { type Fixture, loadFixture } from "../fixtures.ts";
import type { Subject } from "../subject.ts";

/** As tools/goldens/make.py writes them. */
interface VectorCase {
  readonly id: string;
  readonly fn: string;
  readonly inputs: readonly string[];
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>> | null;
  readonly named: Readonly<Record<string, string>>;
  readonly wanted: readonly string[];
  /** Roundings that a result may have seen. */
  readonly length: number;
  readonly second: boolean;
}
/** What PyTorch says, and what came out. */
interface Held {
  readonly what: string;
  readonly actual: Tensor;
  readonly expected: string;
  readonly length: number;
}

// biome-ignore lint/suspicious/noExplicitAny: the function is found by its name, so its arguments cannot be typed.
const functions = core as unknown as Readonly<Record<string, (...args: any[]) => Tensor>>;

function call(c: VectorCase, tensors: Readonly<Record<string, Tensor>>): Tensor {
  const named = Object.fromEntries(Object.entries(c.named).map(([key, name]) => [key, tensors[name]]));
  const last = c.options || Object.keys(c.named).length ? [{ ...c.options, ...named }] : [];
  return functions[c.fn](...c.inputs.map((name) => tensors[name]), ...c.args.map((a) => a ?? undefined), ...last);
}

/** Records value, gradients and second derivatives of a case. */
function held(c: VectorCase, fixture: Fixture<VectorCase>): Held[] {
  const tensors = Object.fromEntries(
    [...c.inputs, ...Object.values(c.named)].map((name) => {
      const leaf = core.detach(fixture.tensor(`${c.id}/${name}`));
      leaf.requiresGrad = c.wanted.includes(name);
      return [name, leaf];
    }),
  );
  const out = call(c, tensors);
  const value = { what: "value", actual: out, expected: `${c.id}/out`, length: c.length };
  if (c.wanted.length === 0) return [value];
  const wanted = c.wanted.map((name) => tensors[name]);
  const first = grad(out, wanted, { gradOutput: fixture.tensor(`${c.id}/dy`), createGraph: c.second });
  const squares = () => first.map((g) => g.mul(g).sum()).reduce((a, b) => a.add(b));
  const second = c.second ? grad(squares(), wanted) : [];
  const listed = (kind: string, what: string, list: readonly Tensor[], length: number) =>
    list.map((actual, i): Held => {
      const name = c.wanted[i];
      return { what: `${what} of ${name}`, actual, expected: `${c.id}/${kind}.${name}`, length };
    });
  return [
    value,
    ...listed("grad", "gradient", first, 4 * c.length + 8),
    ...listed("second", "second derivative", second, 16 * c.length + 64),
  ];
}

/** How much finer than float32 the oracle is; PyTorch's own float64 results differ from it by as much. */
const DOUBLE = 2 ** -24;
/** Whose weights are float32 numbers from the host, on every device. */
const SINGLE: readonly string[] = ["interpolate"];

async function judge(
  backend: Backend,
  c: VectorCase,
  fixture: Fixture<VectorCase>,
  precision: number,
): Promise<Outcome> {
  core.setBackend(backend);
  const parts = held(c, fixture);
  const values = await Promise.all(parts.map(({ actual }) => actual.data()));
  let worst: Outcome = { ulps: 0, tolerance: 1 };
  for (const [i, { what, expected, length }] of parts.entries()) {
    const wanted = fixture.data(expected);
    // of the values around it, since sums cancel
    const sizes = Array.from(wanted, Math.abs).filter(Number.isFinite);
    const mean = sizes.length ? sizes.reduce((a, b) => a + b) / sizes.length : 0;
    const tolerance = (4 + length) * precision;
    const of = Array.from(wanted, (e) => Math.max(Math.abs(e), mean));
    const { ulps, message } = compare(values[i], wanted, { ulps: tolerance, of });
    if (message) throw new Mismatch(`${what}: ${message} (expected by PyTorch)`, { ulps, tolerance });
    if (ulps / tolerance > worst.ulps! / worst.tolerance!) worst = { ulps, tolerance };
  }
  return worst;
}

/** Every case of fixtures/ops.safetensors. */
export async function vectorChecks({ backend, oracle }: Subject): Promise<Check[]> {
  const fixture = await loadFixture<VectorCase>("ops");
  return fixture.cases.flatMap((c): Check[] => {
    const name = c.id === c.fn ? "plain" : c.id.slice(c.fn.length + 1);
    const check = (suffix: string, by: Backend, precision: number): Check => ({
      level: "vectors",
      op: c.fn,
      name: name + suffix,
      run: () => judge(by, c, fixture, precision),
    });
    return [check("", backend, 1), check(", oracle", oracle, SINGLE.includes(c.fn) ? 1 : DOUBLE)];
  });
}
