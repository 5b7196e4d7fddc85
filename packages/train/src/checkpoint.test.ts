// Checkpoints on disk: whole or not there, whatever call fails or whenever the process dies; damage is noticed.
import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { reference } from "@lamina/backend-reference";
import { setBackend, tensor } from "@lamina/core";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { CheckpointWriteError, checkpointFolder, type FileSystem } from "./checkpoint.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpointFile.ts";
import type { Checkpoint } from "./index.ts";

beforeAll(async () => setBackend(await reference()));
let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), "lamina-checkpoint-"));
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

const checkpoint = (epoch: number): Checkpoint => ({
  tensors: new Map([
    ["model.weight", tensor([epoch, 0.1, -0])],
    ["optimizer.0.momentumBuffer", tensor([1, 2, 3])],
  ]),
  meta: {
    epoch,
    step: 0,
    trained: false,
    sums: { loss: 0.1, correct: 3, examples: 4 },
    seconds: 1.5,
    history: [],
    random: { seed: 2 ** 53 - 1, counter: 7 },
    loader: { epoch: 1 },
    optimizer: { numbers: { 0: { step: 12 } }, paramGroups: [{ lr: 0.1, params: [0] }] },
    companions: {},
  },
});
const epochOf = (c: Checkpoint | undefined) => c?.meta.epoch;
const warnings: string[] = [];
beforeEach(() => void warnings.splice(0));
const open = (use: FileSystem = fs) => checkpointFolder(folder, { fs: use, onWarning: (m) => warnings.push(m) });

describe("a folder", () => {
  test("gives back what was saved, and keeps two", async () => {
    const store = open();
    expect(await store.load()).toBeUndefined();
    for (const epoch of [1, 2, 3])
      expect(await store.save(checkpoint(epoch))).toBe(join(folder, `checkpoint-00000${epoch}.safetensors`));
    const found = (await store.load())!;
    expect(found.meta).toEqual(checkpoint(3).meta);
    expect(await found.tensors.get("model.weight")!.data()).toEqual(Float32Array.of(3, 0.1, -0));
    expect((await fs.readdir(folder)).sort()).toEqual([
      "checkpoint-000002.safetensors",
      "checkpoint-000003.safetensors",
    ]);
    expect(warnings).toEqual([]);
  });
  test("that does not exist is empty, and is made by the first save", async () => {
    const store = checkpointFolder(join(folder, "a", "b"));
    expect(await store.load()).toBeUndefined();
    await store.save(checkpoint(1));
    expect(epochOf(await store.load())).toBe(1);
  });
  test("whose newest checkpoint is damaged gives the one before, and says so", async () => {
    await open().save(checkpoint(1));
    const newest = await open().save(checkpoint(2));
    await fs.truncate(newest, 100);
    expect(epochOf(await open().load())).toBe(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^checkpoint: .*000002\.safetensors: the header would have \d+ bytes but the file ends .*; going on from .*000001\.safetensors$/,
    );
    await fs.writeFile(join(folder, "checkpoint-000001.safetensors"), "");
    await expect(open().load()).rejects.toThrow(
      /^checkpoint: none of those in .* can be used: .*; start anew in another folder$/,
    );
  });
  test("keeps a sound one rather than a damaged one", async () => {
    await open().save(checkpoint(1));
    await fs.truncate(await open().save(checkpoint(2)), 100);
    const store = open();
    expect(epochOf(await store.load())).toBe(1);
    await fs.truncate(await store.save(checkpoint(3)), 100);
    expect(epochOf(await open().load())).toBe(1);
  });
  test("what a killed run left half-written goes with the next save; other files stay", async () => {
    for (const name of [".checkpoint-000009.safetensors.tmp-1", "notes.txt"])
      await fs.writeFile(join(folder, name), "x");
    await open().save(checkpoint(1));
    expect((await fs.readdir(folder)).sort()).toEqual(["checkpoint-000001.safetensors", "notes.txt"]);
  });
  test("must keep two", () => {
    expect(() => checkpointFolder(folder, { keep: 1 })).toThrow(
      "checkpointFolder: keep is 1 but must be a whole number from 2",
    );
  });
});

describe("bytes", () => {
  test("one flipped bit anywhere is noticed", async () => {
    const bytes = await encodeCheckpoint(checkpoint(1));
    expect(epochOf(await decodeCheckpoint(bytes, "f"))).toBe(1);
    for (let at = 0; at < bytes.length; at++) {
      const broken = bytes.slice();
      broken[at] ^= 1 << (at % 8);
      await expect(decodeCheckpoint(broken, "f"), `byte ${at}`).rejects.toMatchObject({
        name: "LaminaFormatError",
        file: "f",
      });
    }
  });
  test("of another format or version", async () => {
    const text = (bytes: Uint8Array, from: string, to: string) =>
      Uint8Array.from(Buffer.from(Buffer.from(bytes).toString("latin1").replace(from, to), "latin1"));
    const bytes = await encodeCheckpoint(checkpoint(1));
    await expect(decodeCheckpoint(text(bytes, "lamina-checkpoint", "lomina-checkpoint"), "f")).rejects.toThrow(
      "f: not a checkpoint: its format is lomina-checkpoint, not lamina-checkpoint",
    );
    await expect(decodeCheckpoint(text(bytes, 'formatVersion":"1"', 'formatVersion":"2"'), "f")).rejects.toThrow(
      "f: the checkpoint has format version 2, and this library reads 1",
    );
    await expect(decodeCheckpoint(text(bytes, "0.1,", "0.2,"), "f")).rejects.toThrow(
      "f: the checkpoint is damaged: its digest is ",
    );
  });
  test("whose metadata are not those of a training run", async () => {
    const odd = { ...checkpoint(1), meta: { ...checkpoint(1).meta, epoch: "1" as never } };
    await expect(decodeCheckpoint(await encodeCheckpoint(odd), "f")).rejects.toThrow(
      "f: the checkpoint's metadata are not what fit() writes",
    );
  });
});

/** node:fs, in which call number `at` (and all later ones, if `lasting`) fails; a write fails when half of it is done. */
function failing(at: number, code: string, lasting: boolean) {
  let calls = 0;
  const fails = () => (lasting ? ++calls >= at : ++calls === at);
  const failure = () => Object.assign(new Error(`${code}: injected`), { code });
  const guard =
    <A extends unknown[], R>(f: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      if (fails()) throw failure();
      return f(...args);
    };
  const openFile = async (...args: Parameters<typeof fs.open>) => {
    const file = await fs.open(...args);
    const write = async (data: Uint8Array) => {
      const broken = fails();
      await file.writeFile(broken ? data.subarray(0, data.length / 2) : data);
      if (broken) throw failure();
    };
    return { writeFile: write, sync: guard(() => file.sync()), close: () => file.close() };
  };
  const { mkdir, readdir, readFile, rename, rm } = fs;
  const wrapped = {
    mkdir: guard(mkdir),
    readdir: guard(readdir),
    readFile,
    rename: guard(rename),
    rm: guard(rm),
    open: guard(openFile),
  };
  return { fs: wrapped as unknown as FileSystem, reached: () => calls >= at };
}
const isTemporary = (name: string) => name.includes(".tmp-");

/** Fails a save at its first call, its second, …, until one goes through; gives how many there were. */
async function atEveryCall(
  code: string,
  lasting: boolean,
  look: (error: unknown, at: number) => Promise<void>,
): Promise<number> {
  for (let at = 1; ; at++) {
    await fs.rm(folder, { recursive: true, force: true });
    for (const epoch of [1, 2, 3]) await open().save(checkpoint(epoch));
    const broken = failing(at, code, lasting);
    const error = await open(broken.fs)
      .save(checkpoint(4))
      .then(
        () => undefined,
        (e) => e,
      );
    if (!broken.reached()) return at - 1;
    await look(error, at);
  }
}

test("a disk that fails at any call: a typed error, the checkpoint before intact, nothing half-written left", async () => {
  const calls = await atEveryCall("ENOSPC", false, async (error, at) => {
    expect(error, `call ${at}`).toBeInstanceOf(CheckpointWriteError);
    expect((error as CheckpointWriteError).code).toBe("ENOSPC");
    expect((error as Error).message).toMatch(
      /^checkpoint: \S+ could not be written: the disk is full \(ENOSPC\); free some space, or choose a folder on another disk\. The checkpoints before it are intact$/,
    );
    expect([3, 4]).toContain(epochOf(await open().load()));
    expect(warnings).toEqual([]);
    expect((await fs.readdir(folder)).filter(isTemporary)).toEqual([]);
    await open().save(checkpoint(5));
    expect(epochOf(await open().load())).toBe(5);
  });
  expect(calls).toBeGreaterThanOrEqual(9); // mkdir, 2 readdir, open, write, fsync, rename, open and fsync of the folder, rm
});
test("a process that dies at any call, even in the middle of a write: the old one or the new one is there", async () => {
  await atEveryCall("EIO", true, async (_, at) => {
    expect([3, 4], `call ${at}`).toContain(epochOf(await open().load()));
    expect(warnings).toEqual([]);
    await open().save(checkpoint(5));
    expect(epochOf(await open().load())).toBe(5);
    expect((await fs.readdir(folder)).filter(isTemporary)).toEqual([]);
  });
});
test("EACCES has its own words", async () => {
  await expect(open(failing(1, "EACCES", true).fs).save(checkpoint(1))).rejects.toThrow(
    "permission was denied (EACCES); choose a folder that you may write to",
  );
});

describe("SIGKILL", () => {
  const script = fileURLToPath(new URL("./killed.child.ts", import.meta.url));
  const command = (where: string) => ["--conditions=source", script, where];
  const lastLine = (text: string) => text.trim().split("\n").at(-1)!;
  const finish = async (where: string) =>
    lastLine((await promisify(execFile)(process.execPath, command(where))).stdout);

  /** Kills the training when it has done some steps and a moment more; false if it was done before. */
  function trainAndKill(steps: number, moment: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, command(folder), { stdio: ["ignore", "pipe", "inherit"] });
      let seen = 0;
      child.stdout.on("data", (text: Buffer) => {
        seen += text.toString().split(".").length - 1;
        if (seen >= steps) setTimeout(() => child.kill("SIGKILL"), moment);
      });
      child.on("error", reject);
      child.on("exit", (_, signal) => resolve(signal === "SIGKILL"));
    });
  }
  test("at twenty moments of a training run: something can always be loaded, and the end is the same, bit for bit", async () => {
    const elsewhere = await fs.mkdtemp(join(tmpdir(), "lamina-checkpoint-"));
    const expected = await finish(elsewhere);
    await fs.rm(elsewhere, { recursive: true });
    let before = 0;
    for (let kills = 0; kills < 20; ) {
      if (!(await trainAndKill(1 + (kills % 3), 3 * Math.random()))) {
        expect(await finish(folder)).toBe(expected); // it was done before we were: start anew
        await fs.rm(folder, { recursive: true });
        before = 0;
        continue;
      }
      kills++;
      const { epoch, step } = (await open().load())?.meta ?? { epoch: 1, step: 0 };
      const now = 5 * (epoch - 1) + step;
      expect(now).toBeGreaterThanOrEqual(before); // never back
      before = now;
    }
    expect(before).toBeGreaterThan(0);
    expect(warnings).toEqual([]);
    expect(await finish(folder)).toBe(expected);
  }, 180_000);
});
