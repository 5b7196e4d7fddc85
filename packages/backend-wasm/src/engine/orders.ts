// What a thread that must not be held has been asked to do: one order after the other, in pieces, with pauses in which the
// thread does what else it has to do.

/** How long a thread is held at a time. A piece that takes longer is not cut. */
const MOST_MS = 8;

/** As a generator: a piece of work up to each `yield`. */
export interface Order {
  next(): { readonly done?: boolean };
}
/** One piece. */
export const piece = (work: () => void): Order => ({
  next() {
    work();
    return { done: true };
  },
});
interface Waiting {
  readonly order: Order;
  readonly onFailure: (error: Error) => void;
}

export class Orders {
  private readonly waiting: Waiting[] = [];
  private paused = false;
  private readonly later = laterBy(() => this.go());
  private readonly now: () => number;

  /** @param now milliseconds, by some clock. */
  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** Begins at once if nothing else is to be done; it has been done when `give` returns if that takes no longer than a moment. */
  give(order: Order, onFailure: (error: Error) => void): void {
    this.waiting.push({ order, onFailure });
    if (!this.paused) this.go();
  }
  /** Begins when other events have been seen to: for what takes longer than a moment. */
  giveLong(order: Order, onFailure: (error: Error) => void): void {
    this.waiting.push({ order, onFailure });
    if (!this.paused) this.pause();
  }
  private go(): void {
    this.paused = false;
    const until = this.now() + MOST_MS;
    while (this.waiting.length > 0) {
      this.piece(this.waiting[0]);
      if (this.now() < until || this.waiting.length === 0) continue;
      return this.pause();
    }
  }
  private pause(): void {
    this.paused = true;
    this.later();
  }
  private piece({ order, onFailure }: Waiting): void {
    try {
      if (!order.next().done) return;
    } catch (error) {
      onFailure(error as Error);
    }
    this.waiting.shift();
  }
  /** What waits is not done any more. */
  drop(error: Error): void {
    for (const { onFailure } of this.waiting.splice(0)) onFailure(error);
  }
}

/** Calls `go` as soon as other events have been seen to. A timer would make a page in the background wait for a second. */
function laterBy(go: () => void): () => void {
  const { setImmediate } = globalThis as { setImmediate?: (go: () => void) => void };
  if (setImmediate) return () => void setImmediate(go);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = go;
  return () => port2.postMessage(undefined);
}
/** All pieces, one after the other. */
export function wholly<T>(order: Generator<void, T>): T {
  for (;;) {
    const { done, value } = order.next();
    if (done) return value;
  }
}
