// The device under the suite in a real browser, whose graphics card is SwiftShader. The other levels are tried in Node.
import { conformInBrowser } from "@lamina/conformance/vitest";
import * as vitest from "vitest";

conformInBrowser(vitest, "webgpu", {
  module: new URL("./index.ts", import.meta.url),
  absent: process.env.LAMINA_ABSENT_CHROMIUM,
  levels: ["ops", "programs", "determinism", "concurrency", "models"],
});
