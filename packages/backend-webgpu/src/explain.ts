// What a program came down to, for people: its dispatches in order, the kernel of each, and what it reads and writes.
import { inBytes, type Spec } from "@lamina/core";
import type { Argument } from "./calls.ts";
import type { Runnable, Step } from "./run.ts";

const LONGEST_KEY = 60;

function arrayText({ name, at }: Argument, specs: ReadonlyMap<number, Spec>): string {
  if ("report" in at) return `${name}: report`;
  if ("scratch" in at) return `${name}: scratch ${at.dtype}[${at.length}]`;
  const { dtype, shape } = specs.get(at.slot)!;
  return `${name}: ${dtype}[${shape}]`;
}
function stepText({ call, slices }: Step, specs: ReadonlyMap<number, Spec>): string {
  const { ops, key, args, workgroups, workgroupSize } = call;
  const kernel = key.length > LONGEST_KEY ? `${key.slice(0, LONGEST_KEY)}…` : key;
  const cut = slices.length > 1 ? ` in ${slices.length} ranges` : "";
  return `${ops}\n    ${args.map((arg) => arrayText(arg, specs)).join(", ")}\n    ${workgroups} x ${workgroupSize} threads${cut}, kernel: ${kernel}`;
}

export function explain({ steps, layout, specs }: Runnable): string {
  const bytes = layout.blocks.reduce((a, b) => a + b, 0);
  const lines = steps.map((step, i) => `${String(i + 1).padStart(3)} ${stepText(step, specs)}`);
  return [`${steps.length} dispatches, ${inBytes(bytes)} between them`, ...lines].join("\n");
}
