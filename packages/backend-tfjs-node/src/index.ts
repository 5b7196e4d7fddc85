// TensorFlow's own kernels, on the CPU or by CUDA, through @tensorflow/tfjs-node or @tensorflow/tfjs-node-gpu.
import { existsSync } from "node:fs";
import type { Backend, Kernels, OpName } from "@lamina/core";
import { Device } from "./device.ts";
import { lowerings } from "./kernels/index.ts";
import { findTfjsNode, type TfjsNode, tensorFlowOf } from "./load.ts";
import { TensorFlow } from "./tensorflow.ts";
import type { Value } from "./value.ts";

export { gaps } from "./gaps.ts";
export { findTfjsNode, type TfjsNode } from "./load.ts";
export { isSetUp, type SetUpOptions, setUpTfjsNode } from "./setup/setUp.ts";

export interface TfjsNodeOptions {
  /**
   * The module, if you have loaded it: `import * as tf from "@tensorflow/tfjs-node"`, or tfjs-node-gpu. Left out, it is looked for in
   * the folder you run in, beside this package, and where `npx @lamina/backend-tfjs-node setup` puts it; tfjs-node-gpu before tfjs-node.
   */
  tf?: TfjsNode;
  /** Threads of one op (default: TensorFlow's, a thread a core). TensorFlow takes it once a process, when it is loaded. */
  threads?: number;
}

/**
 * Opens the device: `setBackend(await tfjsNode())`. All ops are computed by TensorFlow, on the calling thread until they are done;
 * with tfjs-node-gpu and an NVIDIA card by CUDA. `details` says which.
 * @throws if tfjs-node is not there or does not load, or `threads` comes too late.
 */
export async function tfjsNode({ tf, threads }: TfjsNodeOptions = {}): Promise<Backend<Value>> {
  const module = tf ?? withThreads(threads, findTfjsNode);
  if (tf && threads !== undefined) throw tooLate(threads);
  const { binding, isGPUPackage, isUsingGpuDevice } = tensorFlowOf(module);
  const tensorflow = new TensorFlow(binding);
  const device = new Device(tensorflow);
  return {
    name: "tfjs-node",
    dtypes: ["float32", "int32", "uint8", "bool"],
    details: {
      package: `@tensorflow/tfjs-node${isGPUPackage ? "-gpu" : ""} ${module.version["tfjs-node"]}`,
      tensorflow: binding.TF_Version,
      device: describe(isGPUPackage, isUsingGpuDevice),
      threads: process.env[THREADS] ?? "one a core",
    },
    kernels: kernelsOf(device),
    upload: (data, dtype) => device.upload(data, dtype),
    read: (value) => device.read(value),
    free: (value) => device.values.free(value),
    compile: (program) => device.compile(program),
    memory: () => device.values.info(),
    close: async () => {
      device.values.freeAll();
      tensorflow.clear();
    },
  };
}

function kernelsOf(device: Device): Kernels<Value> {
  const names = Object.keys(lowerings) as OpName[];
  return Object.fromEntries(
    names.map((op) => [
      op,
      (inputs, attrs, scalars, out) =>
        device.run(
          op,
          inputs.map((x) => device.operand(x.buffer, x)),
          attrs,
          scalars,
          out,
        ),
    ]),
  ) as Kernels<Value>;
}

/** What it computes on, and what stands in the way of a card. */
function describe(isGPUPackage: boolean, isUsingGpuDevice: boolean): string {
  if (isUsingGpuDevice) return "NVIDIA GPU, by CUDA";
  const hasDriver = existsSync("/proc/driver/nvidia/version");
  if (!isGPUPackage) return hasDriver ? "CPU (@tensorflow/tfjs-node-gpu would use the NVIDIA card)" : "CPU";
  const reason = hasDriver ? "there is a driver; are CUDA and cuDNN installed?" : "no NVIDIA driver is loaded";
  return `CPU (@tensorflow/tfjs-node-gpu found no card that it can use: ${reason})`;
}

// ---- threads: TensorFlow reads them from the environment when it is loaded -----------------------------------
const THREADS = "TF_NUM_INTRAOP_THREADS";
let loadedWith: number | undefined;
let isLoaded = false;

function withThreads(threads: number | undefined, load: () => TfjsNode): TfjsNode {
  if (isLoaded && threads !== undefined && threads !== loadedWith) throw tooLate(threads);
  if (threads !== undefined) process.env[THREADS] = String(threads);
  const module = load();
  if (!isLoaded) loadedWith = threads;
  isLoaded = true;
  return module;
}
const tooLate = (threads: number): Error =>
  new Error(
    `tfjsNode: threads is ${threads}, but TensorFlow has been loaded and keeps what it started with; ask for them before tfjs-node is loaded, or set ${THREADS}=${threads} in the environment`,
  );
