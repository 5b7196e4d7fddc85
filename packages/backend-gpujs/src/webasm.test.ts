// The suite on gpu.js's WebAssembly, in a file of its own so that it runs beside the other mode.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { gaps, gpujs } from "./index.ts";

conformWith(vitest, "gpujs, mode webasm", () => gpujs({ mode: "webasm" }), { declared: gaps });
