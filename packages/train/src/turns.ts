// Turns of the event loop for what waits in it: signals, timers, a page's events. What is done between two turns is the caller's.

/** Milliseconds between two turns: short for a person who presses Ctrl-C, long beside the millisecond a turn costs. */
const BETWEEN = 100;

/**
 * A function to await in a loop. A synchronous device's results arrive as microtasks, and a loop that awaits nothing
 * else never lets the event loop turn; this one does, as often as is needed and no more.
 */
export function takeTurns(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < BETWEEN) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    last = performance.now();
  };
}
