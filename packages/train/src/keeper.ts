// What a run can go back to: checkpoints in a store, and a snapshot on the host for when its device is lost.
import { type Backend, DeviceLostError, getBackend, setBackend } from "@lamina/core";
import {
  type Checkpoint,
  type CheckpointStore,
  capture,
  isRestorable,
  type Participants,
  Progress,
  restore,
  whereabouts,
} from "./progress.ts";

export interface KeeperOptions {
  /** Gets a checkpoint after each epoch. */
  checkpoint?: CheckpointStore;
  /** Also after every so many steps of an epoch. */
  checkpointEvery?: number;
  /** Also after a step when the last was so many seconds ago: epochs of large networks take hours. */
  checkpointSeconds?: number;
  /** Go on where the newest checkpoint was taken, bit for bit; from the start if there is none (default false). */
  resume?: boolean;
  /**
   * Opens a device when the one in use was lost (default: the backend's own `reopen`, where it has one). The run then goes on from its
   * last snapshot: the steps since are done again, and onStep is called for them again.
   */
  reopen?(error: DeviceLostError): Promise<Backend>;
  /** Steps between snapshots on a device that can be reopened (default 100); one is taken with each checkpoint and after each epoch too. */
  snapshotEvery?: number;
}
/** A device that is lost so often without a new snapshot will not be there in the end either. */
const MOST_LOSSES = 5;

export class Keeper {
  progress = new Progress();
  private readonly run: Participants;
  private readonly options: KeeperOptions;
  private snapshot: Checkpoint | undefined = undefined;
  private losses = 0;
  private savedAt = performance.now();
  private marked: { at: ReturnType<typeof whereabouts>; undo: (() => void)[] } | undefined = undefined;

  private constructor(run: Participants, options: KeeperOptions) {
    this.run = run;
    this.options = options;
  }
  /** At the start of a run, or where the newest checkpoint was taken. */
  static async start(run: Participants, options: KeeperOptions, saved: Checkpoint | undefined): Promise<Keeper> {
    const keeper = new Keeper(run, options);
    if (saved) keeper.progress = restore(run, saved);
    if (keeper.canReopen) keeper.snapshot = saved ?? (await capture(run, keeper.progress));
    return keeper;
  }
  private get device(): Backend {
    return this.run.model.parameters()[0]?.device ?? getBackend();
  }
  private get canReopen(): boolean {
    return (this.options.reopen ?? this.device.reopen) !== undefined;
  }

  async save(): Promise<void> {
    const { checkpoint } = this.options;
    if (!checkpoint && !this.canReopen) return;
    const now = await this.take();
    await checkpoint?.save(now);
    this.savedAt = performance.now();
  }
  private async take(): Promise<Checkpoint> {
    const { step, trained } = this.progress;
    const now = await capture(this.run, this.progress);
    if (this.canReopen && (isRestorable(this.run.train) || step === 0 || trained)) this.snapshot = now;
    this.losses = 0;
    return now;
  }
  /** A step begins here, and may fail. */
  mark(): void {
    const { optimizer, ema } = this.run;
    this.marked = { at: whereabouts(this.run), undo: [optimizer.trial().undo, ...(ema ? [ema.trial().undo] : [])] };
  }
  /** A step had no room and has not happened: saves where the run was before it. */
  async saveMark(): Promise<void> {
    const { at, undo } = this.marked!;
    for (const f of undo) f();
    const { epoch, step } = this.progress;
    if (epoch > 1 || step > 0) await this.options.checkpoint?.save(await capture(this.run, this.progress, at));
  }
  /** One more step is done. */
  async afterStep(stopping: boolean): Promise<void> {
    const never = Number.POSITIVE_INFINITY;
    const { checkpointEvery = never, checkpointSeconds = never, snapshotEvery = 100 } = this.options;
    const { step } = this.progress;
    const isDue = performance.now() - this.savedAt >= 1000 * checkpointSeconds;
    if (stopping || isDue || step % checkpointEvery === 0) await this.save();
    else if (step % snapshotEvery === 0 && this.canReopen && isRestorable(this.run.train)) await this.take();
  }
  /** Goes on from the last snapshot on a device opened anew, if it is the device that failed. @throws `error` otherwise. */
  async recover(error: unknown): Promise<void> {
    if (!(error instanceof DeviceLostError) || !this.snapshot || ++this.losses > MOST_LOSSES) throw error;
    const { model } = this.run;
    const lost = this.device;
    const next = await (this.options.reopen?.(error) ?? lost.reopen!());
    if (getBackend() === lost) setBackend(next);
    if (this.device !== next) model.to(next); // it was placed on the lost one
    this.progress = restore(this.run, this.snapshot);
    await lost.close();
  }
}
