// What this device does not do as docs/ops.md says, by exact case of the conformance suite: in shaders, numbers below 2^-126.
import type { OpName } from "@lamina/core";

interface Device {
  compute(op: OpName, ...numbers: readonly number[]): Promise<number>;
}
interface Gap {
  readonly id: string;
  readonly reason: string;
  readonly when: (device: Device) => Promise<boolean>;
}
const functions = ["sign", "floor", "ceil", "sqrt", "exp", "log", "reciprocal", "square", "relu"];
const ofTwo = ["add", "sub", "mul", "maximum", "minimum", "equal", "less", "lessEqual", "div", "pow", "atan2"];

const reason =
  "shader languages let a device take subnormal numbers, below 2^-126, for 0, and this one does (GLSL ES 3.00, 4.5.1; WGSL, floating point evaluation)";
/** gpu.js's WebAssembly and JavaScript keep them, and so do some graphics cards. */
const addsThemAs0: Gap["when"] = async ({ compute }) => (await compute("add", 2 ** -149, 2 ** -149)) === 0;
/** A driver may turn a sign without looking at the number. */
const negatesThemTo0: Gap["when"] = async ({ compute }) => (await compute("neg", 2 ** -149)) === 0;

/** For the suite: cases that the device at hand is known not to pass. */
export const gaps: readonly Gap[] = [
  { id: "edges/neg/subnormal numbers", reason, when: negatesThemTo0 },
  ...[
    ...functions.map((op) => `edges/${op}/subnormal numbers`),
    "edges/rsqrt/subnormal numbers, decomposed",
    ...ofTwo.map((op) => `edges/${op}/subnormal numbers in every combination`),
    "edges/cast/NaN and infinities are true", // 2^-149 is among them
  ].map((id) => ({ id, reason, when: addsThemAs0 })),
];
