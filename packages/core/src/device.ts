// Which device computes: setBackend for all that nobody has placed (placing is in move.ts), and what a device tells about itself.
import { activate, activeHome, here, session } from "./active.ts";
import type { Backend, MemoryInfo } from "./backend.ts";
import { attachMethods } from "./methods.ts";
import { checkKernels } from "./move.ts";
import { followBackend, runRest, settleAll } from "./pending.ts";
import { Session, type SessionOptions, type SessionStats } from "./run.ts";

/**
 * Computes with `backend` from now on: `setBackend(await wasm())`. What is pending on the one before runs there first. Values that
 * nobody has placed with `to()` move when they are used, in mid-training too; `await sync()` waits for those that are on their way.
 * @throws if the backend lacks an op that has no decomposition, naming all of them.
 */
export function setBackend(backend: Backend, options?: SessionOptions): void {
  checkKernels("setBackend", backend);
  attachMethods();
  if (activeHome()) {
    runRest();
    session().retire();
  }
  activate({ backend, session: new Session(backend, options), placed: false });
  followBackend();
}
/** The backend that computes what nobody has placed. */
export const getBackend = (): Backend => here().backend;
/** Live and peak bytes on the device, and how many buffers. */
export const memory = (): MemoryInfo => here().backend.memory();
/** Counts of what has been recorded and run since setBackend. */
export const stats = (): Readonly<SessionStats> & { readonly programs: number } => ({
  ...session().stats,
  programs: session().programs.met,
});
/** Runs what is pending, and waits for values on their way from one device to another. Good before a pause, for timing, and before a device is closed. */
export async function sync(): Promise<void> {
  here();
  await settleAll();
}
