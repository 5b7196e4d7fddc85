// An open device: its limits, the order in which things reach its queue, and what has become of it. What runs on it is
// for others.
import { DeviceLostError } from "@lamina/core";
import { Order } from "./order.ts";

/** Bits of GPUBufferUsage and GPUMapMode; in Node they are no globals. */
export const usage = { MAP_READ: 1, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64, STORAGE: 128, QUERY_RESOLVE: 512 } as const;
export const MAP_READ = 1;

export interface OpenOptions {
  /** "default" takes no more than every WebGPU device has, and no extension but the clock, so that what is written for this one runs on all. */
  readonly limits: "adapter" | "default";
  /** True: half precision, or an error. "auto": where the adapter has it. */
  readonly f16: boolean | "auto";
}

/** Limits that are asked for as far as the adapter has them. */
const WANTED = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupsPerDimension",
  "maxBindingsPerBindGroup",
] as const;

export class Gpu {
  readonly device: GPUDevice;
  readonly order = new Order();
  /** Why nothing works any more. */
  failure: Error | undefined = undefined;
  private closed = false;

  constructor(device: GPUDevice) {
    this.device = device;
    device.addEventListener("uncapturederror", ({ error }) => this.fail(explainUncaptured(error)));
    void device.lost.then(({ message, reason }) => this.lose(message || reason));
  }
  private lose(reason: string): void {
    if (!this.closed) this.fail(new DeviceLostError("webgpu", reason));
  }
  /** From now on everything throws `error`. A device that was lost is told as such, whatever went wrong because of it. */
  fail(error: Error): void {
    if (!this.failure || error instanceof DeviceLostError) this.failure = error;
  }
  /** @throws why the device cannot be used, if it cannot. */
  check(): void {
    if (this.closed)
      throw new Error("webgpu: the backend was closed, and its memory is gone; make another with await webgpu()");
    if (this.failure) throw this.failure;
  }
  get isOpen(): boolean {
    return !this.closed && !this.failure;
  }
  close(): void {
    this.closed = true;
    this.device.destroy();
  }
}

const explainUncaptured = ({ message }: GPUError): Error =>
  new Error(
    `webgpu: the device reported an error that nothing had expected: ${message}; what was computed since may be wrong, so open it again (and please report this)`,
  );

/** Why `f16: true` cannot be had. */
export const lacksF16 = (info: GPUAdapterInfo): Error =>
  new Error(
    `webgpu: f16: true was asked for, but this adapter (${info.description || info.device || info.vendor || "unnamed"}) has no half precision (shader-f16); leave f16 out, or use "auto", which takes it only where it is`,
  );

/** A device of the adapter, with its limits. */
export async function openGpu(adapter: GPUAdapter, { limits, f16 }: OpenOptions): Promise<Gpu> {
  const requiredLimits: Record<string, number> = {};
  if (limits === "adapter") for (const name of WANTED) requiredLimits[name] = adapter.limits[name];
  if (f16 === true && !adapter.features.has("shader-f16")) throw lacksF16(adapter.info);
  const wanted: GPUFeatureName[] = [
    "timestamp-query",
    ...(limits === "adapter" ? (["subgroups"] as const) : []),
    ...(f16 ? (["shader-f16"] as const) : []),
  ];
  const requiredFeatures = wanted.filter((name) => adapter.features.has(name));
  const device = await adapter.requestDevice({ label: "lamina", requiredFeatures, requiredLimits });
  return new Gpu(device);
}
