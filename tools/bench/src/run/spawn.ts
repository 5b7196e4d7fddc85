// Starts the process of one contender and reads what it says, until it ends or takes too long.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Contender } from "../contenders/contender.ts";
import type { Entrant } from "../contenders/index.ts";
import type { Installed } from "../install.ts";
import { networks } from "../work/networks.ts";
import type { Work } from "../work/works.ts";
import type { Line, Task } from "./task.ts";
import { type Budget, type Failure, lastWords, reasonOf, type Timing } from "./timing.ts";

/** How the programs of contenders are run: built, or from the sources, without types. */
export type From = "dist" | "src";
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const node = {
  dist: { flags: [], entry: file("../../dist/run/inNode.js") },
  src: { flags: ["--conditions=source", "--disable-warning=ExperimentalWarning"], entry: file("inNode.ts") },
} as const;
/** The program, its flags and its file. */
function commandOf({ where }: Contender, { python = "python3" }: Installed, from: From): [string, ...string[]] {
  if (where === "python") return [python, file("inPython.py")];
  if (where === "chromium") return [process.execPath, ...node.src.flags, file("inChromium.ts")];
  return [process.execPath, ...node[from].flags, node[from].entry];
}

/** What one process found. */
export interface Found {
  readonly timings: readonly (Timing | Failure)[];
  /** Most memory that was resident, of processes of their own. */
  readonly peakBytes: number | undefined;
  /** Milliseconds since 1970 when it was started. */
  readonly startedAt: number;
}

/** @param patience seconds after which it is ended */
export function spawnContender(
  { peer, contender }: Entrant,
  installed: Installed,
  works: readonly Work[],
  budget: Budget,
  patience: number,
  from: From,
): Promise<Found> {
  const names = new Set(works.flatMap((work) => (work.kind === "op" ? [] : [work.network])));
  const task: Task = {
    peer: peer.name,
    folder: installed.folder,
    options: contender.options ?? {},
    threads: contender.threads,
    works,
    networks: [...names].map((name) => networks[name]),
    budget,
  };
  const [program, ...flags] = commandOf(contender, installed, from);
  const options = { env: { ...process.env, ...contender.env }, timeout: patience * 1000, maxBuffer: 1 << 26 };
  const startedAt = performance.timeOrigin + performance.now();
  const args = [...flags, JSON.stringify(task)];
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      const reason = error ? reasonFor(error, stderr, patience) : "it ended without a word";
      resolve(foundIn(stdout, works, reason, startedAt));
    });
  });
}

/** Its own last words, or how it ended. */
function reasonFor(error: Error & { killed?: boolean }, stderr: string, patience: number): string {
  if (error.killed) return `no result within ${patience} s`;
  return reasonOf(lastWords(stderr) ?? error.message);
}
export function foundIn(stdout: string, works: readonly Work[], reason: string, startedAt: number): Found {
  const lines = stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Line] : []));
  const timings = lines.filter((line) => "id" in line);
  const silent = works.filter(({ id }) => !timings.some((timing) => timing.id === id));
  const peak = lines.find((line) => "peakBytes" in line);
  return {
    timings: [...timings, ...silent.map(({ id }) => ({ id, error: reason }))],
    peakBytes: peak?.peakBytes,
    startedAt,
  };
}
