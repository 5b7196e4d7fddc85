// The learning rate falls by the same factor every epoch.
import { LRScheduler, type Scheduled } from "./schedule.ts";

/**
 * Times `gamma` every epoch. As
 * [torch.optim.lr_scheduler.ExponentialLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html).
 */
export class ExponentialLR extends LRScheduler {
  constructor(optimizer: Scheduled, { gamma }: { gamma: number }) {
    super(optimizer, { at: ({ epoch, base }) => base * gamma ** epoch, next: ({ lr }) => lr * gamma });
  }
}
