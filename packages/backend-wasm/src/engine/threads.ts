// How many threads there are, the helpers among them, and the one line of notice where there is only one.
import { MOST_THREADS, makeEngine, NOBODY } from "./engine.ts";
import { cores, obstacle, start, type Thread } from "./start.ts";

/** More than this are not taken by themselves: linear layers and updates wait for memory, not for arithmetic. */
const MOST_AUTO = 8;

/**
 * How many threads to use: as many as are wanted, or one, with a notice.
 * @throws RangeError for a number that cannot be.
 */
export function countOf(threads: "auto" | number): number {
  if (threads !== "auto" && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw new RangeError(`wasm: threads is ${threads}; give "auto" or a whole number from 1 to ${MOST_THREADS}`);
  const wanted = threads === "auto" ? Math.max(1, Math.min(MOST_AUTO, cores())) : threads;
  const reason = wanted > 1 ? obstacle() : undefined;
  if (reason) notice(`runs on one thread: ${reason}`);
  return reason ? 1 : wanted;
}
let noticed = false;
/** One line, once. */
export function notice(what: string): void {
  if (!noticed) console.warn(`@lamina/backend-wasm ${what}`);
  noticed = true;
}

export interface Helpers {
  /** Tells the engine of those that have ended, where no event can. */
  look(): void;
  /** Ends the threads. */
  stop(): Promise<unknown>;
}
/** Starts helpers, which come to the engine's jobs when they are ready: nobody waits for them. Those that cannot be had are left out. */
export function startHelpers(memory: WebAssembly.Memory, area: SharedArrayBuffer, threads: number): Helpers {
  const { lose } = makeEngine(memory, {}, threads, NOBODY, undefined);
  const helpers = new Map<number, Thread>();
  let stopped = false;
  const one = async (thread: number) => {
    const onFailure = (reason: string) => {
      lose(thread, reason);
      notice(`lost a thread: ${reason}`);
    };
    const helper = await start({ onAnswer: () => {}, onFailure });
    helpers.set(thread, helper);
    if (stopped) await helper.stop();
    else helper.tell({ say: "help", memory, area, threads, thread });
  };
  const coming: Promise<void>[] = [];
  for (let thread = 1; thread < threads; thread++)
    coming.push(one(thread).catch(({ message }: Error) => notice(`runs on fewer threads: ${message}`)));
  return {
    look() {
      for (const [thread, helper] of helpers) if (helper.ended()) lose(thread, "it is not there any more");
    },
    stop() {
      stopped = true;
      return Promise.all([...coming, ...[...helpers.values()].map((helper) => helper.stop())]);
    },
  };
}
