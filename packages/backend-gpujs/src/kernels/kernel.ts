// What a kernel of this package is: given the device, it launches what computes an op.
import type { Spec, View } from "@lamina/core";
import type { Device, GpujsBuffer, Launch } from "../device.ts";
import { rest } from "../source.ts";

export type Input = View<GpujsBuffer>;
// biome-ignore lint/suspicious/noExplicitAny: the attributes of an op are erased here, and typed again by the kernel that names them.
export type Row<Attrs = any> = (
  device: Device,
  inputs: readonly Input[],
  attrs: Attrs,
  scalars: readonly number[],
  out: Spec,
) => GpujsBuffer;

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** One launch for the whole op. */
export const single =
  <Attrs>(
    op: string,
    text: (inputs: readonly Input[], attrs: Attrs, out: Spec) => Launch["text"],
    boundsOf: (inputs: readonly Input[], scalars: readonly number[]) => GpujsBuffer["bounds"] = () => undefined,
  ): ((...row: [...Parameters<Row<Attrs>>, after?: Launch["after"]]) => GpujsBuffer) =>
  (device, inputs, attrs, scalars, out, after) =>
    device.launch({
      key: `${op} ${JSON.stringify(attrs)} ${inputs.map((x) => `${x.dtype}[${x.shape}]`)} ${out.dtype}[${out.shape}]`,
      inputs: inputs.map((x) => x.buffer),
      scalars,
      dtype: out.dtype,
      length: sizeOf(out.shape),
      bounds: boundsOf(inputs, scalars),
      after,
      text: (operands, i) => text(inputs, attrs, out)(operands, i),
    });

/** An array of one value. */
export const filled = (device: Device, out: Spec, value: number): GpujsBuffer => {
  const whole = out.dtype === "int32" ? value | 0 : value;
  const scalars = out.dtype === "int32" ? [whole & 0xffff, whole >> 16] : [value];
  return device.launch({
    // gpu.js does not send a number again that is equal to the one it sent last, as -0 is to 0
    key: `full ${out.dtype} ${Object.is(value, -0)}`,
    inputs: [],
    scalars,
    dtype: out.dtype,
    length: sizeOf(out.shape),
    bounds: [whole, whole],
    text: (_, i) => (out.dtype === "int32" ? `if (${rest(i, 2)} == 0) { return s0; } return s1;` : "return s0;"),
  });
};
