// The device under the suite.
import { levels } from "@lamina/conformance";
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { wasm } from "./index.ts";

conformWith(vitest, "wasm", wasm, { levels });
