// Breaks the sources in one way and asks the suite about it.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Mutation } from "./mutation.ts";

const run = promisify(execFile);
const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Longer than the suite takes when nothing is wrong: what hangs is caught as well. */
const TIMEOUT = 120_000;

export interface Verdict {
  /** The id of the first result that failed, or undefined: the suite did not notice. */
  readonly caughtBy: string | undefined;
  readonly message: string;
}

type Trial = readonly string[];
const ORACLE: readonly Trial[] = [
  ["reference", "vectors", "gradients", "determinism"],
  ["wasm", "ops", "edges"],
];
const WASM: readonly Trial[] = [["wasm", "ops", "edges", "programs", "memory"]];
const CORE: readonly Trial[] = [
  ["reference", "gradients", "vectors", "ops", "programs", "memory", "determinism", "concurrency"],
];
/** All trials there are: with nothing broken, each must find nothing. */
export const trials: readonly Trial[] = [...ORACLE, ...WASM, ...CORE];
/**
 * Which device is judged, and by which levels. The oracle is the reference backend, so a broken reference kernel is broken on
 * both sides: PyTorch's vectors and differences judge it first, then a device that is not broken.
 */
function trialsFor({ file }: Mutation): readonly Trial[] {
  // Core's passes run only where a device compiles.
  if (file.startsWith("packages/backend-wasm") || file.startsWith("packages/core/src/passes")) return WASM;
  return file.startsWith("packages/core") ? CORE : ORACLE;
}

/** One trial of the tree with `mutation` in it, or of the tree as it is. */
export async function check(mutation: Mutation | undefined, trial: Trial): Promise<Verdict> {
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning", "--import", pathOf("hook.ts")];
  try {
    const { stdout } = await run(process.execPath, [...flags, pathOf("judge.ts"), ...trial], {
      env: { ...process.env, LAMINA_MUTATION: mutation?.name ?? "" },
      timeout: TIMEOUT,
    });
    if (!stdout.trim()) return { caughtBy: undefined, message: "" };
    const { id, message } = JSON.parse(stdout) as { id: string; message: string };
    return { caughtBy: id, message };
  } catch (error) {
    // a kernel that throws is a result; anything else that ends the process is a mistake of this tool
    if (!(error as { killed?: boolean }).killed) throw error;
    return { caughtBy: "the time limit", message: "it hung" };
  }
}

export async function verdictOn(mutation: Mutation): Promise<Verdict> {
  for (const trial of trialsFor(mutation)) {
    const verdict = await check(mutation, trial);
    if (verdict.caughtBy) return verdict;
  }
  return { caughtBy: undefined, message: "the suite did not notice" };
}
