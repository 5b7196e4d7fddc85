// Forward values, gradients and second derivatives against PyTorch's, through the functions that users call.
import * as core from "@lamina/core";
import { grad, Parameter, type Tensor } from "@lamina/core";
import { type Fixture, loadFixture } from "./fixtures.ts";

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
/** One number list held against PyTorch's. */
export interface VectorOutcome {
  readonly id: string;
  readonly op: string;
  /** What is wrong, or undefined. */
  readonly message: string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: the function is found by its name, so its arguments cannot be typed.
const functions = core as unknown as Readonly<Record<string, (...args: any[]) => Tensor>>;

/** The units that an error is counted in: of the largest value near it, since sums cancel. */
const EPSILON = 2 ** -23;
function compareWith(actual: ArrayLike<number>, expected: ArrayLike<number>, length: number): string | undefined {
  const sizes = Array.from(expected, Math.abs).filter(Number.isFinite);
  const scale = sizes.length ? sizes.reduce((a, b) => a + b) / sizes.length : 0;
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i], expected[i]];
    if (Object.is(a, e) || a === e || Math.fround(e) === a) continue;
    const allowed = EPSILON * (4 + length) * Math.max(Math.abs(e), scale);
    if (!(Math.abs(a - e) <= allowed))
      return `element ${i} is ${a} but PyTorch has ${e} (allowed: ${allowed.toExponential(1)})`;
  }
  return undefined;
}

function call(c: VectorCase, tensors: Readonly<Record<string, Tensor>>): Tensor {
  const options = {
    ...c.options,
    ...Object.fromEntries(Object.entries(c.named).map(([key, name]) => [key, tensors[name]])),
  };
  const last = c.options || Object.keys(c.named).length ? [options] : [];
  return functions[c.fn](...c.inputs.map((name) => tensors[name]), ...c.args.map((a) => a ?? undefined), ...last);
}

async function* runCase(c: VectorCase, fixture: Fixture<VectorCase>): AsyncGenerator<VectorOutcome> {
  const value = (name: string) => fixture.data(`${c.id}/${name}`);
  const names = [...c.inputs, ...Object.values(c.named)];
  const tensors = Object.fromEntries(
    names.map((name) => {
      const t = fixture.tensor(`${c.id}/${name}`);
      return [name, c.wanted.includes(name) ? new Parameter(t) : t];
    }),
  );
  const outcome = async (what: string, t: Tensor, expected: string, length: number) => ({
    id: `${c.id}${what}`,
    op: c.fn,
    message: compareWith(await t.data(), value(expected), length),
  });
  const out = call(c, tensors);
  if (c.wanted.length === 0) return yield await outcome("", out, "out", c.length);
  const wanted = c.wanted.map((name) => tensors[name]);
  const grads = grad(out, wanted, { gradOutput: fixture.tensor(`${c.id}/dy`), createGraph: c.second });
  const second = c.second
    ? grad(
        grads.map((g) => g.mul(g).sum()).reduce((a, b) => a.add(b)),
        wanted,
      )
    : [];
  yield await outcome("", out, "out", c.length);
  for (const [i, name] of c.wanted.entries()) {
    yield await outcome(`, gradient of ${name}`, grads[i], `grad.${name}`, 4 * c.length + 8);
    if (c.second)
      yield await outcome(`, second derivative for ${name}`, second[i], `second.${name}`, 16 * c.length + 64);
  }
}

/** Every case of fixtures/ops.safetensors on the backend that computes. */
export async function* vectors(): AsyncGenerator<VectorOutcome> {
  const fixture = await loadFixture<VectorCase>("ops");
  for (const c of fixture.cases)
    try {
      yield* runCase(c, fixture);
    } catch (error) {
      yield { id: c.id, op: c.fn, message: (error as Error).message };
    }
}
