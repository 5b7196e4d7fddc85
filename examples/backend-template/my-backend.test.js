// The device under the suite: what a backend's own test file looks like.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { myBackend } from "./my-backend.js";

conformWith(vitest, "my-backend", myBackend);
