// Backends by name: the one place where a name becomes a package. Packages are imported only when asked for.
import type { Backend } from "@lamina/core";
import { lookUp } from "./failure.ts";

interface BackendEntry {
  readonly package: string;
  readonly description: string;
  open(): Promise<Backend>;
}
const backends: Readonly<Record<string, BackendEntry>> = {
  wasm: {
    package: "@lamina/backend-wasm",
    description: "WebAssembly SIMD; the default, needs nothing",
    open: async () => (await import("@lamina/backend-wasm")).wasm(),
  },
  reference: {
    package: "@lamina/backend-reference",
    description: "plain loops in float64; the definition of each op, slow",
    open: async () => (await import("@lamina/backend-reference")).reference(),
  },
  "tfjs-node": {
    package: "@lamina/backend-tfjs-node",
    description: "TensorFlow's own kernels, on the CPU or by CUDA",
    open: async () => (await import("@lamina/backend-tfjs-node")).tfjsNode(),
  },
};
export const defaultBackend = (): string => process.env.LAMINA_BACKEND ?? "wasm";

/** Opens a backend by name. Throws a Failure for an unknown name, and the backend's own error if it cannot run here. */
export const openBackend = (name: string): Promise<Backend> => lookUp(backends, "backend", name).open();

/** The package of a backend, for those who need more of it than the device. */
export const backendModule = (name: string): string => lookUp(backends, "backend", name).package;

export interface BackendStatus {
  readonly name: string;
  readonly package: string;
  readonly description: string;
  readonly present: boolean;
  /** Why it is not here. */
  readonly reason?: string;
}
async function statusOf(name: string, entry: BackendEntry): Promise<BackendStatus> {
  const about = { name, package: entry.package, description: entry.description };
  try {
    const backend = await entry.open();
    await backend.close();
    return { ...about, present: true };
  } catch (error) {
    return { ...about, present: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
/** Tries each backend on this machine. */
export async function backendStatuses(): Promise<BackendStatus[]> {
  const statuses: BackendStatus[] = [];
  for (const [name, entry] of Object.entries(backends)) statuses.push(await statusOf(name, entry));
  return statuses;
}
