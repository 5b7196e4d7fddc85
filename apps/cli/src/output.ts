// What a training run shows: a progress bar where there is a terminal, a line an epoch where there is none, or JSON lines.
import type { EpochResult, StepResult } from "@lamina/train";
import { SingleBar } from "cli-progress";
import pc from "picocolors";
import type { RunConfig } from "./runFolder.ts";
import { table } from "./table.ts";

interface StartInfo {
  readonly config: RunConfig;
  readonly backend: string;
  readonly threads?: number;
  readonly parameters: number;
  readonly folder: string;
  readonly resumed: boolean;
}
export interface Output {
  start(info: StartInfo): void;
  step(result: StepResult): void;
  epoch(result: EpochResult): void;
  end(history: readonly EpochResult[], files: readonly string[]): void;
  note(text: string): void;
  /** Takes the progress bar away, whatever happened. */
  close(): void;
}
const percent = (v: number | undefined) => (v === undefined ? "-" : `${(100 * v).toFixed(1)} %`);

/** One JSON object a line on standard output, and nothing else there. */
export function jsonOutput(): Output {
  const print = (event: string, data: object) => console.log(JSON.stringify({ event, ...data }));
  return {
    start: ({ config, ...info }) => print("start", { ...config, ...info }),
    step: () => {},
    epoch: (result) => print("epoch", result),
    end: (history, files) => print("end", { epochs: history.length, ...history.at(-1), files }),
    note: (text) => print("note", { text }),
    close: () => {},
  };
}

function epochTable(history: readonly EpochResult[]): string {
  const rows = history.map((e) => [
    e.epoch,
    e.trainLoss.toFixed(4),
    percent(e.trainAccuracy),
    percent(e.testAccuracy),
    e.seconds.toFixed(1),
  ]);
  return table(["epoch", "train loss", "train accuracy", "test accuracy", "seconds"], rows, Array(5).fill("right"));
}
const line = (e: EpochResult, epochs: number) =>
  `epoch ${String(e.epoch).padStart(String(epochs).length)}/${epochs}  loss ${e.trainLoss.toFixed(4)}  train ${percent(e.trainAccuracy)}  test ${percent(e.testAccuracy)}  ${Math.round(e.examplesPerSecond)} examples/s  ${e.seconds.toFixed(1)} s`;

/** What the gradient descends by, and on which pictures */
function settingsText({ optimizer, lr, momentum, weightDecay, batchSize, resize }: RunConfig): string {
  return [
    `${optimizer}, learning rate ${lr}`,
    ...(momentum ? [`momentum ${momentum}`] : []),
    ...(weightDecay ? [`weight decay ${weightDecay}`] : []),
    `batches of ${batchSize}`,
    ...(resize ? [`pictures of ${resize} x ${resize}`] : []),
  ].join(", ");
}

/** For people. The bar goes to standard error, and only if that is a terminal. */
export function humanOutput(): Output {
  let epochs = 0;
  let bar: SingleBar | undefined;
  let started = 0;
  const close = () => {
    bar?.stop();
    bar = undefined;
  };
  const draw = ({ epoch, step, steps, loss, correct, examples }: StepResult) => {
    if (!process.stderr.isTTY || !steps) return;
    if (!bar) {
      bar = new SingleBar({
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
        etaBuffer: 50,
        format:
          "epoch {epoch} |{bar}| {value}/{total}  {rate} examples/s  loss {loss}  accuracy {accuracy}  {eta_formatted} left",
      });
      bar.start(steps, step - 1, { epoch: "", rate: "", loss: "", accuracy: "" });
      started = performance.now();
    }
    const rate = Math.round((examples * step) / ((performance.now() - started) / 1000 || 1));
    bar.update(step, {
      epoch: `${epoch}/${epochs}`,
      rate,
      loss: loss.toFixed(3),
      accuracy: percent(correct / examples),
    });
  };
  return {
    start({ config, backend, threads = 1, parameters, folder, resumed }) {
      epochs = config.epochs;
      const on = threads > 1 ? `${backend}, ${threads} threads` : backend;
      const verb = resumed ? "goes on training" : "trains";
      console.log(`${pc.bold(config.model)} (${parameters.toLocaleString("en-US")} parameters) ${verb} on ${on}`);
      console.log(`${settingsText(config)}; run folder ${folder}`);
    },
    step: draw,
    epoch(result) {
      close();
      console.log(line(result, epochs));
    },
    end(history, files) {
      console.log(`\n${epochTable(history)}\n`);
      for (const file of files) console.log(`wrote ${file}`);
    },
    note(text) {
      close();
      console.log(text);
    },
    close,
  };
}
