// What has been recorded and has not run: which ops belong together, on which device, and when they run. How is in run.ts;
// the rules are numbered in docs/execution.md.
import { activeHome, here } from "./active.ts";
import type { Backend } from "./backend.ts";
import { bytesOf, type TypedArray } from "./dtype.ts";
import { Group, rootOf, union } from "./group.ts";
import { homeOf } from "./home.ts";
import { arrivals, type Home, type Storage } from "./storage.ts";
import type { Tensor } from "./tensor.ts";

let recorded: Tensor[] = [];
let pendingBytes = 0;
/** Set while a decomposition is traced: what is recorded goes there and is not pending. */
let tracing: { readonly backend: Backend; readonly nodes: Tensor[] } | undefined;
/** Set inside together(): the group on each device, and those that are on none yet. */
let joint: { readonly groups: Map<Backend, Group>; readonly free: Group[] } | undefined;
let ticking: Promise<void> | undefined;

// ---- recording -------------------------------------------------------------------------------------------------------
/** Adds `t` to what is pending, on the device of its inputs. Leaves no trace if it throws. */
export function enqueue(t: Tensor, home: Home | undefined): void {
  if (isFull(t.inputs)) flush(); // it may be that what runs now are the inputs
  for (const x of t.inputs) if (!x.group) ready(x);
  join(t, home);
  recorded.push(t);
  if (!t.op!.alias) (home ?? here()).session.stats.recorded++;
}
/** Records what `f` does without making it pending. */
export function trace<T>(backend: Backend, f: () => T): { result: T; nodes: Tensor[] } {
  const outer = tracing;
  const nodes: Tensor[] = [];
  tracing = { backend, nodes };
  try {
    return { result: f(), nodes };
  } finally {
    tracing = outer;
  }
}
export const tracer = (): typeof tracing => tracing;

/** A value that has run is about to be used. */
function ready(x: Tensor): void {
  if (x.error) throw x.error;
  if (!x.available) sessionOf(x).resident(x);
  else if (x.index >= 0 && !x.run!.known.wanted.has(x.index)) sessionOf(x).learn(x); // there only by luck
}
const sessionOf = (x: Tensor) => (homeOf(x) ?? here()).session;

/** Recorded enough to run it: at a place where something new begins if there is one. */
function isFull(inputs: readonly Tensor[]): boolean {
  const { maxPending, maxPendingBytes } = here().session.options;
  if (recorded.length < maxPending && pendingBytes < maxPendingBytes) return false;
  return recorded.length >= 2 * maxPending || pendingBytes >= 2 * maxPendingBytes || !inputs.some((x) => x.group);
}
function join(t: Tensor, home: Home | undefined): void {
  let group = home && joint?.groups.get(home.backend);
  if (group) group = rootOf(group);
  for (const x of t.inputs) {
    x.uses++;
    if (x.group) group = group ? union(group, x.group) : rootOf(x.group);
  }
  group ??= new Group();
  if (home && (!group.home || home.placed)) group.home = home;
  if (joint) addToJoint(group);
  for (const x of t.inputs) if (!x.group && !group.holds(x)) hold(group, x);
  t.group = group;
}
function hold(group: Group, x: Tensor): void {
  if (x.cell && !x.storage) {
    const home = x.cell.home ?? here();
    home.session.upload(x, home); // so that it can be held
    x.host = undefined;
  }
  group.hold(x);
  if (x.storage) return;
  group.bytes += bytesOf(x);
  pendingBytes += bytesOf(x);
}

/** What `f` records becomes one group on each device. */
export function together<T>(f: () => T): T {
  if (joint || !activeHome()) return f();
  joint = { groups: new Map(), free: [] };
  const { groups, free } = joint;
  try {
    return f();
  } finally {
    joint = undefined;
    const loose = free.map(rootOf).filter((g) => !g.home);
    const all = [...(groups.has(here().backend) ? [groups.get(here().backend)!] : []), ...loose];
    if (loose.length) all.reduce(union);
  }
}
function addToJoint(group: Group): void {
  const { home } = group;
  if (!home) joint!.free.push(group);
  else if (!joint!.groups.has(home.backend)) joint!.groups.set(home.backend, group);
}

// ---- when things run ---------------------------------------------------------------------------------------------------
/** End of the current tick: what has been asked for runs, when its inputs have arrived. A failure is kept on the values it concerns. */
function tick(): Promise<void> {
  ticking ??= Promise.resolve().then(runAsked);
  return ticking;
}
function runAsked(): void | Promise<void> {
  const asked = new Set(recorded.filter((t) => t.kept).map((t) => rootOf(t.group!)));
  const underway = [...asked].flatMap(arrivalsOf);
  if (underway.length) return Promise.all(underway).then(runAsked);
  ticking = undefined;
  try {
    flush((g) => asked.has(g));
  } catch {
    // every value of the failed program carries the error
  }
}
/** Has the values a group starts from come to its device; what is still on its way. */
function arrivalsOf(group: Group): Promise<void>[] {
  const home = group.home ?? here();
  const underway: Promise<void>[] = [];
  if (!group.leaves) return underway;
  for (const [x, s] of group.leaves) {
    if (!s) continue;
    if (!s.arrival && s.backend !== home.backend && (x.cell || !x.place.onHost)) s.move(home, x.dtype);
    if (s.arrival) underway.push(s.arrival);
  }
  return underway;
}
/** Runs all that is pending, or some of the groups; those whose inputs are still on their way stay pending. */
export function flush(which: (g: Group) => boolean = () => true): void {
  const groups = new Map<Group, Tensor[]>();
  const rest: Tensor[] = [];
  let last: Group | undefined;
  let nodes: Tensor[] = rest; // where those of the last group go
  for (const t of recorded) {
    const g = rootOf(t.group!);
    if (g !== last) {
      last = g;
      nodes = groups.get(g) ?? (which(g) && arrivalsOf(g).length === 0 ? [] : rest);
      groups.set(g, nodes);
    }
    nodes.push(t);
  }
  recorded = rest;
  let failure: { error: unknown } | undefined;
  for (const [g, nodes] of groups) {
    if (nodes === rest) continue;
    try {
      pendingBytes -= g.bytes;
      (g.home ?? here()).session.run(g, nodes);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
}
/** Runs all that is pending before something else begins. What fails is kept on the values: their device may be lost, and this the way out. */
export function runRest(): void {
  try {
    flush();
  } catch {
    // said when one of the values is used
  }
}
/** Runs what computes `t`; it stays pending while its inputs are on their way from another device. */
export function settle(t: Tensor): void {
  const group = rootOf(t.group!);
  flush((g) => g === group);
}
/** Why `t` is still pending, for whoever cannot wait. */
export function onItsWay(t: Tensor): Error {
  const [x, s] = [...rootOf(t.group!).leaves!].find(([, s]) => s?.arrival) as [Tensor, Storage];
  return new Error(
    `${x.cell?.name ?? "a value"} of shape [${x.shape}] is still on its way from the ${s.backend.name} backend, and is needed now; await sync() once after the move`,
  );
}
/** Runs all that is pending, and waits for what is on its way from one device to another. */
export async function settleAll(): Promise<void> {
  flush();
  while (arrivals.size > 0) {
    await Promise.all(arrivals);
    flush();
  }
}
/** setBackend() was called: what waits for its inputs and was not placed goes there too. */
export function followBackend(): void {
  for (const t of recorded) {
    const g = rootOf(t.group!);
    if (g.home && !g.home.placed) g.home = here();
  }
}

// ---- reading -----------------------------------------------------------------------------------------------------------
/** What is on the host, as data sets are, can be read before any backend is set. */
export function read(t: Tensor): TypedArray | Promise<TypedArray> {
  return t.host && !t.pending && !t.error ? t.host : readLater(t);
}
async function readLater(t: Tensor): Promise<TypedArray> {
  while (t.pending) {
    t.kept = true;
    await tick();
  }
  if (t.error) throw t.error;
  if (t.host) return t.host;
  const storage = sessionOf(t).resident(t).retain();
  try {
    if (storage.arrival) await storage.arrival;
    const data = await storage.read();
    sessionOf(t).arrived(t, data);
    return data;
  } catch (error) {
    sessionOf(t).unreadable(t, error);
    throw error;
  } finally {
    storage.release();
  }
}
/** The value if it can be had without waiting; runs what is pending. */
export function peek(t: Tensor): TypedArray | undefined {
  if (t.pending) {
    t.kept = true;
    settle(t);
    if (t.pending) return undefined;
  }
  if (t.host) return t.host;
  const storage = sessionOf(t).resident(t);
  if (storage.arrival) return undefined;
  const data = storage.read();
  return data instanceof Promise ? undefined : data;
}
export function keep(t: Tensor): Tensor {
  if (!t.pending) return sessionOf(t).keep(t);
  t.kept = true;
  return t;
}
