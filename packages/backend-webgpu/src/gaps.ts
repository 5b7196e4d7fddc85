// What the suite is told about numbers below 2^-126: WGSL lets a device take them for 0, and most do.
import type { OpName } from "@lamina/core";

interface Device {
  compute(op: OpName, ...numbers: readonly number[]): Promise<number>;
}
interface Gap {
  readonly id: string;
  readonly reason: string;
  readonly when: (device: Device) => Promise<boolean>;
}

const ops = ["exp", "reciprocal", "square", "sigmoid", "softplus", "silu"];
const pairs = ["add", "sub", "mul", "div", "atan2"];
const reason =
  "WGSL lets a device take subnormal numbers, below 2^-126, for 0, and this one does (https://www.w3.org/TR/WGSL/#floating-point-evaluation)";
const when: Gap["when"] = async ({ compute }) => (await compute("add", 2 ** -149, 2 ** -149)) === 0;

/** For the suite: cases that the device at hand is known not to pass. */
export const gaps: readonly Gap[] = [
  ...ops.map((op) => `edges/${op}/subnormal numbers`),
  ...pairs.map((op) => `edges/${op}/subnormal numbers in every combination`),
].flatMap((id) => [
  { id, reason, when },
  { id: `${id}, compiled`, reason, when },
]);
