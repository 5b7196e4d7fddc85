// The suite on gpu.js's graphics modes in a real Chromium, where textures, shaders and their limits are. Few levels, since each kernel is a
// shader to compile in software; the others pass there too, and run by `npm run support`.
import { conformInBrowser } from "@lamina/conformance/vitest";
import * as vitest from "vitest";

const module = new URL("./index.ts", import.meta.url);
const absent = process.env.LAMINA_ABSENT_CHROMIUM;

conformInBrowser(vitest, "gpujs", { module, absent, levels: ["ops", "programs"] });
for (const mode of ["webgl", "webgpu"])
  conformInBrowser(vitest, `gpujs, mode ${mode},`, {
    module,
    absent,
    with: { mode },
    levels: ["programs", "concurrency", "errors"],
  });
// where compilers of shaders like to assume that there are none
conformInBrowser(vitest, "gpujs, mode webgpu, NaN", {
  module,
  absent,
  with: { mode: "webgpu" },
  levels: ["edges"],
  filter: "NaN",
});
