// What this device does not do as docs/ops.md says, by exact case of the conformance suite. Each is a property of TensorFlow's
// kernels that other ops of its could only repair at several times the cost.

import type { OpName } from "@lamina/core";

interface Device {
  compute(op: OpName, ...numbers: readonly number[]): Promise<number>;
}
interface Gap {
  readonly id: string;
  readonly reason: string;
  /** Whether the device that is open has it; left out: always. */
  readonly when?: (device: Device) => Promise<boolean>;
}
/** Of the op by itself and in a program. */
const both = (id: string): string[] => [id, `${id}, compiled`];

/** A processor that has no such mode, or another build of TensorFlow, may keep them. */
const takesSubnormalsFor0: Gap["when"] = async ({ compute }) => (await compute("add", 2 ** -149, 2 ** -149)) === 0;
const functions = [
  "ceil",
  "exp",
  "floor",
  "log",
  "reciprocal",
  "relu",
  "rsqrt",
  "sigmoid",
  "sign",
  "silu",
  "softplus",
  "sqrt",
  "square",
];
const ofTwo = ["add", "atan2", "div", "equal", "less", "lessEqual", "maximum", "minimum", "mul", "pow", "sub"];

export const gaps: readonly Gap[] = [
  ...[
    ...functions.flatMap((op) => both(`edges/${op}/subnormal numbers`)),
    "edges/rsqrt/subnormal numbers, decomposed",
    ...ofTwo.flatMap((op) => both(`edges/${op}/subnormal numbers in every combination`)),
  ].map((id) => ({
    id,
    reason: "TensorFlow's CPU kernels take subnormal numbers, below 2^-126, for 0",
    when: takesSubnormalsFor0,
  })),
  ...["maximum", "minimum"].flatMap((op) =>
    both(`edges/${op}/special values in every combination`).map((id) => ({
      id,
      reason: "of 0 and -0 TensorFlow takes the first, not the larger or smaller",
    })),
  ),
];
