// The pictures that --data names, each part as a dataset.
import { FashionMNIST, transforms } from "@lamina/data";
import { lookUp } from "./failure.ts";
import { models } from "./models.ts";
import type { RunConfig } from "./runFolder.ts";

export interface Parts {
  readonly train: FashionMNIST;
  readonly test: FashionMNIST;
}
/** All that --data may name is Fashion-MNIST, or has its form. */
export const CLASSES = 10;
/** What --data may say. */
export const DATA_HELP = "fashion-mnist (shipped with lamina), or a folder or URL with the four IDX files";

/** As the model takes them: in the size that was asked for, and for a model of colour pictures grey in three channels. */
export async function loadPart(
  train: boolean,
  { data, resize, model }: Pick<RunConfig, "data" | "resize" | "model">,
): Promise<FashionMNIST> {
  const from = data === "fashion-mnist" ? undefined : data;
  const [channels] = lookUp(models, "model", model).input;
  const steps = [
    ...(resize === undefined ? [] : [new transforms.Resize(resize)]),
    ...(channels === 3 ? [new transforms.Grayscale(3)] : []),
  ];
  return FashionMNIST.load({ train, from, transform: steps.length ? new transforms.Compose(steps) : undefined });
}
export async function loadParts(config: Pick<RunConfig, "data" | "resize" | "model">): Promise<Parts> {
  return { train: await loadPart(true, config), test: await loadPart(false, config) };
}
