// In a page: the first training steps of a network, in the loop that a user writes, on the device as a page opens it. What holds the
// page's thread meanwhile is measured from outside (hold.ts).
import { wasm } from "@lamina/backend-wasm";
import { setBackend } from "@lamina/core";
import { firstSteps } from "./firstSteps.ts";

const page = {
  async steps(network: string) {
    const device = await wasm({ threads: 1 });
    setBackend(device);
    performance.mark("steps begin");
    const losses = await firstSteps(network);
    performance.mark("steps end");
    const { worker } = device.details ?? {};
    await device.close();
    return { losses, worker };
  },
};
export type HeldPage = typeof page;
Object.assign(globalThis, { page });
