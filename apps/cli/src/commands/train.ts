// `lamina train`: the main job. Data, model, optimiser and device by name; a run folder with checkpoints, metrics and pictures.
import { writeFile } from "node:fs/promises";
import { argmax, type Backend, manualSeed, type nn, noGrad, setBackend } from "@lamina/core";
import { DataLoader, FashionMNIST } from "@lamina/data";
import { fastestBackend } from "@lamina/devices";
import { Adam, AdamW, type EpochResult, fit, type Optimizer, SGD } from "@lamina/train";
import { checkpointFolder } from "@lamina/train/checkpoint";
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { defaultBackend, openBackend } from "../backends.ts";
import { exitCodes, Failure, lookUp } from "../failure.ts";
import { stopOnSignals } from "../interrupt.ts";
import { modelList, models } from "../models.ts";
import { humanOutput, jsonOutput, type Output } from "../output.ts";
import type { Prediction } from "../pictures.ts";
import { freeFolder, type RunConfig, RunFolder } from "../runFolder.ts";

interface TrainOptions extends RunConfig {
  readonly backend: string;
  readonly run?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

const number = (check: (n: number) => boolean, what: string) => (text: string) => {
  const n = Number(text);
  if (text.trim() === "" || !check(n)) throw new InvalidArgumentError(`Give ${what}.`);
  return n;
};
const count = number((n) => Number.isSafeInteger(n) && n > 0, "a whole number from 1");
const seed = number((n) => Number.isSafeInteger(n) && n >= 0, "a whole number from 0");
const rate = number((n) => Number.isFinite(n) && n >= 0, "a number from 0");

// biome-ignore lint/suspicious/noExplicitAny: each optimiser has hyper-parameters of its own.
type MakeOptimizer = (model: nn.Module, config: RunConfig) => Optimizer<any>;
const optimizers: Readonly<Record<string, MakeOptimizer>> = {
  sgd: (model, { lr, momentum, weightDecay }) => new SGD(model.parameters(), { lr, momentum, weightDecay }),
  adam: (model, { lr, weightDecay }) => new Adam(model.parameters(), { lr, weightDecay }),
  adamw: (model, { lr, weightDecay }) => new AdamW(model.parameters(), { lr, weightDecay }),
};

export function addTrain(program: Command): void {
  program
    .command("train")
    .description("Train a model: LeNet on Fashion-MNIST as the book does, unless you say otherwise.")
    .option("-m, --model <name>", "the model (listed below)", "lenet")
    .option(
      "-d, --data <source>",
      "fashion-mnist (shipped with lamina), or a folder or URL with the four IDX files",
      "fashion-mnist",
    )
    .option(
      "-b, --backend <name>",
      "the device: `lamina backends` lists them; auto measures them on this model",
      defaultBackend(),
    )
    .option("-e, --epochs <n>", "passes over the training data", count, 10)
    .option("--batch-size <n>", "images in a step", count, 256)
    .option("-o, --optimizer <name>", Object.keys(optimizers).join(", "), "sgd")
    .option("--lr <rate>", "learning rate", rate, 0.9)
    .option("--momentum <m>", "of SGD", rate, 0)
    .option("--weight-decay <d>", "pull of the weights towards 0", rate, 0)
    .option("--seed <n>", "of weights, order and dropout", seed, 0)
    .option("-r, --run <folder>", "where checkpoints, metrics and pictures go (default: runs/<model>, numbered)")
    .option("--resume", "go on where the run in --run stopped, bit for bit, with its settings")
    .option("--json", "print one JSON object a line instead of text")
    .addHelpText("after", `\nModels:\n${modelList()}`)
    .action(async (options: TrainOptions, command: Command) => train(await settingsOf(options, command)));
}

interface Settings {
  readonly config: RunConfig;
  readonly backend: string;
  readonly folder: string;
  readonly resume: boolean;
  readonly output: Output;
}
/** What a resumed run may be told anew; the rest is part of what makes it end where an undisturbed one does. */
const FREE_ON_RESUME = ["run", "resume", "json", "backend", "epochs"];

async function settingsOf(options: TrainOptions, command: Command): Promise<Settings> {
  const { backend, run, resume = false, json = false, ...given } = options;
  const rest = { backend, resume, output: json ? jsonOutput() : humanOutput() };
  if (!resume) return { config: given, folder: run ?? freeFolder(given.model), ...rest };
  if (!run) throw new Failure("--resume needs the folder of the run to go on with: add --run FOLDER", exitCodes.usage);
  const said = command.options.filter((o) => command.getOptionValueSource(o.attributeName()) === "cli");
  const fixed = said.find((o) => !FREE_ON_RESUME.includes(o.attributeName()));
  if (fixed)
    throw new Failure(
      `a resumed run keeps its settings, and ${fixed.long} is one of them; leave it out, or start another run`,
      exitCodes.usage,
    );
  const saved = await RunFolder.readConfig(run);
  const epochs = said.some((o) => o.attributeName() === "epochs") ? given.epochs : saved.epochs;
  return { config: { ...saved, epochs }, folder: run, ...rest };
}

async function train({ config, backend, folder: path, resume, output }: Settings): Promise<void> {
  const { make } = lookUp(models, "model", config.model);
  const makeOptimizer = lookUp(optimizers, "optimizer", config.optimizer);
  let device = backend === "auto" ? undefined : await openBackend(backend);
  if (device) setBackend(device);
  const from = config.data === "fashion-mnist" ? undefined : config.data;
  const [trainData, testData] = [
    await FashionMNIST.load({ train: true, from }),
    await FashionMNIST.load({ train: false, from }),
  ];
  const folder = await RunFolder.open(path);
  const stop = stopOnSignals(() => output.note("stopping after this step; once more to stop at once"));
  try {
    manualSeed(config.seed);
    const model = make();
    const store = checkpointFolder(path, { onWarning: (text) => output.note(text) });
    const saved = await store.load();
    if (!resume && saved)
      throw new Failure(
        `${path} holds a run already; go on with it by --resume, or choose another folder with --run FOLDER`,
      );
    await folder.writeConfig(config);
    const history: EpochResult[] = [...(saved?.meta.history ?? [])];
    device ??= await pickBackend(model, trainData, config.batchSize, output);
    output.start({
      model: config.model,
      backend: device.name,
      parameters: model.numParameters(),
      folder: path,
      epochs: config.epochs,
      resumed: resume,
    });
    for (const e of history) output.epoch(e);
    const all = await fit(model, {
      train: new DataLoader(trainData, { batchSize: config.batchSize, shuffle: true, seed: config.seed }),
      test: new DataLoader(testData, { batchSize: 256 }),
      epochs: config.epochs,
      optimizer: makeOptimizer(model, config),
      checkpoint: store,
      resume,
      signal: stop.signal,
      ...(device.reopen && {
        async reopen({ device: name, reason }) {
          output.note(`the ${name} device was lost (${reason}); going on from the last snapshot on a new one`);
          device = await device!.reopen!();
          return device;
        },
      }),
      onStep: (result) => output.step(result),
      async onEpoch(result) {
        history.push(result);
        output.epoch(result);
        await folder.writeMetrics(history);
      },
    });
    output.end(all, await writePictures(folder, config.model, model, testData, all));
  } finally {
    output.close();
    stop.undo();
    await folder.close();
    await device?.close();
  }
}

/** Sets the device on which this model trains fastest, and says why. */
async function pickBackend(model: nn.Module, data: FashionMNIST, batchSize: number, output: Output): Promise<Backend> {
  const batch = await data.batch(Int32Array.from({ length: Math.min(batchSize, data.length) }, (_, i) => i));
  const { backend, why } = await fastestBackend(model, batch);
  output.note(why);
  return backend;
}

/** The curves, and the first ten test images with what the model says of them. */
async function writePictures(
  folder: RunFolder,
  name: string,
  model: nn.Module,
  data: FashionMNIST,
  history: readonly EpochResult[],
): Promise<string[]> {
  const { curves, predictions } = await import("../pictures.ts"); // a plotting library takes a while to load
  const epochs = history.map((e) => ({ ...e, testAccuracy: e.testAccuracy ?? Number.NaN }));
  await writeFile(folder.file("curves.svg"), await curves(`${name} on Fashion-MNIST`, epochs));
  await writeFile(
    folder.file("predictions.svg"),
    await predictions(await firstPredictions(model, data, 10), data.rows),
  );
  const checkpoint = await folder.newestCheckpoint();
  return ["curves.svg", "predictions.svg", "metrics.jsonl", "config.json", ...(checkpoint ? [checkpoint] : [])].map(
    (file) => folder.file(file),
  );
}
async function firstPredictions(model: nn.Module, data: FashionMNIST, n: number): Promise<Prediction[]> {
  const [x] = await data.batch(Int32Array.from({ length: n }, (_, i) => i));
  model.eval();
  const said = await noGrad(() => argmax(model.forward(x), 1)).data();
  return Array.from(said, (label, i) => ({
    pixels: data.get(i).image.data as Uint8Array,
    predicted: data.classes[label],
    label: data.classes[data.labels[i]],
  }));
}
