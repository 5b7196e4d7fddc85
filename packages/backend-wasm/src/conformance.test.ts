// The device under the suite.
import { levels } from "@lamina/conformance";
import { conformWith } from "@lamina/conformance/vitest";
import * as vitest from "vitest";
import { wasm } from "./index.ts";
import { open } from "./open.ts";

conformWith(vitest, "wasm", wasm, { levels });

// Threads take part in everything that comes in slices, however little it is. All levels: `lamina conformance --backend wasm:2`.
const bounded = { levels: ["ops", "determinism", "training"] } as const;
conformWith(vitest, "wasm on two threads", () => open({ threads: 2 }, { leastWork: 0 }), bounded);
conformWith(vitest, "wasm on four threads, in a worker", () => open({ threads: 4, worker: true }, { leastWork: 0 }), {
  levels: [...bounded.levels, "errors", "memory", "concurrency"],
});
