// A worker's side of the engine: a helper, or the leader of a page whose main thread only says what to run. Like the engine it
// refers to nothing outside of itself (text.ts makes it a program).
import type { Draw } from "@lamina/core";
import type { EngineHere, Imports, Loss, makeEngine, Run } from "./engine.ts";

/** Where a worker hears and answers. */
export interface Port {
  onmessage: ((event: { readonly data: Message }) => void) | null;
  postMessage(answer: Answer, transfer: ArrayBuffer[]): void;
}
/** Why something was not computed: an error of the other side's, by its number there, or what went wrong here. */
export type Failure = number | { readonly message: string; readonly lost: string | undefined };
/** What a worker is told, in this order: what it is to be, then, if it leads, what to do. */
export type Message =
  | {
      readonly say: "help";
      readonly memory: WebAssembly.Memory;
      readonly area: SharedArrayBuffer;
      readonly threads: number;
      readonly thread: number;
    }
  | {
      readonly say: "lead";
      readonly memory: WebAssembly.Memory | undefined;
      readonly pages: number;
      readonly area: SharedArrayBuffer | undefined;
      readonly threads: number;
    }
  | { readonly say: "grow"; readonly pages: number; readonly error: number }
  | { readonly say: "load"; readonly code: Uint8Array<ArrayBuffer>; readonly functions: number }
  | {
      readonly say: "offer";
      readonly code: Uint8Array;
      readonly first: number;
      readonly functions: number;
    }
  | { readonly say: "run"; readonly run: Run; readonly timed: boolean }
  | { readonly say: "spoil"; readonly pointers: readonly number[]; readonly error: number }
  | { readonly say: "write"; readonly pointer: number; readonly bytes: Uint8Array }
  /** One after the other. */
  | { readonly say: "all"; readonly messages: readonly Message[] }
  | { readonly say: "draw"; readonly pointer: number; readonly draw: Draw }
  | { readonly say: "read"; readonly id: number; readonly pointer: number; readonly length: number };
export type Answer =
  | { readonly say: "ready" }
  | { readonly say: "times"; readonly milliseconds: Float64Array }
  | { readonly say: "bytes"; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly say: "failed"; readonly id: number; readonly failure: Failure };

/** @param drawn gives random numbers, as core's. */
export function serve(
  port: Port,
  make: typeof makeEngine,
  imports: Imports,
  drawn: (draw: Draw) => Float32Array,
): void {
  let engine: EngineHere;
  let memory: WebAssembly.Memory;
  /** Why what lies at these addresses was not computed. */
  const broken = new Map<number, Failure>();
  /** Why nothing can be computed any more. */
  let end: Failure | undefined;
  const failureOf = ({ message, lost }: Loss): Failure => ({ message, lost });

  function run(what: Run, timed: boolean): void {
    let reason = end;
    for (const pointer of what.inputs) reason = reason ?? broken.get(pointer);
    const milliseconds = timed ? new Float64Array(what.functions.length) : undefined;
    if (reason === undefined)
      try {
        engine.run(what, milliseconds && ((call, ms) => void (milliseconds[call] = ms)));
      } catch (error) {
        reason = failureOf(error as Loss);
        if ((error as Loss).lost !== undefined) end = reason;
      }
    for (const pointer of what.outputs) {
      if (reason === undefined) broken.delete(pointer);
      else broken.set(pointer, reason);
    }
    if (milliseconds) port.postMessage({ say: "times", milliseconds }, []);
  }
  function read(id: number, pointer: number, length: number): void {
    const failure = end ?? broken.get(pointer);
    if (failure !== undefined) return port.postMessage({ say: "failed", id, failure }, []);
    const bytes = new Uint8Array(memory.buffer, pointer, length).slice() as Uint8Array<ArrayBuffer>;
    port.postMessage({ say: "bytes", id, bytes }, [bytes.buffer]);
  }
  /** Who asked for it counts on it. */
  function grow(pages: number, error: number): void {
    try {
      memory.grow(pages);
    } catch {
      end = end ?? error;
    }
  }
  function obey(data: Message): void {
    if (data.say === "help") make(data.memory, imports, data.threads, data.thread, data.area).help();
    else if (data.say === "lead") {
      memory = data.memory ?? new WebAssembly.Memory({ initial: 1, maximum: data.pages });
      engine = make(memory, imports, data.threads, 0, data.area);
    } else if (data.say === "grow") grow(data.pages, data.error);
    else if (data.say === "load") engine.load(data.code, data.functions);
    else if (data.say === "offer") engine.offer(data.code, data.first, data.functions);
    else if (data.say === "run") run(data.run, data.timed);
    else if (data.say === "spoil") {
      for (const pointer of data.pointers) broken.set(pointer, data.error);
    } else if (data.say === "write") {
      new Uint8Array(memory.buffer, data.pointer, data.bytes.length).set(data.bytes);
      broken.delete(data.pointer);
    } else if (data.say === "all") data.messages.forEach(obey);
    else if (data.say === "draw") {
      new Float32Array(memory.buffer, data.pointer, data.draw.count).set(drawn(data.draw));
      broken.delete(data.pointer);
    } else read(data.id, data.pointer, data.length);
  }
  port.onmessage = ({ data }) => {
    try {
      obey(data);
    } catch (error) {
      end = end ?? failureOf(error as Loss);
    }
  };
  port.postMessage({ say: "ready" }, []);
}
