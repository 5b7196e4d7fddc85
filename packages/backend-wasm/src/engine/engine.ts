// What runs kernels on a thread. The leader is told what to run; helpers, on threads of their own, take slices of what it is at.
// The function refers to nothing outside of itself, so that its text can be a worker's program (start.ts), and it is given
// what it runs as numbers in typed arrays. What is computed, and where it lies, is the compiler's business.

/** Threads there can be: as many have a counter in the control block. */
export const MOST_THREADS = 16;
/** Bytes at the start of a shared memory in which threads meet. */
export const CONTROL_BYTES = 4096;
/** Where the counters of slices lie, for the functions that take slices, and how many bytes they are apart: cache lines of their own. */
export const COUNTERS = { at: 1024, apart: 64 } as const;
/** Room for the code that helpers load; it is taken as it is filled. */
const MOST_CODE = 2 ** 28;
/** Undefined where memory that threads share cannot grow: then there are no helpers. */
export function makeCodeArea(): SharedArrayBuffer | undefined {
  const area = new SharedArrayBuffer(0, { maxByteLength: MOST_CODE });
  return area.growable ? area : undefined;
}

/** A list of calls; helpers take part in those whose function is negative (~function). */
export interface Run {
  readonly functions: Int32Array;
  /** For each call, where its arguments begin, in bytes from `at`. */
  readonly starts: Int32Array;
  /** Where the arguments go, and what they are: addresses. */
  readonly at: number;
  readonly args: Int32Array;
  readonly scalarsAt: number;
  readonly scalars: Float64Array;
  /** Addresses of the values it starts from, and of those that it hands out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
/** What modules import beside the memory. */
export type Imports = Readonly<Record<string, (...numbers: number[]) => number>>;
export interface Engine {
  /** Compiles a module and gives the number of its first function; they are exported as "0", "1", …, and take (address of arguments, thread). */
  load(code: Uint8Array<ArrayBuffer>, functions: number): number;
  /** The same for helpers, which find the code in the area. */
  offer(code: Uint8Array, first: number, functions: number): void;
  run(run: Run, onCall?: (call: number, milliseconds: number) => void): void;
}
/** One that is on this thread. */
export interface EngineHere extends Engine {
  /** A helper's whole life: whoever calls this does not come back. */
  help(): void;
  /** A helper has ended, for that reason. If it was at a job, the job never will be done: whoever leads throws, now and from then on. */
  lose(thread: number, reason: string): void;
}
/** What a leader throws that has lost a helper in the middle of its work; `lost` says how. */
export interface Loss extends Error {
  readonly lost?: string;
}
/** The place of an engine that neither leads nor helps. */
export const NOBODY = -1;

/**
 * @param area where helpers find their code, if there are any.
 * @param look called once in a while by a leader who waits for helpers, and hears of nothing while he does: to `lose` those that have ended.
 */
export function makeEngine(
  memory: WebAssembly.Memory,
  imports: Imports,
  threads: number,
  thread: number,
  area: SharedArrayBuffer | undefined,
  look?: () => void,
): EngineHere {
  // Words of the control block, cache lines apart where several threads write.
  const JOB = 16; // counts jobs; helpers sleep on it
  const GATE = 32; // how many helpers are at the job, and CLOSED if none may join
  const CLOSED = -(2 ** 31);
  const PARKED = 48; // helpers asleep
  const FUNCTION = 64;
  const ARGUMENTS = 65;
  const IDLE = 80; // the leader has nothing more to run
  const MODULES = 96; // how many there are to load
  const FAULT = 128; // letters of a helper's error, which stand at TEXT, two to a word
  const LOST = 144; // likewise, of why a helper is gone that was at a job
  const SEAT = 160; // for each thread, whether it is at the gate or past it
  const TEXT = 640;
  const MOST_TEXT = 700;
  const COUNTER = 256;
  const APART = 16;
  const HEADER = 16; // of a module: bytes of code, first function, functions
  /** Between calls of one run a helper looks for the next for so long before it sleeps: waking it takes a quarter of that. */
  const PATIENCE_MS = 0.2;
  /** How often a leader who waits looks whether somebody is left to wait for. */
  const LOOK_MS = 1000;
  /** And how often he does so in vain. A slice takes milliseconds; turns are counted, not time, for machines sleep. */
  const MOST_LOOKS = 60;

  const functions: ((args: number, thread: number) => void)[] = [];
  let ints = new Int32Array(memory.buffer);
  let doubles = new Float64Array(memory.buffer);
  const words = ints;
  const { pause } = Atomics as unknown as { pause?: () => void };
  const rest = (): void => {
    if (pause) pause();
  };
  /** Views as long as the memory is now. */
  function renew(): void {
    if (ints.buffer === memory.buffer) return;
    ints = new Int32Array(memory.buffer);
    doubles = new Float64Array(memory.buffer);
  }
  function add(code: Uint8Array<ArrayBuffer>, first: number, count: number): void {
    const module = new WebAssembly.Module(code);
    const { exports } = new WebAssembly.Instance(module, { env: Object.assign({ memory }, imports) });
    for (let i = 0; i < count; i++) functions[first + i] = exports[i] as (args: number, thread: number) => void;
  }

  // ---- the leader --------------------------------------------------------------------------------------------------------
  let made = 0;
  let filled = 0;
  function load(code: Uint8Array<ArrayBuffer>, count: number): number {
    const first = made;
    add(code, first, count);
    made += count;
    return first;
  }
  function offer(code: Uint8Array, first: number, count: number): void {
    const end = filled + roomFor(code.length);
    if (!area || end > area.maxByteLength) return; // helpers leave what they do not have to the leader
    area.grow(end);
    new Int32Array(area, filled, 3).set([code.length, first, count]);
    new Uint8Array(area, filled + HEADER, code.length).set(code);
    filled = end;
    Atomics.add(words, MODULES, 1);
  }
  /** In the area. */
  function roomFor(code: number): number {
    return HEADER + 16 * Math.ceil(code / 16);
  }
  function run(
    { functions: list, starts, at, args, scalarsAt, scalars }: Run,
    onCall?: (i: number, ms: number) => void,
  ): void {
    renew();
    if (threads > 1 && words[LOST]) throw loss();
    if (scalars.length) doubles.set(scalars, scalarsAt / 8);
    ints.set(args, at / 4);
    if (threads > 1) Atomics.store(words, IDLE, 0);
    try {
      for (let i = 0; i < list.length; i++) {
        const start = onCall ? performance.now() : 0;
        if (list[i] < 0) together(~list[i], at + starts[i]);
        else functions[list[i]](at + starts[i], 0);
        if (onCall) onCall(i, performance.now() - start);
      }
    } finally {
      if (threads > 1) Atomics.store(words, IDLE, 1);
    }
  }
  /** One call by all threads that come. Nobody is waited for who is not at it. */
  function together(which: number, args: number): void {
    for (let t = 0; t < threads; t++) words[COUNTER + APART * t] = 0;
    words[FUNCTION] = which;
    words[ARGUMENTS] = args;
    // a helper that was too late for the last job may be on its way out
    while (Atomics.compareExchange(words, GATE, CLOSED, 0) !== CLOSED) waitForHelpers();
    Atomics.add(words, JOB, 1);
    if (Atomics.load(words, PARKED) > 0) Atomics.notify(words, JOB);
    try {
      functions[which](args, 0);
    } finally {
      Atomics.or(words, GATE, CLOSED);
      waitForHelpers();
    }
    if (words[FAULT]) throw new Error(fault());
  }
  /** @throws Loss if one that is waited for will not come. */
  function waitForHelpers(): void {
    const start = performance.now();
    let now = start;
    let nextLook = start + LOOK_MS;
    let looks = 0;
    for (let inside = Atomics.load(words, GATE); inside !== CLOSED; inside = Atomics.load(words, GATE)) {
      if (words[LOST]) throw loss();
      rest();
      if (mayWait && now > start + PATIENCE_MS) Atomics.wait(words, GATE, inside, LOOK_MS);
      now = performance.now();
      if (now < nextLook) continue;
      nextLook = now + LOOK_MS;
      if (look) look();
      if (++looks === MOST_LOOKS) write(LOST, `a thread did not finish its part in ${MOST_LOOKS} s`);
    }
  }
  /** A page's main thread may not. */
  const mayWait = ((): boolean => {
    if (threads === 1) return false;
    try {
      return Atomics.wait(words, GATE, 1, 0) === "not-equal";
    } catch {
      return false;
    }
  })();
  function fault(): string {
    const text = written(FAULT);
    words[FAULT] = 0;
    return text;
  }
  function loss(): Loss {
    const lost = written(LOST);
    return Object.assign(new Error(lost), { lost });
  }
  function lose(which: number, reason: string): void {
    if (!Atomics.load(words, SEAT + which) || words[LOST]) return;
    write(LOST, `a thread ended in the middle of its work: ${reason}`);
    Atomics.notify(words, GATE);
  }
  /** Letters stand in one place for both: after a loss nobody comes to a fault. */
  function write(where: number, what: string): void {
    const text = what.slice(0, MOST_TEXT);
    const letters = new Uint16Array(memory.buffer, 4 * TEXT, MOST_TEXT);
    for (let i = 0; i < text.length; i++) letters[i] = text.charCodeAt(i);
    Atomics.store(words, where, text.length);
  }
  function written(where: number): string {
    return String.fromCharCode.apply(null, Array.from(new Uint16Array(memory.buffer, 4 * TEXT, words[where])));
  }
  if (thread === 0 && threads > 1) {
    words[GATE] = CLOSED;
    words[IDLE] = 1;
  }

  // ---- a helper ----------------------------------------------------------------------------------------------------------
  let loaded = 0;
  let module = 0;
  function loadOffered(): void {
    for (; loaded < Atomics.load(words, MODULES); loaded++) {
      const [length, first, count] = Array.from(new Int32Array(area!, module, 3));
      add(new Uint8Array(area!, module + HEADER, length).slice() as Uint8Array<ArrayBuffer>, first, count);
      module += roomFor(length);
    }
  }
  /** Until there is another job than `seen`. */
  function waitForJob(seen: number): void {
    const until = performance.now() + PATIENCE_MS;
    while (Atomics.load(words, JOB) === seen) {
      if (!Atomics.load(words, IDLE) && performance.now() < until) {
        rest();
        continue;
      }
      Atomics.add(words, PARKED, 1);
      Atomics.wait(words, JOB, seen);
      Atomics.sub(words, PARKED, 1);
    }
  }
  function help(): void {
    let seen = Atomics.load(words, JOB);
    loadNow();
    for (;;) {
      waitForJob(seen);
      seen = Atomics.load(words, JOB);
      loadNow();
      Atomics.store(words, SEAT + thread, 1);
      if (Atomics.add(words, GATE, 1) >= 0) takePart();
      // whoever leaves a closed gate may be the last that the leader waits for
      if (Atomics.sub(words, GATE, 1) < 0) Atomics.notify(words, GATE);
      Atomics.store(words, SEAT + thread, 0);
    }
  }
  /** Outside of the gate, where nobody waits for it. */
  function loadNow(): void {
    try {
      loadOffered();
    } catch (error) {
      tell(error);
    }
  }
  function takePart(): void {
    try {
      loadOffered();
      const run = functions[words[FUNCTION]];
      if (run) run(words[ARGUMENTS], thread);
    } catch (error) {
      tell(error);
    }
  }
  function tell(error: unknown): void {
    write(FAULT, String(error instanceof Error ? error.message : error));
  }
  return { load, offer, run, help, lose };
}
