// The device under the suite: as the adapter offers it, and with no more than every WebGPU device has.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { gaps, webgpu } from "./index.ts";

const absent = process.env.LAMINA_ABSENT_VULKAN;

conformWith(vitest, "webgpu", webgpu, { absent, declared: gaps });
