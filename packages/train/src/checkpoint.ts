// Checkpoints in a folder, for Node: each is written whole before it takes its name, so that whatever happens, the one
// before or the new one is there. What a checkpoint is, progress.ts says; its bytes are checkpointFile.ts's.
import * as nodeFS from "node:fs/promises";
import { join } from "node:path";
import { LaminaFormatError } from "@lamina/core";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpointFile.ts";
import type { Checkpoint, CheckpointStore } from "./progress.ts";

/** What is used of node:fs/promises; tests pass one that fails. */
export type FileSystem = Pick<typeof nodeFS, "mkdir" | "open" | "readdir" | "readFile" | "rename" | "rm">;
export interface FolderOptions {
  /** How many are kept; at least 2, so that one can be damaged (default 2). */
  keep?: number;
  /** Is told when a checkpoint cannot be used and an older one is; by default a warning is printed. */
  onWarning?(message: string): void;
  fs?: FileSystem;
}

/** A checkpoint could not be written. Those before are as they were, and nothing half-written is left. */
export class CheckpointWriteError extends Error {
  override readonly name = "CheckpointWriteError";
  /** The system's: ENOSPC, EACCES, … */
  readonly code: string;
  constructor(file: string, cause: unknown) {
    const code = String((cause as { code?: unknown }).code ?? "unknown");
    super(
      `checkpoint: ${file} could not be written: ${reasons[code] ?? String(cause)} (${code}); ${remedies[code] ?? "choose another folder"}. The checkpoints before it are intact`,
      { cause },
    );
    this.code = code;
  }
}
const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission was denied",
  EROFS: "the disk can only be read",
  EIO: "the disk failed",
};
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: "free some space, or choose a folder on another disk",
  EDQUOT: "free some space, or choose a folder on another disk",
  EACCES: "choose a folder that you may write to",
};

/** Checkpoints in a folder. */
export interface FolderStore extends CheckpointStore {
  /** Writes the next checkpoint and gives its path. @throws CheckpointWriteError */
  save(checkpoint: Checkpoint): Promise<string>;
}

const NAME = /^checkpoint-(\d{6,})\.safetensors$/;
const TEMPORARY = /^\.checkpoint-\d{6,}\.safetensors\.tmp-\d+$/;
const nameOf = (generation: number) => `checkpoint-${String(generation).padStart(6, "0")}.safetensors`;

/**
 * Keeps checkpoints in the folder at `path`, which is made when first needed: `fit(model, { checkpoint: checkpointFolder("run"), … })`.
 * One training run at a time may use it.
 */
export function checkpointFolder(path: string, options: FolderOptions = {}): FolderStore {
  return new CheckpointFolder(path, options);
}

class CheckpointFolder implements FolderStore {
  private readonly path: string;
  private readonly keep: number;
  private readonly warn: (message: string) => void;
  private readonly fs: FileSystem;
  /** Generations that load() found damaged: they take no place among those that are kept. */
  private readonly damaged = new Set<number>();
  constructor(path: string, { keep = 2, onWarning = console.warn, fs = nodeFS }: FolderOptions) {
    if (!Number.isInteger(keep) || keep < 2)
      throw new Error(
        `checkpointFolder: keep is ${keep} but must be a whole number from 2, because the newest may turn out damaged; pass one`,
      );
    this.path = path;
    this.keep = keep;
    this.warn = onWarning;
    this.fs = fs;
  }

  async save(checkpoint: Checkpoint): Promise<string> {
    const bytes = await encodeCheckpoint(checkpoint);
    let target = this.path;
    try {
      await this.fs.mkdir(this.path, { recursive: true });
      await this.removeLeftovers();
      const generations = await this.generations();
      const name = nameOf((generations[0] ?? 0) + 1);
      target = join(this.path, name);
      await this.writeWhole(name, bytes);
      await this.prune(generations);
    } catch (error) {
      throw new CheckpointWriteError(target, error);
    }
    return target;
  }
  /** A temporary file in the same folder, on the disk for certain, then its name; then the name on the disk for certain. */
  private async writeWhole(name: string, bytes: Uint8Array): Promise<void> {
    const temporary = join(this.path, `.${name}.tmp-${process.pid}`);
    try {
      const file = await this.fs.open(temporary, "w");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.fs.rename(temporary, join(this.path, name));
    } catch (error) {
      await this.fs.rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
      throw error;
    }
    await this.syncFolder();
  }
  private async syncFolder(): Promise<void> {
    if (process.platform === "win32") return; // it cannot open folders, and writes names through
    const folder = await this.fs.open(this.path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
  /** Makes room for the new one among those that are kept. `generations` are those before it. */
  private async prune(generations: readonly number[]): Promise<void> {
    const sound = generations.filter((g) => !this.damaged.has(g));
    const kept = new Set(sound.slice(0, this.keep - 1));
    for (const old of generations) if (!kept.has(old)) await this.fs.rm(join(this.path, nameOf(old)), { force: true });
  }
  /** What a run that was killed has left half-written. */
  private async removeLeftovers(): Promise<void> {
    for (const name of await this.fs.readdir(this.path))
      if (TEMPORARY.test(name)) await this.fs.rm(join(this.path, name), { force: true });
  }
  /** Newest first. */
  private async generations(): Promise<number[]> {
    const numbers = (await this.fs.readdir(this.path))
      .map((name) => NAME.exec(name)?.[1])
      .filter((n) => n !== undefined);
    return numbers.map(Number).sort((a, b) => b - a);
  }

  /**
   * The newest checkpoint that is as it was written, or undefined if the folder has none.
   * @throws if there are some and all are damaged.
   */
  async load(): Promise<Checkpoint | undefined> {
    const generations = await this.generations().catch((error) => {
      if ((error as { code?: string }).code === "ENOENT") return [];
      throw error;
    });
    const failures: string[] = [];
    for (const generation of generations)
      try {
        const file = join(this.path, nameOf(generation));
        const checkpoint = await decodeCheckpoint(await this.fs.readFile(file), file);
        if (failures.length) this.warn(`checkpoint: ${failures.join("; ")}; going on from ${file}`);
        return checkpoint;
      } catch (error) {
        if (!(error instanceof LaminaFormatError)) throw error;
        this.damaged.add(generation);
        failures.push(error.message);
      }
    if (failures.length)
      throw new Error(
        `checkpoint: none of those in ${this.path} can be used: ${failures.join("; ")}; start anew in another folder`,
      );
    return undefined;
  }
}
