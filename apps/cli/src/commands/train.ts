// `lamina train` and `lamina resume`: the main job. Data, model, optimiser and device by name; a run folder with checkpoints, metrics
// and pictures.
import { type Backend, manualSeed, type nn, OutOfMemoryError, setBackend } from "@lamina/core";
import { DataLoader, type FashionMNIST } from "@lamina/data";
import { fastestBackend } from "@lamina/devices";
import { type Callback, chooseBatchSize, type EpochResult, fit } from "@lamina/train";
import { checkpointFolder } from "@lamina/train/checkpoint";
import { livePlot } from "@lamina/train/plot";
import type { Command } from "commander";
import { defaultBackend, openBackend } from "../backends.ts";
import { CLASSES, DATA_HELP, loadParts } from "../data.ts";
import { exitCodes, Failure, lookUp } from "../failure.ts";
import { stopOnSignals } from "../interrupt.ts";
import { modelFor, modelList, models } from "../models.ts";
import { count, countOrAuto, rate, seed } from "../numbers.ts";
import { optimizers } from "../optimizers.ts";
import { humanOutput, jsonOutput, type Output } from "../output.ts";
import { titleOf, writeReport } from "../report/write.ts";
import { freeFolder, type RunConfig, RunFolder } from "../runFolder.ts";
import { EventFile } from "../tensorboard.ts";

/** Settings that the model's row has a default for. */
type Recipes = "optimizer" | "lr" | "momentum" | "weightDecay" | "batchSize" | "epochs";
interface TrainOptions extends Omit<RunConfig, Recipes>, Partial<Pick<Asked, Recipes>> {
  readonly backend: string;
  readonly threads?: number;
  readonly run?: string;
  readonly resume?: boolean;
  readonly checkpointEvery: number;
  readonly json?: boolean;
}

const CHECKPOINT_EVERY = [
  "--checkpoint-every <seconds>",
  "how often an epoch that takes longer is saved on the way",
  rate,
  120,
] as const;
const OF_THE_MODEL = "default: the model's";
const ownRates = () =>
  Object.entries(optimizers)
    .map(([name, { lr }]) => `${name} ${lr}`)
    .join(", ");

export function addTrain(program: Command): void {
  program
    .command("train")
    .description("Train a model, by default LeNet on Fashion-MNIST, with the settings that the book trains it with.")
    .option("-m, --model <name>", "the model (listed below)", "lenet")
    .option("-d, --data <source>", DATA_HELP, "fashion-mnist")
    .option("--resize <pixels>", `pictures of so many pixels a side (${OF_THE_MODEL})`, count)
    .option(
      "-b, --backend <name>",
      "the device: `lamina backends` lists them; auto measures them on this model",
      defaultBackend(),
    )
    .option("--threads <n>", "of the wasm device (default: LAMINA_THREADS, or a thread for each core)", count)
    .option("-e, --epochs <n>", `passes over the training data (${OF_THE_MODEL})`, count)
    .option(
      "--batch-size <n>",
      `images in a step; auto takes what fits the device's memory, 256 at most (${OF_THE_MODEL})`,
      countOrAuto,
    )
    .option("-o, --optimizer <name>", `${Object.keys(optimizers).join(", ")} (${OF_THE_MODEL})`)
    .option(
      "--lr <rate>",
      `learning rate (${OF_THE_MODEL}; with another optimizer, that one's own: ${ownRates()})`,
      rate,
    )
    .option("--momentum <m>", `of sgd, rmsprop and lars (${OF_THE_MODEL}, or 0)`, rate)
    .option("--weight-decay <d>", `pull of the weights towards 0 (${OF_THE_MODEL}, or 0)`, rate)
    .option("--clip-grad-norm <n>", "make the gradients of a step no longer than this", rate)
    .option("--seed <n>", "of weights, order and dropout", seed, 0)
    .option("-r, --run <folder>", "where checkpoints, metrics and pictures go (default: runs/<model>, numbered)")
    .option("--resume", "go on where the run in --run stopped, bit for bit, with its settings")
    .option(...CHECKPOINT_EVERY)
    .option("--json", "print one JSON object a line instead of text")
    .addHelpText(
      "after",
      `\nModels, and what they are trained with unless you say otherwise:\n${modelList({ recipes: true })}`,
    )
    .action(async (options: TrainOptions, command: Command) => train(await settingsOf(options, command)));
}

export function addResume(program: Command): void {
  program
    .command("resume")
    .description("Go on where a run stopped, bit for bit, with its settings.")
    .argument("<run>", "the run's folder")
    .option("-b, --backend <name>", "the device; it may be another than before", defaultBackend())
    .option("-e, --epochs <n>", "passes over the training data in all (default: as the run was started)", count)
    .option(...CHECKPOINT_EVERY)
    .option("--json", "print one JSON object a line instead of text")
    .action(
      async (
        run: string,
        {
          backend,
          epochs,
          checkpointEvery,
          json,
        }: Pick<TrainOptions, "backend" | "epochs" | "checkpointEvery" | "json">,
      ) => {
        const saved = await RunFolder.readConfig(run);
        const output = json ? jsonOutput() : humanOutput();
        await train({
          config: { ...saved, epochs: epochs ?? saved.epochs },
          backend,
          folder: run,
          resume: true,
          checkpointEvery,
          output,
        });
      },
    );
}

/** As a run is started: the batch size may be left open. */
type Asked = Omit<RunConfig, "batchSize"> & { readonly batchSize: RunConfig["batchSize"] | "auto" };
interface Settings {
  readonly config: Asked;
  readonly backend: string;
  readonly folder: string;
  readonly resume: boolean;
  readonly checkpointEvery: number;
  readonly output: Output;
}
/** What a resumed run may be told anew; the rest is part of what makes it end where an undisturbed one does. */
const FREE_ON_RESUME = ["run", "resume", "json", "backend", "threads", "epochs", "checkpointEvery"];

/** What was asked for, and the model's recipe for the rest. */
function filledIn(
  given: Omit<TrainOptions, "backend" | "run" | "resume" | "checkpointEvery" | "json" | "threads">,
): Asked {
  const { recipe } = lookUp(models, "model", given.model);
  const own = given.optimizer === undefined || given.optimizer === recipe.optimizer;
  const { lr } = own ? recipe : lookUp(optimizers, "optimizer", given.optimizer!);
  const { momentum = 0, weightDecay = 0, ...rest } = { ...recipe, lr, ...(own ? {} : { momentum: 0 }), ...given };
  return { ...rest, momentum, weightDecay };
}

async function settingsOf(options: TrainOptions, command: Command): Promise<Settings> {
  const { backend, threads, run, resume = false, checkpointEvery, json = false, ...given } = options;
  if (threads !== undefined) process.env.LAMINA_THREADS = String(threads); // for whichever device it will be
  const rest = { backend, resume, checkpointEvery, output: json ? jsonOutput() : humanOutput() };
  if (!resume) return { config: filledIn(given), folder: run ?? freeFolder(given.model), ...rest };
  if (!run) throw new Failure("--resume needs the folder of the run to go on with: add --run FOLDER", exitCodes.usage);
  const said = command.options.filter((o) => command.getOptionValueSource(o.attributeName()) === "cli");
  const fixed = said.find((o) => !FREE_ON_RESUME.includes(o.attributeName()));
  if (fixed)
    throw new Failure(
      `a resumed run keeps its settings, and ${fixed.long} is one of them; leave it out, or start another run`,
      exitCodes.usage,
    );
  const saved = await RunFolder.readConfig(run);
  return { config: { ...saved, epochs: given.epochs ?? saved.epochs }, folder: run, ...rest };
}

async function train({
  config: asked,
  backend,
  folder: path,
  resume,
  checkpointEvery,
  output,
}: Settings): Promise<void> {
  const { make: makeOptimizer } = lookUp(optimizers, "optimizer", asked.optimizer);
  let device = backend === "auto" ? undefined : await openBackend(backend);
  if (device) setBackend(device);
  const data = await loadParts(asked);
  const { channels, height, width } = data.train.get(0).image;
  manualSeed(asked.seed);
  const model = modelFor(asked.model, [channels, height, width], CLASSES);
  const folder = await RunFolder.open(path);
  const stop = stopOnSignals(path, () => output.note("stopping after this step; once more to stop at once"));
  try {
    const store = checkpointFolder(path, { onWarning: (text) => output.note(text) });
    const saved = await store.load();
    if (!resume && saved)
      throw new Failure(
        `${path} holds a run already; go on with it by --resume, or choose another folder with --run FOLDER`,
      );
    device ??= await pickBackend(model, data.train, asked.batchSize, output);
    const optimizer = makeOptimizer(model, asked);
    const clip = asked.clipGradNorm !== undefined && { clipGradNorm: asked.clipGradNorm };
    const train = new DataLoader(data.train, { batchSize: asked.batchSize, shuffle: true, seed: asked.seed });
    await chooseBatchSize(model, { train, optimizer, ...clip });
    const threads = threadsOf(device);
    const config = { ...asked, ...threads, batchSize: train.batchSize };
    if (asked.batchSize === "auto") output.note(`batches of ${train.batchSize}`);
    await folder.writeConfig(config);
    const history = saved?.meta.history ?? [];
    output.start({
      config,
      backend: device.name,
      ...threads,
      parameters: model.numParameters(),
      folder: path,
      resumed: resume,
    });
    for (const e of history) output.epoch(e);
    const done = saved ? (saved.meta.epoch - 1) * train.length + saved.meta.step : 0;
    const all = await fit(model, {
      train,
      test: new DataLoader(data.test, { batchSize: 256 }),
      epochs: config.epochs,
      optimizer,
      ...clip,
      checkpoint: store,
      checkpointSeconds: checkpointEvery,
      resume,
      signal: stop.signal,
      ...(device.reopen && {
        async reopen({ device: name, reason }) {
          output.note(`the ${name} device was lost (${reason}); going on from the last snapshot on a new one`);
          device = await device!.reopen!();
          return device;
        },
      }),
      callbacks: [
        recorder(folder, train.length, done),
        livePlot(folder.file("curves.svg"), { title: titleOf(config) }),
      ],
      onStep: (result) => output.step(result),
      onEpoch: (result) => output.epoch(result),
    });
    const pathOf = (name: string) => folder.file(name);
    const written = await writeReport(pathOf, { config, model, test: data.test, history: all, backend: device.name });
    const checkpoint = await folder.newestCheckpoint();
    output.end(
      all,
      [...written, "metrics.jsonl", "config.json", ...(checkpoint ? [checkpoint] : [])].map((name) =>
        folder.file(name),
      ),
    );
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    const kept = (await folder.newestCheckpoint()) ? `; what was trained is in ${path}` : "";
    throw new Failure(`${error.message}; start a run with --batch-size, --batch-size auto or --resize${kept}`);
  } finally {
    output.close();
    stop.undo();
    await folder.close();
    await device?.close();
  }
}

/** If it tells. */
function threadsOf({ details }: Backend): { threads?: number } {
  return typeof details?.threads === "number" ? { threads: details.threads } : {};
}

/** A point of TensorBoard's curves every so many steps. */
const STEPS_A_POINT = 10;

/** Writes metrics.jsonl and TensorBoard's scalars as the run goes on, which has made `done` steps before. */
function recorder(folder: RunFolder, steps: number, done: number): Callback {
  const events = new EventFile((name) => folder.file(name), done);
  return {
    onStep({ epoch, step, loss, correct, examples }, { optimizer }) {
      const total = (epoch - 1) * steps + step;
      if (total % STEPS_A_POINT !== 0) return;
      const { lr } = optimizer.paramGroups[0];
      events.add(total, { "train/loss": loss, "train/accuracy": correct / examples, "train/lr": lr });
    },
    async onEpoch(result, { history }) {
      events.add(result.epoch * steps, scalarsOf(result));
      await events.flush();
      await folder.writeMetrics(history);
    },
  };
}
function scalarsOf({ trainLoss, trainAccuracy, testLoss, testAccuracy, examplesPerSecond }: EpochResult) {
  return {
    "epoch/train loss": trainLoss,
    "epoch/train accuracy": trainAccuracy,
    ...(testLoss !== undefined && { "epoch/test loss": testLoss }),
    ...(testAccuracy !== undefined && { "epoch/test accuracy": testAccuracy }),
    "epoch/examples a second": examplesPerSecond,
  };
}

/** Sets the device on which this model trains fastest, and says why. */
async function pickBackend(
  model: nn.Module,
  data: FashionMNIST,
  batchSize: number | "auto",
  output: Output,
): Promise<Backend> {
  const size = Math.min(batchSize === "auto" ? 256 : batchSize, data.length);
  const batch = await data.batch(Int32Array.from({ length: size }, (_, i) => i));
  const { backend, why } = await fastestBackend(model, batch);
  output.note(why);
  return backend;
}
