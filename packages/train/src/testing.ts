// For the tests beside the training loop. No part of the package.
import type { Checkpoint, CheckpointStore } from "./progress.ts";

/** Keeps checkpoints in memory, through JSON as a file would. */
export class Shelf implements CheckpointStore {
  readonly all: Checkpoint[] = [];
  get saves(): number {
    return this.all.length;
  }
  async save({ tensors, meta }: Checkpoint) {
    this.all.push({ tensors, meta: JSON.parse(JSON.stringify(meta)) });
  }
  async load() {
    return this.all.at(-1);
  }
}
