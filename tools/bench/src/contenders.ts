// Who takes part: how each is started, and with which environment.
import { fileURLToPath } from "node:url";
import type { Job } from "./jobs.ts";

export interface Contender {
  readonly name: string;
  command(job: Job): { file: string; args: readonly string[]; env?: Readonly<Record<string, string>> };
}
const here = (file: string) => fileURLToPath(new URL(`contenders/${file}`, import.meta.url));
/** A Python that can import torch; see README.md. */
const python = process.env.LAMINA_PYTHON ?? "python3";
/** Spares page faults of large blocks: what makes PyTorch fastest here. */
const tunedMalloc = {
  MALLOC_MMAP_THRESHOLD_: "4294967296",
  MALLOC_TRIM_THRESHOLD_: "4294967296",
  MALLOC_TOP_PAD_: "268435456",
};
const torch = (name: string, env: Readonly<Record<string, string>>, format = "contiguous"): Contender => ({
  name,
  command: (job) => ({
    file: python,
    args: [here("torch_networks.py"), JSON.stringify(job), format],
    env: { OMP_NUM_THREADS: "1", ...env },
  }),
});

export const lamina: Contender = {
  name: "lamina wasm",
  command: (job) => ({ file: process.execPath, args: ["--conditions=source", here("lamina.ts"), JSON.stringify(job)] }),
};
export const peers: readonly Contender[] = [
  torch("PyTorch", {}),
  torch("PyTorch, tuned malloc", tunedMalloc),
  torch("PyTorch, tuned malloc, channels_last", tunedMalloc, "channels_last"),
];
