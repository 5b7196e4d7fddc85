// permute, slice, pad, flip and cat: each element of a part of the result is read from one place of an input. What pad puts
// around its input is written first.
import type { Spec } from "@lamina/core";
import { type Copy, copiesOf, movements, type Node } from "@lamina/core/passes";
import type { Call } from "./calls.ts";
import { axisNumbers, coordinatesText, dotText, strideKey, strideNumbers } from "./coordinates.ts";
import { numbers } from "./kernels/numbers.ts";
import { fillCalls } from "./pointwise/loop.ts";

export { movements };

const LANES = 64;

function copyCall(node: Node, input: number, { sizes, from, to }: Copy): Call {
  const count = sizes.reduce((a, b) => a * b, 1);
  return {
    ops: node.op,
    key: `copy ${strideKey(from.strides)} to ${strideKey(to.strides)}`,
    wgsl: () => ({
      main: `
  let i = group * ${LANES}u + local;
  if (i >= p.count) { return; }
  ${coordinatesText(sizes.length, "size", "i")}
  write_y(p.y_at + ${dotText(to.strides, "y_stride")}, read_x(p.x_at + ${dotText(from.strides, "x_stride")}));`,
    }),
    args: [
      { name: "x", width: 1, at: { slot: node.inputs[input] } },
      { name: "y", width: 1, at: { slot: node.out } },
    ],
    numbers: [
      ...numbers({ count, x_at: from.offset, y_at: to.offset }),
      ...axisNumbers("size", sizes),
      ...strideNumbers("x_stride", from.strides),
      ...strideNumbers("y_stride", to.strides),
    ],
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
