// Where each value is bound to: what was placed with to() stays there, what is on the host can go anywhere, all else follows setBackend().
import { here } from "./active.ts";
import { rootOf } from "./group.ts";
import type { Home } from "./storage.ts";
import type { Tensor } from "./tensor.ts";

/** Undefined for what can be used on any device. */
export function homeOf(x: Tensor): Home | undefined {
  if (x.group) return rootOf(x.group).home;
  const { cell, onHost, storage } = x.place;
  if (cell) return cell.home ?? here();
  if (onHost) return undefined;
  const home = storage ? storage.home : x.run?.home;
  return home?.placed ? home : here();
}

/** Where an op on `inputs` has to run; undefined if anywhere. @throws if they are on two devices. */
export function commonHome(op: string, inputs: readonly Tensor[]): Home | undefined {
  let home: Home | undefined;
  for (const x of inputs) {
    const other = homeOf(x);
    if (other === home || other === undefined) continue;
    if (home === undefined || (other.backend === home.backend && other.placed)) home = other;
    else if (other.backend !== home.backend) throw new Error(mixed(op, inputs));
  }
  return home;
}
function mixed(op: string, inputs: readonly Tensor[]): string {
  const bound = inputs.map((x, i) => ({ x, i, home: homeOf(x) })).filter(({ home }) => home);
  const first = bound[0];
  const second = bound.find(({ home }) => home!.backend !== first.home!.backend)!;
  const say = ({ x, i, home }: typeof first) =>
    `input ${i} (${x.cell ? `${x.cell.name}, ` : ""}shape [${x.shape}]) is on the ${home!.backend.name} backend`;
  return `${op}: ${say(first)}, but ${say(second)}; move one of them: x.to(backend) for a value, model.to(backend) for a model`;
}
