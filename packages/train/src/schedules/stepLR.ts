// The learning rate falls by a factor at regular or at given epochs.
import { LRScheduler, positiveInteger, type Scheduled } from "./schedule.ts";

/**
 * Times `gamma` (default 0.1) every `stepSize` epochs. As
 * [torch.optim.lr_scheduler.StepLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html).
 */
export class StepLR extends LRScheduler {
  constructor(optimizer: Scheduled, { stepSize, gamma = 0.1 }: { stepSize: number; gamma?: number }) {
    positiveInteger("StepLR", "stepSize", stepSize);
    super(optimizer, {
      at: ({ epoch, base }) => base * gamma ** Math.floor(epoch / stepSize),
      next: ({ epoch, lr }) => (epoch % stepSize === 0 ? lr * gamma : lr),
    });
  }
}

/**
 * Times `gamma` (default 0.1) at each epoch of `milestones`; one given twice counts twice. As
 * [torch.optim.lr_scheduler.MultiStepLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html).
 */
export class MultiStepLR extends LRScheduler {
  constructor(optimizer: Scheduled, { milestones, gamma = 0.1 }: { milestones: readonly number[]; gamma?: number }) {
    super(optimizer, {
      at: ({ epoch, base }) => base * gamma ** milestones.filter((m) => m <= epoch).length,
      next: ({ epoch, lr }) => lr * gamma ** milestones.filter((m) => m === epoch).length,
    });
  }
}
