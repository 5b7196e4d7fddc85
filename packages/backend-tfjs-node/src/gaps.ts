// What this device does not do as docs/ops.md says, by exact case of the conformance suite. Each is a property of TensorFlow's
// kernels that other ops of its could only repair at several times the cost.

interface Gap {
  readonly id: string;
  readonly reason: string;
}
/** Of the op by itself and in a program. */
const both = (id: string, reason: string): Gap[] => [id, `${id}, compiled`].map((each) => ({ id: each, reason }));

const SUBNORMAL = "TensorFlow's CPU kernels take subnormal numbers, below 2^-126, for 0";
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
  ...functions.flatMap((op) => both(`edges/${op}/subnormal numbers`, SUBNORMAL)),
  { id: "edges/rsqrt/subnormal numbers, decomposed", reason: SUBNORMAL },
  ...ofTwo.flatMap((op) => both(`edges/${op}/subnormal numbers in every combination`, SUBNORMAL)),
  ...["maximum", "minimum"].flatMap((op) =>
    both(
      `edges/${op}/special values in every combination`,
      "of 0 and -0 TensorFlow takes the first, not the larger or smaller",
    ),
  ),
];
