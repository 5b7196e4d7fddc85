// The device under the suite: as the adapter offers it, and with no more than every WebGPU device has.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { gaps, webgpu } from "./index.ts";

const absent = process.env.LAMINA_ABSENT_VULKAN;

conformWith(vitest, "webgpu under default limits", () => webgpu({ limits: "default" }), { absent, declared: gaps });
// more bindings and larger ones: programs are fused and placed differently, kernels are the same
conformWith(vitest, "webgpu", webgpu, { absent, levels: ["programs", "determinism", "concurrency", "training"] });
