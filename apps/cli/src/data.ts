// The pictures that --data names, each part as a dataset.
import { FashionMNIST, transforms } from "@lamina/data";
import type { RunConfig } from "./runFolder.ts";

export interface Parts {
  readonly train: FashionMNIST;
  readonly test: FashionMNIST;
}
/** What --data may say. */
export const DATA_HELP = "fashion-mnist (shipped with lamina), or a folder or URL with the four IDX files";

export async function loadPart(
  train: boolean,
  { data, resize }: Pick<RunConfig, "data" | "resize">,
): Promise<FashionMNIST> {
  const from = data === "fashion-mnist" ? undefined : data;
  return FashionMNIST.load({
    train,
    from,
    transform: resize === undefined ? undefined : new transforms.Resize(resize),
  });
}
export async function loadParts(config: Pick<RunConfig, "data" | "resize">): Promise<Parts> {
  return { train: await loadPart(true, config), test: await loadPart(false, config) };
}
