// A run that was trained before: its model with the newest weights, on a device.
import { type Backend, manualSeed, type nn, setBackend } from "@lamina/core";
import { type Checkpoint, loadWeights } from "@lamina/train";
import { checkpointFolder } from "@lamina/train/checkpoint";
import { openBackend } from "./backends.ts";
import { CLASSES } from "./data.ts";
import { Failure, lookUp } from "./failure.ts";
import { models } from "./models.ts";
import { type RunConfig, RunFolder } from "./runFolder.ts";

export interface Trained {
  readonly config: RunConfig;
  readonly model: nn.Module;
  readonly checkpoint: Checkpoint;
  readonly device: Backend;
}

/** Calls `work` with the run in `path`, and closes the device after it. @throws Failure if there is no run or no checkpoint. */
export async function withTrained<T>(path: string, backend: string, work: (run: Trained) => Promise<T>): Promise<T> {
  const config = await RunFolder.readConfig(path);
  const { make } = lookUp(models, "model", config.model);
  const checkpoint = await checkpointFolder(path).load();
  if (!checkpoint)
    throw new Failure(`the run in ${path} has no checkpoint yet; train it for an epoch: lamina resume ${path}`);
  const device = await openBackend(backend);
  try {
    setBackend(device);
    manualSeed(config.seed);
    const model = make({ imageSize: config.resize, numClasses: CLASSES });
    loadWeights(model, checkpoint);
    return await work({ config, model, checkpoint, device });
  } finally {
    await device.close();
  }
}
