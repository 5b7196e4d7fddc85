// The device under the suite in a real browser, with and without what threads need. The page's policy allows no eval.
import { conformInBrowser } from "@lamina/conformance/vitest";
import * as vitest from "vitest";

const module = new URL("./index.ts", import.meta.url);
const absent = process.env.LAMINA_ABSENT_CHROMIUM;

conformInBrowser(vitest, "wasm", { module, absent });
conformInBrowser(vitest, "wasm", { module, absent, isolated: true });
