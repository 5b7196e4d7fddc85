#!/usr/bin/env node
// The command `npx @lamina/backend-tfjs-node setup`. What it does is setUp.ts.
import { parseArgs } from "node:util";
import { isSetUp, setUpTfjsNode } from "./setUp.ts";

const USAGE = `usage: lamina-tfjs-node setup [--gpu]

Builds @tensorflow/tfjs-node where its own installer fails (no prebuilt library for this machine, or no way to its server), into your
cache folder; tfjsNode() finds it there. Needs npm and a C++ compiler. About a minute and 950 MB the first time, nothing after that.

  --gpu   @tensorflow/tfjs-node-gpu instead, for an NVIDIA card with CUDA 12.3 and cuDNN 8.9 (1.4 GB)
`;

const say = (text: string): void => console.error(`lamina-tfjs-node: ${text}`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { gpu: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (values.help || positionals.join() !== "setup") {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const gpu = values.gpu ?? false;
  const wasReady = await isSetUp({ gpu });
  const folder = await setUpTfjsNode({ gpu, say });
  say(`${wasReady ? "was ready already" : "ready"}: ${folder}`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
