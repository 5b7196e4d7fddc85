// The modes of gpu.js: which there are, which of them are here, and what a missing one needs.
import type { GpuClass } from "./gpu.ts";
import { missingForGl } from "./headlessGl.ts";

export type Mode = "webgl2" | "webgl" | "headlessgl" | "webasm" | "cpu";

interface ModeEntry {
  /** Whether values are textures. */
  readonly textures: boolean;
  here(GPU: GpuClass): boolean;
  /** What it takes, and how to get it. */
  needs(): string;
}
const inBrowser = (): boolean => "document" in globalThis || "importScripts" in globalThis;

/** The fastest first. */
export const modes: Readonly<Record<Mode, ModeEntry>> = {
  webgl2: {
    textures: true,
    here: (GPU) => inBrowser() && GPU.isWebGL2Supported,
    needs: () => "a browser with WebGL 2 and its float textures (EXT_color_buffer_float)",
  },
  webgl: {
    textures: true,
    here: (GPU) => inBrowser() && GPU.isWebGLSupported,
    needs: () => "a browser with WebGL and float textures (OES_texture_float)",
  },
  headlessgl: {
    textures: true,
    here: (GPU) => !inBrowser() && GPU.isHeadlessGLSupported,
    needs: () => `Node, the package gl, and an X display: ${inBrowser() ? "this is a browser" : missingForGl()}`,
  },
  webasm: {
    textures: false,
    here: (GPU) => GPU.isWebAssemblySupported,
    needs: () => "an engine with WebAssembly, and a Content-Security-Policy that allows 'wasm-unsafe-eval'",
  },
  cpu: { textures: false, here: () => true, needs: () => "nothing" },
};
const names = Object.keys(modes) as Mode[];

/** @throws if `wanted` is unknown or not here; without it the first that is here is taken. */
export function chooseMode(GPU: GpuClass, wanted: string | undefined): Mode {
  if (wanted === undefined) return names.find((name) => modes[name].here(GPU))!;
  if (wanted === "webgpu")
    throw new Error(
      'gpujs: gpu.js answers with promises in mode "webgpu", and kernels of this device answer at once; use @lamina/backend-webgpu, or one of the modes ' +
        names.join(", "),
    );
  const mode = names.find((name) => name === wanted);
  if (!mode) throw new Error(`gpujs: there is no mode "${wanted}"; use one of ${names.join(", ")}`);
  if (modes[mode].here(GPU)) return mode;
  const here = names.filter((name) => modes[name].here(GPU));
  throw new Error(`gpujs: mode "${mode}" is not here: it needs ${modes[mode].needs()}. Here are ${here.join(", ")}`);
}
