// Pending ops that belong together: connected ones, or those of one noGrad call. A group runs whole (run.ts).
import type { Home, Storage } from "./storage.ts";
import type { Tensor } from "./tensor.ts";

export class Group {
  /** Union-find. */
  parent: Group | undefined = undefined;
  /** The values it starts from; holds one reference to each storage until it has run. */
  leaves = new Map<Tensor, Storage | undefined>();
  /** Of host data it will upload. */
  bytes = 0;
  /** Where it will run; undefined while it starts from nothing but host data, and can run anywhere. */
  home: Home | undefined = undefined;
}

export function rootOf(group: Group): Group {
  let g = group;
  while (g.parent) {
    if (g.parent.parent) g.parent = g.parent.parent;
    g = g.parent;
  }
  return g;
}

/** Their homes are on one device, if they have any. */
export function union(x: Group, y: Group): Group {
  let a = rootOf(x);
  let b = rootOf(y);
  if (a === b) return a;
  if (a.leaves.size < b.leaves.size) [a, b] = [b, a];
  for (const [leaf, storage] of b.leaves)
    if (a.leaves.has(leaf)) storage?.release();
    else a.leaves.set(leaf, storage);
  a.bytes += b.bytes;
  if (!a.home || b.home?.placed) a.home = b.home ?? a.home;
  b.parent = a;
  return a;
}
