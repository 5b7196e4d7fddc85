// Placing values on a device of their own, whatever setBackend() says: what is behind x.to(backend) and model.to(backend).
import { activeHome, here } from "./active.ts";
import type { Backend } from "./backend.ts";
import { homeOf } from "./home.ts";
import { ops } from "./ops/index.ts";
import { onItsWay, settle } from "./pending.ts";
import { Session } from "./run.ts";
import type { Home } from "./storage.ts";
import { Tensor } from "./tensor.ts";

export function checkKernels(asker: string, backend: Backend): void {
  const missing = Object.values(ops).filter((op) => !op.alias && !op.decompose && !(op.name in backend.kernels));
  if (missing.length)
    throw new Error(
      `${asker}: the ${backend.name} backend lacks ${missing.length} required kernels: ${missing.map((op) => op.name).join(", ")}; add a row for each`,
    );
}

/** Where values are that were placed on a device. */
const placed = new WeakMap<Backend, Home>();
export function homeOn(backend: Backend): Home {
  const known = placed.get(backend);
  if (known) return known;
  checkKernels("to", backend);
  const active = activeHome();
  const home = {
    backend,
    session: active?.backend === backend ? active.session : new Session(backend),
    placed: true,
  };
  placed.set(backend, home);
  return home;
}
/** A value without history on a device; what is on the host can go anywhere as it is. */
export function move(x: Tensor, backend: Backend): Tensor {
  const t = x.source;
  if (t.requiresGrad)
    throw new Error(
      `to: gradients do not flow from one device to another, and this value of shape [${t.shape}] carries them; detach() it first, or move the whole model with model.to(backend)`,
    );
  if (t.place.onHost && !t.pending && !t.cell) return t;
  if (t.pending) {
    t.kept = true;
    settle(t);
    if (t.pending) throw onItsWay(t);
  }
  const home = homeOn(backend);
  const from = (homeOf(t) ?? here()).session.resident(t);
  if (from.arrival)
    throw new Error(`to: a value of shape [${t.shape}] is still on its way from another device; await sync() first`);
  const made = new Tensor(t.shape, t.dtype);
  made.storage = from.copy(home, t.dtype);
  home.session.pushResult(made);
  return made;
}
