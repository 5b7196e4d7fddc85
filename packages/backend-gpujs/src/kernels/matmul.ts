// matmul: each element of the result adds up its row times its column.
import { indexOf, loop, named } from "../source.ts";
import { filled, type Row, single, sizeOf } from "./kernel.ts";

interface MatmulAttrs {
  readonly transposeX: boolean;
  readonly transposeY: boolean;
}
const depthOf = (shape: readonly number[], { transposeX }: MatmulAttrs): number => shape.at(transposeX ? -2 : -1)!;

const text = single<MatmulAttrs>("matmul", ([x], attrs, out) => ([a, b], i) => {
  const [m, n] = out.shape.slice(-2);
  const k = depthOf(x.shape, attrs);
  const shape = [sizeOf(out.shape.slice(0, -2)), m, n];
  const [names, [batch, row, column]] = named("c", indexOf(i, shape), shape);
  const left = a.at(a.place([batch, row, "k"], attrs.transposeX ? [m * k, 1, m] : [m * k, k, 1]));
  const right = b.at(b.place([batch, "k", column], attrs.transposeY ? [k * n, 1, k] : [k * n, n, 1]));
  return `${names}let t = 0;\n${loop("k", k, `t = t + ${left} * ${right};`)}return t;`;
});
export const matmul: Row<MatmulAttrs> = (device, inputs, attrs, scalars, out) =>
  depthOf(inputs[0].shape, attrs) === 0 ? filled(device, out, 0) : text(device, inputs, attrs, scalars, out);
