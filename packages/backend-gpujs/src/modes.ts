// The modes of gpu.js: which there are, which of them are here, and what a missing one needs.
import type { Storage } from "./device.ts";
import type { GpuClass } from "./gpu.ts";
import { missingForGl } from "./headlessGl.ts";

export type Mode = "webgl2" | "webgl" | "headlessgl" | "webasm" | "cpu" | "webgpu";

interface ModeEntry {
  readonly storage: Storage;
  here(GPU: GpuClass): boolean | Promise<boolean>;
  /** What it takes, and how to get it. */
  needs(): string;
}
const inBrowser = (): boolean => "document" in globalThis || "importScripts" in globalThis;

/** The fastest first, but for "webgpu", which is never taken by itself: `@lamina/backend-webgpu` is faster. */
export const modes: Readonly<Record<Mode, ModeEntry>> = {
  webgl2: {
    storage: "textures",
    here: (GPU) => inBrowser() && GPU.isWebGL2Supported,
    needs: () => "a browser with WebGL 2 and its float textures (EXT_color_buffer_float)",
  },
  webgl: {
    storage: "textures",
    here: (GPU) => inBrowser() && GPU.isWebGLSupported,
    needs: () => "a browser with WebGL and float textures (OES_texture_float)",
  },
  headlessgl: {
    storage: "textures",
    here: (GPU) => !inBrowser() && GPU.isHeadlessGLSupported,
    needs: () => `Node, the package gl, and an X display: ${inBrowser() ? "this is a browser" : missingForGl()}`,
  },
  webasm: {
    storage: "arrays",
    here: (GPU) => GPU.isWebAssemblySupported,
    needs: () => "an engine with WebAssembly, and a Content-Security-Policy that allows 'wasm-unsafe-eval'",
  },
  cpu: { storage: "arrays", here: () => true, needs: () => "nothing" },
  webgpu: {
    storage: "buffers",
    here: (GPU) => GPU.isWebGPUAvailable(),
    needs: () => "WebGPU as browsers have it: navigator.gpu, with an adapter",
  },
};
const names = Object.keys(modes) as Mode[];

async function namesHere(GPU: GpuClass): Promise<Mode[]> {
  const here = await Promise.all(names.map((name) => modes[name].here(GPU)));
  return names.filter((_, i) => here[i]);
}

/** @throws if `wanted` is unknown or not here; without it the first that is here is taken. */
export async function chooseMode(GPU: GpuClass, wanted: string | undefined): Promise<Mode> {
  const mode = wanted === undefined ? undefined : names.find((name) => name === wanted);
  if (wanted !== undefined && !mode)
    throw new Error(`gpujs: there is no mode "${wanted}"; use one of ${names.join(", ")}`);
  if (mode && (await modes[mode].here(GPU))) return mode;
  const here = await namesHere(GPU);
  if (!mode) return here[0];
  throw new Error(`gpujs: mode "${mode}" is not here: it needs ${modes[mode].needs()}. Here are ${here.join(", ")}`);
}
