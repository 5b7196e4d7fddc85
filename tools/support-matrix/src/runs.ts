// The runs that the support page tells of: a device in a place. A device in a browser is one more row.
import { type Level, levels } from "@lamina/conformance";

export interface Run {
  /** Names its file in docs/support. */
  readonly id: string;
  /** As `lamina conformance --backend` takes it. */
  readonly backend: string;
  readonly where: string;
  /** More arguments of `lamina conformance`. */
  readonly args?: readonly string[];
  /** Default: all. */
  readonly levels?: readonly Level[];
}

/** The device's name, without its mode. */
export const nameOf = ({ backend }: Pick<Run, "backend">): string => backend.split(":")[0];

export const levelsOf = (run: Run): readonly Level[] => run.levels ?? levels;

/** Of modes that compute with the kernels of another that is judged whole: on a renderer in software all levels take an hour each. */
const FEWER: readonly Level[] = ["ops", "programs", "determinism", "concurrency", "errors"];

export const runs: readonly Run[] = [
  { id: "reference", backend: "reference", where: "Node" },
  { id: "wasm", backend: "wasm", where: "Node" },
  { id: "wasm-chromium", backend: "wasm", where: "Chromium", args: ["--browser"] },
  {
    id: "wasm-chromium-isolated",
    backend: "wasm",
    where: "Chromium, cross-origin isolated",
    args: ["--browser", "--isolated"],
  },
  { id: "wasm-firefox", backend: "wasm", where: "Firefox", args: ["--browser", "firefox"] },
  { id: "webgpu", backend: "webgpu", where: "Node (Dawn)" },
  { id: "webgpu-chromium", backend: "webgpu", where: "Chromium", args: ["--browser"] },
  { id: "tfjs-node", backend: "tfjs-node", where: "Node" },
  { id: "gpujs-cpu", backend: "gpujs:cpu", where: "Node, mode cpu" },
  { id: "gpujs-webasm", backend: "gpujs:webasm", where: "Node, mode webasm" },
  { id: "gpujs-chromium", backend: "gpujs", where: "Chromium, mode webgl2", args: ["--browser"] },
  ...["webgl", "webgpu"].map((mode) => ({
    id: `gpujs-chromium-${mode}`,
    backend: `gpujs:${mode}`,
    where: `Chromium, mode ${mode} (levels ${FEWER.join(", ")})`,
    args: ["--browser"],
    levels: FEWER,
  })),
];
