// The device under the suite: as the adapter offers it, and with no more than every WebGPU device has.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { gaps, webgpu } from "./index.ts";

const absent = process.env.LAMINA_ABSENT_VULKAN;

conformWith(vitest, "webgpu under default limits", () => webgpu({ limits: "default" }), { absent, declared: gaps });
// more bindings and larger ones: programs are fused and placed differently
conformWith(vitest, "webgpu", webgpu, { absent, levels: ["programs", "determinism", "concurrency", "training"] });
// products have other tiles, and fetch by quads, where subgroups are four wide: some cases of each are enough to tell
conformWith(vitest, "webgpu with subgroups", webgpu, {
  absent,
  levels: ["ops", "edges"],
  filter: (id) => /(matmul|conv2d\w*)\/(17 by 33|LeNet's second|odd sizes|two groups|different strides|NaN)/.test(id),
});
