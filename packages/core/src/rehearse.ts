// What a step would take of a device's memory, known before it runs: it is recorded and planned as always, on the device on paper.
import { activate, activeHome, here } from "./active.ts";
import type { Backend } from "./backend.ts";
import type { Cell } from "./cell.ts";
import { OutOfMemoryError } from "./errors.ts";
import { onPaper } from "./paper.ts";
import { flush, runRest } from "./pending.ts";
import { randomState, setRandomState } from "./random.ts";
import { Session } from "./run.ts";

/** In bytes. */
export interface Rehearsal {
  /** What the step takes at its peak, with the cells it works on. */
  readonly bytes: number;
  /** What the device has for that: all but what lies there and is of no cell that was named. Infinity where it does not know its limit. */
  readonly available: number;
  /** Whether there is room, in one piece where it must be one. */
  readonly fits: boolean;
  /** Whether the device has planned it itself, to the byte. If not, it was counted kernel by kernel: about that. */
  readonly planned: boolean;
}
export interface RehearseOptions {
  /** The most that all values on the device may take together, for one that does not know. */
  limit?: number;
}

/** The first step may be run kernel by kernel, the second is compiled, the third finds what those before it have left. */
const STEPS = 3;
/** More than any device has. */
const PLENTY = 2 ** 50;

/**
 * Tries a training step without running it: nothing is computed, no memory is taken, and `cells` and the random stream are
 * afterwards as they were.
 * @param cells all that the step works on: parameters, buffers, what an optimiser remembers.
 * @param step records one step, synchronously; is called several times. What else it changes is the caller's to undo.
 */
export function rehearse(cells: Iterable<Cell>, step: () => void, options: RehearseOptions = {}): Rehearsal {
  const all = [...cells];
  runRest();
  const { backend } = all[0]?.home ?? here();
  const planned = backend.onPaper !== undefined;
  const paper = (most: number): Backend => backend.onPaper?.(most) ?? onPaper(backend, most);
  const { bytes, limit = options.limit ?? Number.POSITIVE_INFINITY } = backend.memory();
  const available = Math.max(0, limit - bytes + all.reduce((n, cell) => n + cell.bytesOn(backend), 0));
  const fitting = Number.isFinite(available) ? peakOn(paper(available), all, step) : undefined;
  if (fitting !== undefined) return { bytes: fitting, available, fits: true, planned };
  const plenty = paper(PLENTY);
  const needed = peakOn(planned ? { ...plenty, compilesFirst: true } : plenty, all, step)!;
  return { bytes: needed, available, fits: available === Number.POSITIVE_INFINITY, planned };
}

/** What the step takes at its peak; undefined if there is no room for it. */
function peakOn(paper: Backend, cells: readonly Cell[], step: () => void): number | undefined {
  const before = activeHome();
  const home = { backend: paper, session: new Session(paper, before?.session.options), placed: false };
  const random = randomState();
  const back: (() => void)[] = [];
  activate(home);
  try {
    for (const cell of cells) back.push(cell.standIn(home));
    for (let i = 0; i < STEPS; i++) {
      step();
      flush();
      home.session.results.empty(); // as if they had been read
    }
    return paper.memory().peakBytes;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return undefined;
    throw error;
  } finally {
    runRest(); // what is left of a step that failed
    for (const undo of back) undo();
    activate(before);
    setRandomState(random);
  }
}
