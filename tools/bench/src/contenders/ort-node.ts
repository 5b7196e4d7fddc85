// ONNX Runtime's native kernels in Node.
import { namespaceOf, type Open, type Peer } from "./contender.ts";
import { runnerOf } from "./ort.ts";

const VERSION = "1.30.0";
export const peer: Peer = {
  name: "ort-node",
  title: "ONNX Runtime in Node, native kernels",
  source: { kind: "npm", packages: { "onnxruntime-node": VERSION } },
  contenders: [1, 2].map((threads) => ({ name: `ort-node-${threads}t`, threads, where: "node" })),
};
export const open: Open = ([module], { threads }) =>
  runnerOf(namespaceOf(module), `onnxruntime-node ${VERSION}`, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
  });
