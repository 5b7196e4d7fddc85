// The order in which work reaches the device's queue. Pipelines are made in the background, and what needs one that is not
// ready waits, with everything after it; nobody blocks. Once all pipelines are there, work goes straight on.

interface Job {
  readonly ready: Promise<void> | undefined;
  readonly run: () => void;
  readonly fail: (error: Error) => void;
}

export class Order {
  private readonly waiting: Job[] = [];

  /** Nothing waits: what is pushed runs at once, unless it has to wait itself. */
  get isIdle(): boolean {
    return this.waiting.length === 0;
  }

  /** Runs `run` after everything before it, once `ready` has come; `fail` instead if `ready` rejects. */
  push(run: () => void, ready?: Promise<void>, fail: (error: Error) => void = () => {}): void {
    if (!this.waiting.length && !ready) {
      run();
      return;
    }
    this.waiting.push({ ready, run, fail });
    if (this.waiting.length === 1) void this.drain();
  }
  private async drain(): Promise<void> {
    while (this.waiting.length) {
      const [{ ready, run, fail }] = this.waiting;
      try {
        if (ready) await ready;
        run();
      } catch (error) {
        fail(error as Error);
      }
      this.waiting.shift();
    }
  }
}
