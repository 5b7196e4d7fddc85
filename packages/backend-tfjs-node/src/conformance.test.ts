// The device under the suite. Under CI an absent TensorFlow is a failure; elsewhere tools/first-run says why it is not here.
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { gaps, tfjsNode } from "./index.ts";

conformWith(vitest, "tfjs-node", tfjsNode, { declared: gaps, absent: process.env.LAMINA_ABSENT_TFJSNODE });
