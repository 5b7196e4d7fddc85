// The command line as a person uses it: a process, its output, its exit code. Trains on a few hundred real pictures.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FashionMNIST } from "@lamina/data";
import { encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

// Each test starts several processes, some of which open every device.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lamina-cli-"));
  await mkdir(join(folder, "data"));
  for (const [train, prefix, n] of [
    [true, "train", 512],
    [false, "t10k", 100],
  ] as const) {
    const { images, labels } = await FashionMNIST.load({ train });
    await writeFile(join(folder, "data", `${prefix}-images-idx3-ubyte`), idx([n, 28, 28], images.subarray(0, n * 784)));
    await writeFile(join(folder, "data", `${prefix}-labels-idx1-ubyte`), idx([n], labels.subarray(0, n)));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An IDX file of bytes. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint32(0, 0x0800 + shape.length);
  shape.forEach((n, i) => head.setUint32(4 + 4 * i, n));
  return Buffer.concat([new Uint8Array(head.buffer), data]);
}

interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}
const main = fileURLToPath(new URL("main.ts", import.meta.url));
function start(
  args: readonly string[],
  onLine?: (line: string, child: ChildProcess) => void,
  env: Record<string, string> = {},
): Promise<Finished> {
  const { LAMINA_BACKEND: _, ...rest } = process.env;
  const child = spawn(process.execPath, ["--conditions=source", main, ...args], {
    cwd: folder,
    env: { ...rest, ...env },
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (text) => {
    out += text;
    for (const line of String(text).split("\n")) if (line) onLine?.(line, child);
  });
  child.stderr.on("data", (text) => (err += text));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, out, err })));
}
const lamina = (...args: string[]) => start(args);
const train = (run: string, ...args: string[]) => [
  "train",
  "--data",
  "data",
  "--batch-size",
  "64",
  "--lr",
  "0.5",
  "--run",
  run,
  "--json",
  ...args,
];
const events = (out: string) =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
/** The newest checkpoint without what differs from run to run: seconds. */
async function weights(run: string): Promise<Buffer> {
  const files = (await readdir(join(folder, run))).filter((f) => f.startsWith("checkpoint-")).sort();
  const bytes = await readFile(join(folder, run, files.at(-1)!));
  const header = Number(bytes.readBigUInt64LE(0));
  return bytes.subarray(8 + header);
}

describe("usage", () => {
  test("--help lists the commands; each has help of its own", async () => {
    const { code, out } = await lamina("--help");
    expect(code).toBe(0);
    for (const command of ["train", "resume", "eval", "predict", "report", "summary", "backends", "conformance"])
      expect(out).toContain(command);
    expect((await lamina("train", "--help")).out).toContain("--resume");
  });
  test("output that nobody reads to its end is no error", async () => {
    const shell = spawn("sh", ["-c", `"${process.execPath}" --conditions=source "${main}" train --help | head -1`], {
      cwd: folder,
    });
    let err = "";
    shell.stderr.on("data", (text) => (err += text));
    await new Promise((resolve) => shell.on("close", resolve));
    expect(err).toBe("");
  });
  test.each([
    [["nonsense"], /unknown command 'nonsense'/],
    [["train", "--epochs", "0"], /--epochs <n>' argument '0' is invalid. Give a whole number from 1/],
    [
      ["train", "--backend", "cuda"],
      /backend "cuda" is not known; choose one of: wasm, webgpu, tfjs-node, gpujs, reference/,
    ],
    [["conformance", "--backend", "auto"], /auto measures a model, and this command has none; name a device/],
    [["train", "--model", "resnet"], /model "resnet" is not known; choose one of: lenet/],
    [["train", "--resume"], /--resume needs the folder/],
    [["summary", "lenet", "--input", "1,x"], /--input is "1,x"; give the sizes of one batch/],
  ])("%j is wrong usage: exit code 2, a sentence, no stack", async (args, message) => {
    const { code, err } = await lamina(...args);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  });
  test("a missing data folder says what is missing: exit code 1", async () => {
    const { code, err } = await lamina("train", "--data", "nowhere");
    expect(code).toBe(1);
    expect(err).toMatch(/nowhere/);
    expect(err).not.toMatch(/\n\s+at /);
  });
});

test("summary counts the book's parameters and multiply-adds", async () => {
  const { out } = await lamina("summary", "lenet", "--json");
  const summary = JSON.parse(out);
  expect(summary).toMatchObject({ parameters: 61_706, macs: 416_520 });
  expect(summary.layers[1]).toEqual({
    name: "1",
    type: "Conv2d",
    output: [1, 6, 28, 28],
    parameters: 156,
    macs: 117_600,
    receptiveField: [5, 5],
  });
  expect((await lamina("summary", "d2lzh/lenet", "--json")).out).toContain('"parameters": 44426');
});
test("summary shows any network: its own input, the shapes after each block, a flow chart", async () => {
  const { out } = await lamina("summary", "d2lzh/googlenet", "--depth", "1");
  for (const shape of ["64, 24, 24", "192, 12, 12", "480, 6, 6", "832, 3, 3", "1024, 1, 1"])
    expect(out).toContain(`[1, ${shape}]`);
  expect(out).toMatch(/a training step takes [\d.]+ MiB/);
  expect((await lamina("summary", "resnet18", "--mermaid")).out).toMatch(/^flowchart TD\n/);
  expect((await lamina("summary", "torchvision/resnet50", "--depth", "1")).out).toContain("25,557,032");
  const { code, err } = await lamina("summary", "nin", "--input", "1,1,28,28");
  expect(code).toBe(2);
  expect(err).toMatch(/nin does not take an input of \[1,1,28,28\]: maxPool2d: a window of 3 x 3/);
});
test("train says which pictures a model takes", async () => {
  const { code, err } = await lamina("train", "--model", "alexnet", "--resize", "28");
  expect(code).toBe(2);
  expect(err).toMatch(
    /alexnet does not take pictures of 1 x 28 x 28, but of 1 x 224 x 224; use --resize 224 \(alexnet: imageSize/,
  );
});
test("conformance reports the cases it ran, and a filter that fits none is wrong usage", async () => {
  const { code, out } = await lamina(
    "conformance",
    "--backend",
    "wasm",
    "--filter",
    "ops/matmul",
    "--json",
    "report.json",
  );
  expect(code).toBe(0);
  expect(out).toMatch(/wasm: \d+ passed, 0 failed/);
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8"));
  expect(report).toMatchObject({ backend: "wasm", failed: 0, declared: 0, absent: 0 });
  expect(report.results).toHaveLength(report.passed);
  const none = await lamina("conformance", "--filter", "no such case");
  expect(none.err).toMatch(/no case has "no such case" in its id/);
  expect(none.code).toBe(2);
});
test("backends tells what is here and what is missing; doctor is another name for it", async () => {
  const { out } = await lamina("backends", "--json");
  const list: { name: string; present: boolean; reason?: string }[] = JSON.parse(out);
  expect(list.map((s) => s.name)).toEqual(["wasm", "webgpu", "tfjs-node", "gpujs", "reference"]);
  expect(list.filter((s) => ["wasm", "reference"].includes(s.name)).every((s) => s.present)).toBe(true);
  const text = (await lamina("doctor")).out;
  expect(text).toMatch(/^Node v\d+.* cores; LAMINA_BACKEND is not set \(wasm\)/);
  for (const { name, present, reason } of list) {
    expect(text).toMatch(new RegExp(`^${name} +${present ? "here" : "missing"}`, "m"));
    if (!present) expect(text).toContain(reason);
  }
});
test("LAMINA_BACKEND names the device, and auto measures them", async () => {
  const chosen = await start(train("by-variable", "--epochs", "1"), undefined, { LAMINA_BACKEND: "cuda" });
  expect(chosen.err).toMatch(/backend "cuda" is not known/);
  const measured = await lamina(...train("measured", "--epochs", "1", "--backend", "auto"));
  const [note, begin] = events(measured.out);
  expect(note.event).toBe("note");
  expect(note.text).toMatch(new RegExp(`^${begin.backend}: a step of this model takes [\\d.]+ ms there`));
});

describe("train", () => {
  test("prints an event a line, learns, and leaves metrics, pictures and a checkpoint", async () => {
    const { code, out, err } = await lamina(...train("plain", "--model", "bn-lenet", "--epochs", "6"));
    expect(err).toBe("");
    expect(code).toBe(0);
    const seen = events(out);
    expect(seen.map((e) => e.event)).toEqual(["start", ...Array(6).fill("epoch"), "end"]);
    expect(seen[1]).toEqual({
      event: "epoch",
      epoch: 1,
      trainLoss: expect.any(Number),
      trainAccuracy: expect.any(Number),
      testLoss: expect.any(Number),
      testAccuracy: expect.any(Number),
      seconds: expect.any(Number),
      examplesPerSecond: expect.any(Number),
    });
    expect(seen[6].trainLoss).toBeLessThan(1.5);
    expect(seen[6].trainAccuracy).toBeGreaterThan(0.4);
    expect(seen[7].files).toContain(join("plain", "checkpoint-000006.safetensors"));
    const files = await readdir(join(folder, "plain"));
    expect(files.sort()).toEqual([
      "checkpoint-000005.safetensors",
      "checkpoint-000006.safetensors",
      "config.json",
      "curves.svg",
      expect.stringMatching(/^events\.out\.tfevents\./),
      "metrics.jsonl",
      "predictions.svg",
      "report.html",
    ]);
    expect(await readFile(join(folder, "plain", "curves.svg"), "utf8")).toMatch(/^<svg[\s\S]*test accuracy/);
    expect(await readFile(join(folder, "plain", "predictions.svg"), "utf8")).toMatch(/true: Ankle boot/);
    expect((await readFile(join(folder, "plain", "metrics.jsonl"), "utf8")).trim().split("\n")).toHaveLength(6);
  });
  test("a model is trained as the book does, unless told otherwise; grey pictures are colour pictures to those that need them", async () => {
    const settings = async (run: string, ...args: string[]) => {
      const { code, err } = await lamina("train", "--data", "data", "--epochs", "1", "--run", run, "--json", ...args);
      expect([code, err]).toEqual([0, ""]);
      return JSON.parse(await readFile(join(folder, run, "config.json"), "utf8"));
    };
    const bnLenet = { optimizer: "sgd", lr: 1, momentum: 0, weightDecay: 0, batchSize: 256, epochs: 1 };
    expect(await settings("book", "--model", "bn-lenet")).toMatchObject(bnLenet);
    const adam = { optimizer: "adam", lr: 0.001 };
    expect(await settings("adam", "--model", "bn-lenet", "--optimizer", "adam")).toMatchObject(adam);
    const squeezenet = ["--model", "torchvision/squeezenet1_1", "--resize", "32", "--momentum", "0.5"];
    const asked = { optimizer: "sgd", lr: 0.01, momentum: 0.5, weightDecay: 1e-4, batchSize: 128, resize: 32 };
    expect(await settings("colour", ...squeezenet)).toMatchObject(asked);
    const scores = JSON.parse((await lamina("eval", "colour", "--json")).out);
    expect(scores.classes).toHaveLength(10);
    await writeFile(
      join(folder, "grey.png"),
      encode({ width: 40, height: 30, channels: 1, depth: 8, data: new Uint8Array(1200) }),
    );
    expect(JSON.parse((await lamina("predict", "colour", "grey.png", "--json")).out)[0].classes).toHaveLength(3);
  });
  test("a folder that holds a run is not overwritten", async () => {
    await lamina(...train("taken", "--epochs", "1"));
    const { code, err } = await lamina(...train("taken", "--epochs", "1"));
    expect(err).toMatch(/taken holds a run already; go on with it by --resume/);
    expect(code).toBe(1);
  });
  test("--batch-size auto takes what fits; a resumed run keeps it", async () => {
    const { out } = await lamina(...train("auto", "--batch-size", "auto", "--epochs", "1"));
    expect(events(out)[0]).toEqual({ event: "note", text: "batches of 256" });
    expect(JSON.parse(await readFile(join(folder, "auto", "config.json"), "utf8")).batchSize).toBe(256);
    expect((await lamina("resume", "auto", "--epochs", "2", "--json")).code).toBe(0);
    const { err } = await lamina("train", "--batch-size", "most");
    expect(err).toMatch(/argument 'most' is invalid. Give a whole number from 1, or "auto"/);
  });
  test("Ctrl-C finishes the step, saves, exits with 130; --resume ends where an undisturbed run does, bit for bit", async () => {
    await lamina(...train("whole", "--epochs", "4"));
    let hit = false;
    const stopped = await start(train("stopped", "--epochs", "4"), (line, child) => {
      if (hit || !line.includes('"epoch":2')) return;
      hit = true;
      child.kill("SIGINT");
    });
    expect(stopped.err).toMatch(/stopped; the checkpoint is written, and lamina resume stopped goes on from it/);
    expect(stopped.code).toBe(130);
    const resumed = await lamina("resume", "stopped", "--json");
    expect(resumed.code).toBe(0);
    expect(await weights("stopped")).toEqual(await weights("whole"));
  });
  test("SIGKILL at random moments: what is resumed ends where an undisturbed run does, bit for bit", async () => {
    await lamina(...train("undisturbed", "--epochs", "6"));
    const often = ["--checkpoint-every", "0"]; // after each step, so that some are killed while they are written
    for (let kill = 0; kill < 6; kill++) {
      const args = kill === 0 ? train("killed", "--epochs", "6", ...often) : ["resume", "killed", "--json", ...often];
      let timer: NodeJS.Timeout | undefined;
      const { code } = await start(args, (_, child) => {
        timer ??= setTimeout(() => child.kill("SIGKILL"), 37 * kill);
      });
      clearTimeout(timer);
      if (code === 0) break;
    }
    expect((await lamina("train", "--run", "killed", "--resume", "--json")).code).toBe(0);
    expect((await lamina("train", "--run", "killed", "--resume", "--lr", "0.1")).err).toMatch(
      /a resumed run keeps its settings, and --lr is one/,
    );
    expect(await weights("killed")).toEqual(await weights("undisturbed"));
  });
});

describe("a trained run", () => {
  beforeAll(async () => {
    await lamina(...train("seen", "--epochs", "2", "--model", "bn-lenet", "--clip-grad-norm", "5"));
  });
  test("eval: scores of each class, equal to the run's own", async () => {
    const { code, out } = await lamina("eval", "seen", "--json");
    expect(code).toBe(0);
    const scores = JSON.parse(out);
    const last = (await readFile(join(folder, "seen", "metrics.jsonl"), "utf8")).trim().split("\n").at(-1)!;
    expect(scores).toMatchObject({ accuracy: JSON.parse(last).testAccuracy, examples: 100 });
    expect(scores.loss).toBeCloseTo(JSON.parse(last).testLoss, 5);
    expect(scores.classes).toHaveLength(10);
    expect(scores.confusion.flat().reduce((a: number, b: number) => a + b)).toBe(100);
    expect(scores.top5).toBeGreaterThanOrEqual(scores.accuracy);
    expect((await lamina("eval", "seen")).out).toMatch(
      /^loss [\d.]+, accuracy [\d.]+ %, among the first five [\d.]+ %/,
    );
  });
  test("report: one file that holds everything, and needs no network", async () => {
    await rm(join(folder, "seen", "report.html"));
    const { code, out } = await lamina("report", "seen");
    expect(code).toBe(0);
    expect(out).toContain(`wrote ${join("seen", "report.html")}`);
    const page = await readFile(join(folder, "seen", "report.html"), "utf8");
    for (const title of [
      "Curves",
      "Confusion matrix",
      "Surest mistakes",
      "Filters of the first",
      "Feature maps",
      "Receptive",
    ])
      expect(page).toContain(`<h2>${title}`);
    expect(page.match(/<img src="data:image\/png;base64,/g)!.length).toBeGreaterThan(20);
    expect(page).not.toMatch(/<script|(src|href)="http/);
  });
  test("predict: what is in picture files", async () => {
    const { images } = await FashionMNIST.load({ train: false });
    const pixels = new Uint8Array(56 * 56);
    for (let i = 0; i < pixels.length; i++) pixels[i] = images[Math.floor(i / 112) * 28 + Math.floor((i % 56) / 2)];
    await writeFile(join(folder, "boot.png"), encode({ width: 56, height: 56, data: pixels, channels: 1 }));
    const { code, out } = await lamina("predict", "seen", "boot.png", "--top", "10", "--json");
    expect(code).toBe(0);
    const [{ file, classes }] = JSON.parse(out);
    expect([file, classes.length, classes[0].probability >= classes[1].probability]).toEqual(["boot.png", 10, true]);
    const sum = classes.reduce((total: number, c: { probability: number }) => total + c.probability, 0);
    expect(sum).toBeCloseTo(1, 5);
    expect((await lamina("predict", "seen", "boot.png")).out).toMatch(/picture.*most likely/);
    const missing = await lamina("predict", "seen", "none.png");
    expect([missing.code, missing.err]).toEqual([1, expect.stringMatching(/none\.png cannot be decoded/)]);
  });
  test("a folder without a run, or a run without a checkpoint, is said in words", async () => {
    expect((await lamina("eval", "nowhere")).err).toMatch(/there is no run in nowhere/);
    await mkdir(join(folder, "fresh"));
    await writeFile(join(folder, "fresh", "config.json"), await readFile(join(folder, "seen", "config.json")));
    expect((await lamina("report", "fresh")).err).toMatch(
      /the run in fresh has no checkpoint yet; train it for an epoch: lamina resume fresh/,
    );
  });
});
