// Ctrl-C and SIGTERM: the first finishes the step and saves, the second ends at once.
import { exitCodes, Failure } from "./failure.ts";

const CODES: Partial<Record<NodeJS.Signals, number>> = { SIGINT: exitCodes.interrupted, SIGTERM: exitCodes.terminated };
/** A terminal sends one signal to the whole group, and a wrapper may pass it on again: within this they count as one. */
const SAME_MILLISECONDS = 1000;

/** Aborts when the process is asked to stop; `run` is what can be gone on with. `undo` takes the handlers away. */
export function stopOnSignals(run: string, onFirst: () => void): { signal: AbortSignal; undo: () => void } {
  const controller = new AbortController();
  let first: number | undefined;
  const handler = (name: NodeJS.Signals) => {
    const code = CODES[name] ?? exitCodes.failed;
    if (first === undefined) {
      first = Date.now();
      onFirst();
      controller.abort(
        new Failure(`stopped; the checkpoint is written, and lamina resume ${run} goes on from it`, code),
      );
    } else if (Date.now() - first > SAME_MILLISECONDS) process.exit(code);
  };
  const names = Object.keys(CODES) as NodeJS.Signals[];
  for (const name of names) process.on(name, handler);
  return { signal: controller.signal, undo: () => names.forEach((name) => void process.off(name, handler)) };
}
