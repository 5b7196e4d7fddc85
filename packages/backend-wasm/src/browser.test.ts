// The device under the suite in real browsers, with and without what threads need. The page's policy allows no eval. In Firefox,
// whose engine is another, the levels that try every kernel; all of them by `npm run support -- wasm-firefox`.
import { conformInBrowser } from "@lamina/conformance/vitest";
import * as vitest from "vitest";

const module = new URL("./index.ts", import.meta.url);
const absent = process.env.LAMINA_ABSENT_CHROMIUM;

conformInBrowser(vitest, "wasm", { module, absent });
conformInBrowser(vitest, "wasm", { module, absent, isolated: true });
conformInBrowser(vitest, "wasm", {
  module,
  browser: "firefox",
  absent: process.env.LAMINA_ABSENT_FIREFOX,
  levels: ["ops", "programs", "memory", "determinism", "concurrency", "training"],
});
