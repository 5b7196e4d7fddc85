// Graphics cards: WebGPU in browsers, and in Node through Dawn (the npm package `webgpu`). Nothing happens on import.
import type { Backend } from "@lamina/core";
import { singles } from "@lamina/core/passes";
import { findAdapter } from "./adapter.ts";
import type { GpuArray } from "./array.ts";
import { Compiler } from "./compile.ts";
import type { Declared } from "./declared.ts";
import { explain } from "./explain.ts";
import { Gpu, lacksF16, openGpu } from "./gpu.ts";
import { halvedOps } from "./half.ts";
import { lowerings } from "./kernels/index.ts";
import { Heap } from "./memory.ts";
import { Pipelines } from "./pipelines.ts";
import { pointwiseOps } from "./pointwise/ops.ts";
import type { OpTiming, Progress } from "./progress.ts";
import { Reads } from "./reads.ts";
import type { Engine } from "./run.ts";
import { Timings } from "./timings.ts";

export { type GpuArray, OutOfMemoryError } from "./array.ts";
export { gaps } from "./gaps.ts";
export type { OpTiming, Progress } from "./progress.ts";

export interface WebGpuOptions {
  /** A device of your own: the backend uses it, with the limits it was made with, and `close()` destroys it. */
  device?: Declared<"GPUDevice">;
  /** An adapter of your own. */
  adapter?: Declared<"GPUAdapter">;
  /** Which of several cards. Default: the browser's, or the system's, choice. */
  powerPreference?: "low-power" | "high-performance";
  /**
   * "adapter" (the default) asks for all that the adapter has. "default" takes no more than every WebGPU device has: bindings
   * of 128 MiB, 8 storage buffers, 65,535 workgroups.
   */
  limits?: "adapter" | "default";
  /**
   * Mixed precision: operands of matmul and of the convolutions are kept in half precision (f16: 11 bits, up to 65,504), where
   * that halves what is read; sums, results, gradients and parameters stay float32. True throws where the adapter has no
   * `shader-f16`; "auto" then does without. Default false.
   */
  f16?: boolean | "auto";
  /** The most bytes it may take of the device. Default: what the device has. */
  maxBytes?: number;
  /**
   * Multiply-adds, or so, in one submission: more work is cut, because systems reset a card that does not answer for some
   * seconds. Default 2^32, a few hundredths of a second on a small card.
   */
  workPerSubmission?: number;
  /** Measures every op by the device's clock, for `timings()`; slower. Default false. */
  profile?: boolean;
}

export interface WebGpu extends Backend<GpuArray> {
  /** The device of WebGPU that it computes with. */
  readonly device: Declared<"GPUDevice">;
  /** Resolves when every shader that has been asked for so far is compiled: after the first step, before the first picture. */
  warmup(onProgress?: (progress: Progress) => void): Promise<void>;
  /** The dispatches of the program that ran last, in order: ops, arrays, threads, kernel. Empty before the first. */
  explain(): string;
  /**
   * What each op, or loop of ops, has cost since the last call, the most expensive first.
   * @throws if the backend was not opened with `profile`, or the adapter has no clock.
   */
  timings(): Promise<OpTiming[]>;
}

const WORK_PER_SUBMISSION = 2 ** 32;

async function open({
  device,
  adapter,
  powerPreference,
  limits = "adapter",
  f16 = false,
}: WebGpuOptions): Promise<Gpu> {
  if (!device)
    return openGpu(adapter ?? (await findAdapter(powerPreference ? { powerPreference } : {})), { limits, f16 });
  if (f16 === true && !device.features.has("shader-f16")) throw lacksF16(device.adapterInfo);
  return new Gpu(device);
}

function detailsOf({ device }: Gpu): Record<string, string | number | boolean> {
  const { vendor, architecture, device: name, description } = device.adapterInfo;
  const { maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage } = device.limits;
  const about = { vendor, architecture, device: name, description };
  const known = Object.fromEntries(Object.entries(about).filter(([, value]) => value));
  return { ...known, maxBufferSize, maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage };
}

/**
 * Opens the device: `setBackend(await webgpu())`.
 * @throws if there is no WebGPU, or no adapter, saying which and what would add it.
 */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpu> {
  const gpu = await open(options);
  const heap = new Heap(gpu, options.maxBytes);
  const reads = new Reads(gpu, heap);
  const timings = options.profile && gpu.device.features.has("timestamp-query") ? new Timings(gpu, reads) : undefined;
  const { workPerSubmission = WORK_PER_SUBMISSION } = options;
  const f16 = Boolean(options.f16) && gpu.device.features.has("shader-f16");
  const engine: Engine = { gpu, heap, reads, workPerSubmission, f16, timings };
  const pipelines = new Pipelines(gpu);
  const compiler = new Compiler(engine, pipelines);
  return {
    name: "webgpu",
    device: gpu.device,
    dtypes: ["float32", "int32", "uint8", "bool"],
    details: f16 ? { ...detailsOf(gpu), f16 } : detailsOf(gpu),
    ...(f16 && { halfOperands: halvedOps }),
    kernels: singles([...pointwiseOps, ...Object.keys(lowerings)], (program) => compiler.compile(program)).kernels,
    upload: (data, dtype) => heap.upload(data, dtype),
    read: (buffer) => reads.read(buffer),
    free: (buffer) => heap.release(buffer),
    compile: (program) => compiler.compile(program),
    compilesFirst: true,
    memory: () => heap.info(),
    warmup: (onProgress) => pipelines.settle(onProgress),
    explain: () => (compiler.last ? explain(compiler.last) : ""),
    timings: async () => {
      if (timings) return timings.take();
      throw new Error(
        options.profile
          ? "webgpu: this adapter has no clock (timestamp-query), so it cannot say what an op costs; in Chrome it needs --enable-webgpu-developer-features"
          : "webgpu: nothing was measured; open the device with await webgpu({ profile: true })",
      );
    },
    // a device and an adapter that were given are used up with it
    reopen: () => webgpu({ ...options, device: undefined, adapter: undefined }),
    close: async () => {
      gpu.close();
      heap.close();
    },
  };
}
