// Which session is running: the one piece of global state, so that tensors need not carry it. setBackend() fills it.
import type { Session } from "./run.ts";

let active: Session | undefined;

export const activeSession = (): Session | undefined => active;
export const activate = (session: Session | undefined): void => {
  active = session;
};
/** The session of the current backend. Throws when none was set. */
export function session(): Session {
  if (!active) throw new Error("no backend: nothing can be computed yet; call setBackend(await wasm()) first");
  return active;
}
