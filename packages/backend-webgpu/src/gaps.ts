// What the suite is told about numbers below 2^-126: WGSL lets a device take them for 0, and most do.

const ops = ["exp", "reciprocal", "square", "sigmoid", "softplus", "silu"];
const pairs = ["add", "sub", "mul", "div", "atan2"];
const reason =
  "WGSL lets a device take subnormal numbers for 0, and most do (https://www.w3.org/TR/WGSL/#floating-point-evaluation); a device that computes with them passes, and needs no declaration";

/** Cases of the conformance suite, by id, that WebGPU devices are known not to pass. */
export const gaps: readonly { readonly id: string; readonly reason: string }[] = [
  ...ops.map((op) => `edges/${op}/subnormal numbers`),
  ...pairs.map((op) => `edges/${op}/subnormal numbers in every combination`),
].flatMap((id) => [
  { id, reason },
  { id: `${id}, compiled`, reason },
]);
