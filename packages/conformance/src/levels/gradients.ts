// Level "gradients": what users call, its gradients and second derivatives, on the device against the oracle, and of the
// oracle itself against differences in double precision.
import type { Backend, TypedArray } from "@lamina/core";
import { type FunctionCase, functionCases } from "../cases/functions.ts";
import { type Check, expect, Mismatch, type Outcome } from "../check.ts";
import { compare, largest } from "../compare.ts";
import { checkAgainstDifferences, type Derivatives, derivatives, doubled, type Fn } from "../derivatives.ts";
import { call } from "../functions.ts";
import { seedOf, valuesOf } from "../inputs.ts";
import type { Subject, Value } from "../subject.ts";
import { graphTolerance } from "../tolerance.ts";

const DEFAULT_TERMS = 32;

const inputsOf = ({ fn, name, inputs }: FunctionCase): Value[] =>
  inputs.map((x, i) => ({ shape: x.shape, dtype: x.dtype, data: valuesOf(x, seedOf(`${fn}/${name}`) + i) }));

export function gradientChecks({ backend, oracle }: Subject): Check[] {
  return functionCases.flatMap((c): Check[] => {
    const { fn, name, options, second = true } = c;
    const run: Fn = (inputs) => call(fn, inputs, options);
    const inputs = inputsOf(c);
    const order = second ? 2 : 1;
    const check = (suffix: string, run: Check["run"]): Check => ({
      level: "gradients",
      op: fn,
      name: name + suffix,
      run,
    });
    return [
      check("", () => onDevice(backend, oracle, run, inputs, order, c.terms)),
      check(", differences", () => differences(oracle, run, inputs, order)),
    ];
  });
}

async function onDevice(
  backend: Backend,
  oracle: Backend,
  fn: Fn,
  inputs: Value[],
  order: 1 | 2,
  terms = DEFAULT_TERMS,
): Promise<Outcome> {
  const expected = await derivatives(oracle, fn, inputs, { order });
  const actual = await derivatives(backend, fn, inputs, { order });
  return judgeDerivatives(actual, expected, inputs, graphTolerance(terms));
}

/** Value and gradients, each measured by the largest number among it and the inputs. */
function judgeDerivatives(
  actual: Derivatives,
  expected: Derivatives,
  inputs: readonly Value[],
  tolerance: number,
): Outcome {
  const parts: [string, TypedArray, TypedArray][] = [
    ["value", actual.value, expected.value],
    ...expected.first.map((g, i): [string, TypedArray, TypedArray] => [`gradient ${i}`, actual.first[i], g]),
    ...expected.second.map((g, i): [string, TypedArray, TypedArray] => [`second derivative ${i}`, actual.second[i], g]),
  ];
  expect(
    `${actual.shape}` === `${expected.shape}`,
    () => `the result is [${actual.shape}] but must be [${expected.shape}]`,
  );
  const size = largest(inputs.map((x) => x.data));
  let worst = 0;
  for (const [what, got, wanted] of parts) {
    const { ulps, message } = compare(got, wanted, { ulps: tolerance, of: largest([wanted], size) });
    worst = Math.max(worst, ulps);
    if (message) throw new Mismatch(`${what}: ${message}`, { ulps, tolerance });
  }
  return { ulps: worst, tolerance };
}

async function differences(oracle: Backend, fn: Fn, inputs: readonly Value[], order: 1 | 2): Promise<undefined> {
  const doubles = inputs.map(doubled);
  const { first, second } = await derivatives(oracle, fn, doubles, { order });
  await checkAgainstDifferences(oracle, fn, doubles, first, 1);
  if (order === 2) await checkAgainstDifferences(oracle, fn, doubles, second, 2);
  return undefined;
}
