// What a run leaves for people: its curves, the first ten test pictures with what the model says of them, and the report.
import { writeFile } from "node:fs/promises";
import { argmax, type nn, noGrad } from "@lamina/core";
import type { FashionMNIST } from "@lamina/data";
import type { EpochResult } from "@lamina/train";
import { curves } from "@lamina/train/plot";
import { type Prediction, predictions } from "../pictures.ts";
import type { RunConfig } from "../runFolder.ts";
import { reportPage } from "./html.ts";
import { inspect } from "./inspect.ts";

export interface ReportInput {
  readonly config: RunConfig;
  readonly model: nn.Module;
  readonly test: FashionMNIST;
  readonly history: readonly EpochResult[];
  readonly backend: string;
}
/** Where a file of the run goes. */
type PathOf = (name: string) => string;
export const titleOf = ({ model, data }: RunConfig): string =>
  `${model} on ${data === "fashion-mnist" ? "Fashion-MNIST" : data}`;

/** Writes curves.svg, predictions.svg and report.html, and gives their names. */
export async function writeReport(pathOf: PathOf, input: ReportInput): Promise<string[]> {
  const { config, model, test, history } = input;
  const svg = curves(titleOf(config), history);
  await writeFile(pathOf("curves.svg"), svg);
  await writeFile(pathOf("predictions.svg"), predictions(await firstPredictions(model, test, 10)));
  const inspection = await inspect(model, test, config.batchSize);
  await writeFile(
    pathOf("report.html"),
    reportPage({
      title: titleOf(config),
      facts: factsOf(input, inspection.matrix.accuracy),
      history,
      curves: svg,
      inspection,
    }),
  );
  return ["curves.svg", "predictions.svg", "report.html"];
}

function factsOf({ config, model, backend, history }: ReportInput, accuracy: number): [string, string][] {
  const { optimizer, lr, momentum, weightDecay, batchSize, resize, seed } = config;
  const extras = [momentum && `momentum ${momentum}`, weightDecay && `weight decay ${weightDecay}`].filter(Boolean);
  return [
    ["model", `${config.model}, ${model.numParameters().toLocaleString("en-US")} parameters`],
    ["data", `${config.data}${resize ? `, ${resize} × ${resize} pixels` : ""}`],
    ["optimiser", [`${optimizer}, learning rate ${lr}`, ...extras].join(", ")],
    ["batch size", String(batchSize)],
    ["epochs", `${history.length} of ${config.epochs}`],
    ["seed", String(seed)],
    ["device", (config.threads ?? 1) > 1 ? `${backend}, ${config.threads} threads` : backend],
    ["test accuracy", `${(100 * accuracy).toFixed(2)} %`],
  ];
}

async function firstPredictions(model: nn.Module, data: FashionMNIST, n: number): Promise<Prediction[]> {
  const [x] = await data.batch(Int32Array.from({ length: Math.min(n, data.length) }, (_, i) => i));
  model.eval();
  const said = await noGrad(() => argmax(model.forward(x), 1)).data();
  return Array.from(said, (label, i) => ({
    image: data.get(i).image,
    predicted: data.classes[label],
    label: data.classes[data.labels[i]],
  }));
}
