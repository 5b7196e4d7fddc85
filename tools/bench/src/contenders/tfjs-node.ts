// TensorFlow's native kernels under TensorFlow.js in Node, as the set-up of @lamina/backend-tfjs-node builds it; the work is tfjs.ts.
import { findTfjsNode } from "@lamina/backend-tfjs-node";
import type { Open, Peer, Untyped } from "./contender.ts";
import { runnerOf } from "./tfjs.ts";

const tfjsNode = (threads: number) => ({
  name: `tfjs-node-${threads}t`,
  threads,
  where: "node" as const,
  env: { TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: "1" },
});
export const peer: Peer = {
  name: "tfjs-node",
  title: "TensorFlow.js in Node, native kernels (oneDNN)",
  source: { kind: "tfjs-node" },
  contenders: [tfjsNode(1), tfjsNode(2)],
};
export const open: Open = async () => {
  const tf = findTfjsNode() as Untyped;
  await tf.ready();
  return runnerOf(tf, `tfjs-node ${tf.version["tfjs-node"]}, TensorFlow ${tf.backend().binding.TF_Version}`);
};
