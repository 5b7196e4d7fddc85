// The longest task of a page's main thread in the first steps of three networks, told and not judged: the machine may be busy.
// That the engine is elsewhere, and that nothing is held back by computing something else, is judged.
import { wasm } from "@lamina/backend-wasm";
import { setBackend } from "@lamina/core";
import { describe, expect, test } from "vitest";
import { measureHolds } from "./hold.ts";
import { firstSteps, heldNetworks } from "./run/firstSteps.ts";

const absent = process.env.LAMINA_ABSENT_CHROMIUM;
describe.skipIf(absent)(`in Chromium${absent ? ` (ABSENT: ${absent})` : ""}`, () => {
  test("every network's steps are seen in the trace, computed in a worker, with Node's losses", async () => {
    const holds = await measureHolds(heldNetworks);
    expect(holds.map(({ network }) => network)).toEqual(["lenet", "vgg6", "googlenet"]);
    const device = await wasm({ threads: 1 });
    setBackend(device);
    for (const { network, longest, tasks, worker, losses } of holds) {
      expect(worker).toBe(true);
      expect(losses).toEqual(await firstSteps(network));
      expect(tasks).toBeGreaterThan(3); // a task a step, and those that prepare its program
      expect(longest).toBeGreaterThan(0);
      console.log(`${network}: the page's main thread was held for ${longest.toFixed(1)} ms of CPU time at most`);
    }
    await device.close();
  }, 240_000);
});
