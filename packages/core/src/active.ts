// Which device computes what nobody has placed: the one piece of global state, so that tensors need not carry it. setBackend() fills it.
import type { Session } from "./run.ts";
import type { Home } from "./storage.ts";

let active: Home | undefined;

export const activeHome = (): Home | undefined => active;
export const activate = (home: Home | undefined): void => {
  active = home;
};
/** The home of what nobody has placed. Throws when no backend was set. */
export function here(): Home {
  if (!active) throw new Error("no backend: nothing can be computed yet; call setBackend(await wasm()) first");
  return active;
}
export const session = (): Session => here().session;
