// What a program came down to, for people: its calls in order, what each computes, where that is written, and what it reads and writes.
import { inBytes, type Spec } from "@lamina/core";
import type { LoopPlan } from "@lamina/core/passes";
import type { Call } from "./calls.ts";
import { STAGE } from "./kernels/lowered.ts";
import type { Layout } from "./layout.ts";
import type { Sums } from "./sums.ts";

export interface Plan {
  readonly calls: readonly Call[];
  readonly specs: ReadonlyMap<number, Spec>;
  readonly layout: Layout;
}

export function explain({ calls, specs, layout }: Plan): string {
  const lines = calls.map((call, i) => `${String(i + 1).padStart(3)} ${callText(call, specs)}`);
  return [`${calls.length} calls, ${inBytes(layout.bytes)} between them`, ...lines].join("\n");
}

function callText(call: Call, specs: ReadonlyMap<number, Spec>): string {
  const { plan, sums, link, file, slices = 1, parallel } = call;
  const arrays = (written: boolean) =>
    call.args.flatMap((arg) =>
      "slot" in arg && call.writes.includes(arg.slot) === written ? [arrayText(arg.slot, specs)] : [],
    );
  const how = [
    ...(slices > 1 ? [`in ${slices} slices${parallel ? " for all threads" : ""}`] : []),
    ...(link
      ? [`after each slice: ${loopText(link.plan, link.sums)} (pointwise/${link.sums ? "summing" : "loop"}.ts)`]
      : []),
  ];
  const rest = how.length ? `\n    ${how.join("; ")}` : "";
  return `${plan ? loopText(plan, sums) : nameOf(call)} (${file})\n    ${arrays(false).join(", ")} -> ${arrays(true).join(", ")}${rest}`;
}
const arrayText = (slot: number, specs: ReadonlyMap<number, Spec>): string => {
  const { dtype, shape } = specs.get(slot)!;
  return `${dtype}[${shape}]`;
};
const loopText = ({ values }: LoopPlan, sums?: Sums): string =>
  [
    ...values.flatMap((value) => (value.kind === "op" ? [value.op] : [])),
    ...(sums?.values ?? []).map(() => "sum"),
  ].join(", ") || "copy";
/** The op, and which stage of it. */
function nameOf({ key }: Call): string {
  const [op] = key.split(" ");
  const [, stage] = key.split(" then ")[0].split(STAGE);
  return stage ? `${op}: ${stage}` : op;
}
