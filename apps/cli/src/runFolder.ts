// The folder of one training run: its settings, metrics and pictures, and a lock so that two runs never share it.
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EpochResult } from "@lamina/train";
import { Failure } from "./failure.ts";

/** What a run was started with; resume reads it again. */
export interface RunConfig {
  readonly model: string;
  readonly data: string;
  readonly optimizer: string;
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly clipGradNorm?: number;
  readonly batchSize: number;
  /** Of the pictures: pixels a side. */
  readonly resize?: number;
  readonly epochs: number;
  readonly seed: number;
  /** Of the device that computed last, if it tells. They change nothing but the time. */
  readonly threads?: number;
}

/** `runs/lenet`, or the first of `runs/lenet-2`, `-3`, … that is not there yet. */
export function freeFolder(model: string): string {
  const base = join("runs", model.replaceAll("/", "-"));
  let folder = base;
  for (let n = 2; existsSync(folder); n++) folder = `${base}-${n}`;
  return folder;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

export class RunFolder {
  readonly path: string;
  private constructor(path: string) {
    this.path = path;
  }
  /** Makes the folder if need be and takes its lock. Throws a Failure if a live process has it or it cannot be written. */
  static async open(path: string): Promise<RunFolder> {
    const folder = new RunFolder(path);
    try {
      await mkdir(path, { recursive: true });
      await folder.lock();
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure(
        `the run folder ${path} cannot be written (${(error as Error).message}); choose another with --run FOLDER`,
      );
    }
    return folder;
  }
  private get lockFile(): string {
    return this.file("lock");
  }
  private async lock(): Promise<void> {
    try {
      await writeFile(this.lockFile, String(process.pid), { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const owner = Number(await readFile(this.lockFile, "utf8"));
      if (owner > 0 && owner !== process.pid && isAlive(owner))
        throw new Failure(
          `the run in ${this.path} is still going on, as process ${owner}; stop it first, or choose another folder with --run FOLDER`,
        );
      await writeFile(this.lockFile, String(process.pid)); // whoever had it is dead
    }
  }
  async close(): Promise<void> {
    await rm(this.lockFile, { force: true });
  }
  file(name: string): string {
    return join(this.path, name);
  }
  /** Where files of the run in `path` are. */
  static pathsIn(path: string): (name: string) => string {
    return (name) => join(path, name);
  }
  /** The newest checkpoint's name. */
  async newestCheckpoint(): Promise<string | undefined> {
    return (await readdir(this.path))
      .filter((name) => name.startsWith("checkpoint-"))
      .sort()
      .at(-1);
  }
  async writeConfig(config: RunConfig): Promise<void> {
    await writeFile(this.file("config.json"), `${JSON.stringify(config, null, 2)}\n`);
  }
  /** The settings of the run that is here. */
  static async readConfig(path: string): Promise<RunConfig> {
    try {
      return JSON.parse(await readFile(join(path, "config.json"), "utf8")) as RunConfig;
    } catch (error) {
      throw new Failure(`there is no run in ${path} (${(error as Error).message}); name the folder of one`);
    }
  }
  /** One JSON object a line, an epoch each; written whole, so that a resumed run has each epoch once. */
  async writeMetrics(epochs: readonly EpochResult[]): Promise<void> {
    await writeFile(this.file("metrics.jsonl"), epochs.map((e) => `${JSON.stringify(e)}\n`).join(""));
  }
}
