// The device under the suite: with no more than every WebGPU device has, and then, where that makes a difference, with all that
// the adapter offers.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { gaps, webgpu } from "./index.ts";

const absent = process.env.LAMINA_ABSENT_VULKAN;
const openLeast = () => webgpu({ limits: "default" });

conformWith(vitest, "webgpu under default limits", openLeast, { absent, declared: gaps });
// more bindings: programs are fused and placed differently, kernels are the same
conformWith(vitest, "webgpu", webgpu, { absent, levels: ["programs", "determinism", "epoch"] });
// products have other tiles, and fetch by quads, where subgroups are four wide: some cases of each are enough to tell
conformWith(vitest, "webgpu with subgroups", webgpu, {
  absent,
  levels: ["ops", "edges"],
  filter: (id) => /(matmul|conv2d\w*)\/(17 by 33|LeNet's second|odd sizes|two groups|different strides|NaN)/.test(id),
});
