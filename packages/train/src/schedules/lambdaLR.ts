// The learning rate is whatever a function of the epoch makes of the base rate.
import { LRScheduler, type Scheduled } from "./schedule.ts";

/**
 * The base rate times `lrLambda(epoch)`: one function, or one a parameter group. As
 * [torch.optim.lr_scheduler.LambdaLR](https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html).
 */
export class LambdaLR extends LRScheduler {
  constructor(
    optimizer: Scheduled,
    { lrLambda }: { lrLambda: ((epoch: number) => number) | readonly ((epoch: number) => number)[] },
  ) {
    const groups = optimizer.paramGroups.length;
    const lambdas = typeof lrLambda === "function" ? Array.from({ length: groups }, () => lrLambda) : lrLambda;
    if (lambdas.length !== groups)
      throw new Error(
        `LambdaLR: there are ${lambdas.length} functions but ${groups} parameter groups; pass one function, or one a group`,
      );
    const at = ({ epoch, base, group }: { epoch: number; base: number; group: number }) => base * lambdas[group](epoch);
    super(optimizer, { at, first: at });
  }
}
