// ONNX Runtime in WebAssembly, run in Node.
import { readFileSync } from "node:fs";
import { namespaceOf, type Open, type Peer } from "./contender.ts";
import { runnerOf } from "./ort.ts";

const VERSION = "1.30.0";
export const peer: Peer = {
  name: "ort-web",
  title: "ONNX Runtime in WebAssembly",
  source: { kind: "npm", packages: { "onnxruntime-web": VERSION } },
  contenders: [1, 2].map((threads) => ({ name: `ort-web-${threads}t`, threads, where: "node" })),
};
export const open: Open = ([module], { threads, folder }) => {
  const ort = namespaceOf(module);
  ort.env.wasm.numThreads = threads;
  // It would fetch this, and Node's fetch takes no files.
  ort.env.wasm.wasmBinary = readFileSync(`${folder}/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm`);
  return runnerOf(ort, `onnxruntime-web ${VERSION}`, { executionProviders: ["wasm"] });
};
