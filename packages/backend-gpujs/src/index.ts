// The device over gpu.js: WebGL textures in browsers and headless-gl, or WebAssembly and plain JavaScript. Nothing happens on import.
import type { Backend, Kernels } from "@lamina/core";
import { Device, type GpujsBuffer } from "./device.ts";
import { rows } from "./kernels/index.ts";
import type { Row } from "./kernels/kernel.ts";
import { findGPU } from "./load.ts";
import { chooseMode, type Mode, modes } from "./modes.ts";

export type { GpujsBuffer } from "./device.ts";
export { gaps } from "./gaps.ts";
export type { Mode } from "./modes.ts";

export interface GpujsOptions {
  /** How gpu.js computes. Default: the first that is here of "webgl2", "webgl", "headlessgl", "webasm", "cpu". There is "webgpu" as well. */
  mode?: Mode;
  /** The class `GPU` of gpu.js, where it is not the installed package: a script tag, another copy. */
  GPU?: unknown;
  /**
   * The most numbers that one texture may hold; longer tensors lie in several. Default 4096 x 4096, or less where the device has
   * smaller textures; without bound in the modes that have none.
   */
  textureSize?: number;
}

/** WebGL 2 promises 2048; a side of more than this makes no tensor faster. */
const LARGEST_SIDE = 4096;

function kernelsOf(device: Device): Kernels<GpujsBuffer> {
  const kernel =
    (row: Row): Kernels<GpujsBuffer>["add"] =>
    (inputs, attrs, scalars, out) =>
      row(device, inputs, attrs, scalars, out);
  return Object.fromEntries(Object.entries(rows).map(([op, row]) => [op, kernel(row)]));
}

/**
 * Opens the device: `setBackend(await gpujs())`.
 * @throws if gpu.js is not installed, or if the mode asked for is not here; the message says what would add it.
 */
export async function gpujs(options: GpujsOptions = {}): Promise<Backend<GpujsBuffer>> {
  const { mode, GPU, textureSize } = options;
  const found = await findGPU(GPU);
  const chosen = await chooseMode(found, mode);
  const gpu = new found({ mode: chosen });
  const { storage } = modes[chosen];
  const side = Math.min(gpu.Kernel.features?.maxTextureSize ?? LARGEST_SIDE, LARGEST_SIDE);
  const device = new Device(
    gpu,
    textureSize ?? (storage === "arrays" ? Number.MAX_SAFE_INTEGER : side * side),
    storage,
  );
  return {
    name: "gpujs",
    dtypes: ["float32", "int32", "uint8", "bool"],
    kernels: kernelsOf(device),
    upload: (data, dtype) => device.upload(data, dtype),
    read: (buffer) => device.read(buffer),
    free: (buffer) => device.free(buffer),
    memory: () => device.info(),
    details: { mode: chosen },
    reopen: () => gpujs(options),
    close: () => device.close(),
  };
}
