// Which device computes: setBackend and what it tells about itself.
import { activate, activeSession, session } from "./active.ts";
import type { Backend, MemoryInfo } from "./backend.ts";
import { attachMethods } from "./methods.ts";
import { ops } from "./ops/index.ts";
import { Session, type SessionOptions, type SessionStats } from "./run.ts";

/**
 * Computes with `backend` from now on: `setBackend(await wasm())`. What is pending on the one before runs there first;
 * values move when they are used.
 * @throws if the backend lacks an op that has no decomposition, naming all of them.
 */
export function setBackend(backend: Backend, options?: SessionOptions): void {
  const missing = Object.values(ops).filter((op) => !op.alias && !op.decompose && !(op.name in backend.kernels));
  if (missing.length)
    throw new Error(
      `setBackend: the ${backend.name} backend lacks ${missing.length} required kernels: ${missing.map((op) => op.name).join(", ")}; add a row for each`,
    );
  attachMethods();
  activeSession()?.retire();
  activate(new Session(backend, options));
}
/** The backend that computes. */
export const getBackend = (): Backend => session().backend;
/** Live and peak bytes on the device, and how many buffers. */
export const memory = (): MemoryInfo => session().backend.memory();
/** Counts of what has been recorded and run since setBackend. */
export const stats = (): Readonly<SessionStats> & { readonly programs: number } => ({
  ...session().stats,
  programs: session().programs.met,
});
/** Runs what is pending. Never needed: reading a value does it; good before a pause, and for timing. */
export async function sync(): Promise<void> {
  session().flush();
}
