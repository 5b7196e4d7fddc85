// permute, slice, pad, flip and cat: each element of a part of the result is read from one place of an input. What pad puts
// around its input is written first.
import type { Spec } from "@lamina/core";
import { type Copy, copiesOf, movements, type Node } from "@lamina/core/passes";
import type { Call } from "./calls.ts";
import { coordinatesText, dotText } from "./coordinates.ts";
import { fillCalls } from "./pointwise/loop.ts";

export { movements };

const LANES = 64;

function copyCall(node: Node, input: number, { sizes, from, to }: Copy): Call {
  const count = sizes.reduce((a, b) => a * b, 1);
  return {
    ops: node.op,
    key: `copy ${sizes} from ${from.offset}:${from.strides} to ${to.offset}:${to.strides}`,
    wgsl: () => ({
      main: `
  let i = group * ${LANES}u + local;
  if (i >= ${count}u) { return; }
  ${coordinatesText(sizes, "i")}
  write_y(u32(${to.offset} + ${dotText(to.strides)}), read_x(u32(${from.offset} + ${dotText(from.strides)})));`,
    }),
    args: [
      { name: "x", width: 1, at: { slot: node.inputs[input] } },
      { name: "y", width: 1, at: { slot: node.out } },
    ],
    numbers: [],
    workgroupSize: LANES,
    workgroups: Math.ceil(count / LANES),
    work: count,
  };
}

export function movementCalls(node: Node, partLength: number): Call[] {
  const { op, inputSpecs, attrs, spec, out, scalars } = node;
  const copies = copiesOf(op, inputSpecs as readonly Spec[], attrs, spec).flatMap((copy, i) =>
    copy.sizes.includes(0) ? [] : [copyCall(node, i, copy)],
  );
  return op === "pad" ? [...fillCalls(spec, out, scalars[0], partLength), ...copies] : copies;
}
