// The suite on WebGL 2 in a real Chromium, where textures, shaders and their limits are. Two levels, since each kernel is a
// shader to compile; the others pass there too but for numbers below 2^-126, which WebGL may take for 0.
import { conformInBrowser } from "@lamina/conformance/vitest";
import * as vitest from "vitest";

conformInBrowser(vitest, "gpujs", {
  module: new URL("./index.ts", import.meta.url),
  levels: ["ops", "programs"],
  absent: process.env.LAMINA_ABSENT_CHROMIUM,
});
