// The suite on plain JavaScript, whole and with every tensor cut into small pieces; webasm.test.ts runs beside it.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { gpujs } from "./index.ts";

conformWith(vitest, "gpujs, mode cpu", () => gpujs({ mode: "cpu" }));
