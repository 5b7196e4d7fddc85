// The learning rate falls along half a cosine.
import { LRScheduler, positiveInteger, type Scheduled } from "./schedule.ts";

export interface CosineAnnealingLROptions {
  /** Epochs down to the smallest rate; it rises again in as many more. */
  tMax: number;
  /** The smallest rate (default 0). */
  etaMin?: number;
}

/**
 * etaMin + ½(base - etaMin)(1 + cos(π·epoch/tMax)). Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm
 * restarts", 2017, without restarts. As
 * [torch.optim.lr_scheduler.CosineAnnealingLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html).
 */
export class CosineAnnealingLR extends LRScheduler {
  constructor(optimizer: Scheduled, { tMax, etaMin = 0 }: CosineAnnealingLROptions) {
    positiveInteger("CosineAnnealingLR", "tMax", tMax);
    const height = (epoch: number) => 1 + Math.cos((Math.PI * epoch) / tMax);
    super(optimizer, {
      at: ({ epoch, base }) => etaMin + ((base - etaMin) * height(epoch)) / 2,
      next: ({ epoch, lr, base }) =>
        (epoch - 1 - tMax) % (2 * tMax) === 0
          ? lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2 // the rate before was the smallest: 0/0
          : (height(epoch) / height(epoch - 1)) * (lr - etaMin) + etaMin,
    });
  }
}
