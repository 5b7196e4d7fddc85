// The learning rate goes in a straight line from one share of the base rate to another: warming up.
import { LRScheduler, positiveInteger, type Scheduled } from "./schedule.ts";

export interface LinearLROptions {
  /** The share of the base rate in epoch 0, above 0 (default 1/3). */
  startFactor?: number;
  /** The share from epoch `totalIters` on (default 1). */
  endFactor?: number;
  /** Default 5. */
  totalIters?: number;
}

/**
 * As [torch.optim.lr_scheduler.LinearLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html).
 */
export class LinearLR extends LRScheduler {
  constructor(optimizer: Scheduled, { startFactor = 1 / 3, endFactor = 1, totalIters = 5 }: LinearLROptions = {}) {
    positiveInteger("LinearLR", "totalIters", totalIters);
    if (!(startFactor > 0 && startFactor <= 1))
      throw new Error(`LinearLR: startFactor is ${startFactor} but must be above 0 and at most 1; pass 1/3, say`);
    const rise = endFactor - startFactor;
    super(optimizer, {
      first: ({ lr }) => lr * startFactor,
      at: ({ epoch, base }) => base * (startFactor + (rise * Math.min(epoch, totalIters)) / totalIters),
      next: ({ epoch, lr }) =>
        epoch > totalIters ? lr : lr * (1 + rise / (totalIters * startFactor + (epoch - 1) * rise)),
    });
  }
}
