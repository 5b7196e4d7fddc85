// Runs the suite until something fails, in a process of its own, and prints what failed: `judge.ts DEVICE LEVEL…`.
import { reference } from "@lamina/backend-reference";
import { wasm } from "@lamina/backend-wasm";
import { conform, type Level } from "@lamina/conformance";
import type { Backend } from "@lamina/core";

const devices: Readonly<Record<string, () => Promise<Backend>>> = { reference, wasm };
const [device, ...levels] = process.argv.slice(2);

for await (const { id, status, message } of conform(devices[device], { levels: levels as Level[] }))
  if (status === "failed") {
    console.log(JSON.stringify({ id, message }));
    break;
  }
