// avgPool2d and its adjoint.
import { stridesOf } from "@lamina/core/passes";
import { indexOf, loop, named, when } from "../source.ts";
import { single } from "./kernel.ts";
import { eachElement, type WindowAttrs } from "./windows.ts";

interface AvgPoolAttrs extends WindowAttrs {
  readonly countIncludePad: boolean;
  /** 0: none */
  readonly divisor: number;
}

/** Elements of window `at` along an axis: with the padding up to its end, or only the real ones. */
function extent(
  at: string,
  axis: 0 | 1,
  n: number,
  { kernel, stride, padding, countIncludePad }: AvgPoolAttrs,
): string {
  const start = `(${at} * ${stride[axis]} - ${padding[axis]})`;
  const end = (limit: number) => `Math.min(${start} + ${kernel[axis]}, ${limit})`;
  return countIncludePad ? `(${end(n + padding[axis])} - ${start})` : `(${end(n)} - Math.max(${start}, 0))`;
}
const divisorOf = (row: string, column: string, [H, W]: readonly number[], attrs: AvgPoolAttrs): string =>
  attrs.divisor ? String(attrs.divisor) : `(${extent(row, 0, H, attrs)} * ${extent(column, 1, W, attrs)})`;

/** x [N,C,H,W] -> [N,C,oh,ow]: the sum of each window (padding is zeros) over its divisor. */
export const avgPool2d = single<AvgPoolAttrs>("avgPool2d", ([x], attrs, out) => ([data], i) => {
  const image = x.shape.slice(2);
  const [names, [n, c, row, column]] = named("c", indexOf(i, out.shape), out.shape);
  const value = data.at(data.place([n, c, "h", "w"], stridesOf(x.shape)));
  const total = eachElement([row, column], image, attrs, `t = t + ${value};`);
  return `${names}let t = 0;\n${total}return t / ${divisorOf(row, column, image, attrs)};`;
});

/** dy [N,C,oh,ow]: each element of the result adds up the shares of the windows that it lies in. */
export const avgPool2dGrad = single<AvgPoolAttrs>("avgPool2dGrad", ([dy], attrs, out) => ([grads], i) => {
  const { kernel, stride, padding } = attrs;
  const image = out.shape.slice(2);
  const [names, [n, c, h, w]] = named("c", indexOf(i, out.shape), out.shape);
  const value = grads.at(grads.place([n, c, "y", "x"], stridesOf(dy.shape)));
  const share = `t = t + ${value} / ${divisorOf("y", "x", image, attrs)};`;
  /** Windows whose tap `tap` falls on `at`. */
  const windows = (name: string, at: string, tap: string, axis: 0 | 1, body: string) => {
    const moved = `${name}m`;
    const there = [`${name} * ${stride[axis]} == ${moved}`, `${moved} >= 0`, `${name} < ${dy.shape[2 + axis]}`];
    return `const ${moved} = ${at} + ${padding[axis]} - ${tap};\nconst ${name} = Math.floor((${moved} + 0.5) / ${stride[axis]});\n${when(there, body)}`;
  };
  const columns = loop("q", kernel[1], windows("x", w, "q", 1, share));
  return `${names}let t = 0;\n${loop("p", kernel[0], windows("y", h, "p", 0, columns))}return t;`;
});
