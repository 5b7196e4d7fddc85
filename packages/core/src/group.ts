// Pending ops that belong together: connected ones, or those of one noGrad call. A group runs whole (run.ts).
import type { Home, Storage } from "./storage.ts";
import type { Tensor } from "./tensor.ts";

export class Group {
  /** Union-find. */
  parent: Group | undefined = undefined;
  /** The values it starts from; holds one reference to each storage until it has run. Made when there is one: most groups soon join another. */
  leaves: Map<Tensor, Storage | undefined> | undefined = undefined;
  /** Of host data it will upload. */
  bytes = 0;
  /** Where it will run; undefined while it starts from nothing but host data, and can run anywhere. */
  home: Home | undefined = undefined;

  /** Starts from `x` too, if it does not already. */
  hold(x: Tensor): void {
    this.leaves ??= new Map();
    this.leaves.set(x, x.storage?.retain());
  }
  holds(x: Tensor): boolean {
    return this.leaves?.has(x) === true;
  }
  /** The storage that `x` had when it was first used. */
  pinned(x: Tensor): Storage | undefined {
    return this.leaves?.get(x);
  }
  /** It has run. */
  release(): void {
    if (this.leaves) for (const s of this.leaves.values()) s?.release();
    this.leaves = undefined;
    this.bytes = 0;
  }
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
  if ((a.leaves?.size ?? 0) < (b.leaves?.size ?? 0)) [a, b] = [b, a];
  if (b.leaves)
    for (const [leaf, storage] of b.leaves)
      if (a.holds(leaf)) storage?.release();
      else a.leaves!.set(leaf, storage);
  a.bytes += b.bytes;
  if (!a.home || b.home?.placed) a.home = b.home ?? a.home;
  b.parent = a;
  return a;
}
