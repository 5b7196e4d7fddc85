// Finds gpu.js: the class that the user passes, or the installed package.
import type { GpuClass } from "./gpu.ts";

const isClass = (x: unknown): x is GpuClass =>
  typeof x === "function" &&
  typeof (x.prototype as { createKernel?: unknown } | undefined)?.createKernel === "function";

/** gpu.js exports its class by name in Node, and as the module itself in its browser bundle. */
function classIn(module: unknown): GpuClass | undefined {
  const exports = module as { GPU?: unknown; default?: { GPU?: unknown } };
  return [module, exports?.GPU, exports?.default?.GPU, exports?.default].find(isClass);
}

/** @throws if there is none. */
export async function findGPU(passed: unknown): Promise<GpuClass> {
  if (passed !== undefined) {
    const found = classIn(passed);
    if (found) return found;
    throw new Error(
      'gpujs: what was passed as GPU is not the class of gpu.js; pass GPU from `import { GPU } from "gpu.js"`',
    );
  }
  let module: unknown;
  try {
    module = await import("gpu.js");
  } catch (error) {
    throw new Error(
      `gpujs: the package gpu.js could not be loaded (${(error as Error).message}); run \`npm install gpu.js\`, or pass its class as gpujs({ GPU })`,
      { cause: error },
    );
  }
  const found = classIn(module);
  if (!found) throw new Error("gpujs: the package gpu.js has no class GPU; run `npm install gpu.js@2`");
  return found;
}
