// maxPool2d, where its maxima stand, and its gradient, which goes to those places.
import { stridesOf } from "@lamina/core/passes";
import { indexOf, loop, named, place, quotient } from "../source.ts";
import { type Row, single, sizeOf } from "./kernel.ts";
import { addedOnHost, LONG } from "./onHost.ts";
import { eachElement, type WindowAttrs } from "./windows.ts";
import { returnWords, wordsAt, wordsOfPosition } from "./words.ts";

/** The largest element of each window, NaN if there is one, -Infinity if the window lies in the padding. */
export const maxPool2d = single<WindowAttrs>("maxPool2d", ([x], attrs, out) => ([data], i) => {
  const [names, [n, c, row, column]] = named("c", indexOf(i, out.shape), out.shape);
  const value = data.at(data.place([n, c, "h", "w"], stridesOf(x.shape)));
  return `${names}let m = -inf;\n${eachElement([row, column], x.shape.slice(2), attrs, `m = larger(m, ${value});`)}return m;`;
});

/** h*W+w of each window's first NaN, else of its first maximum; 0 for a window that lies in the padding. */
export const maxPool2dIndices = single<WindowAttrs>("maxPool2dIndices", ([x], attrs, out) => ([data], i) => {
  const [H, W] = x.shape.slice(2);
  const [names, [n, c, row, column]] = named("c", indexOf(quotient(i, 2), out.shape), out.shape);
  const value = data.at(data.place([n, c, "h", "w"], stridesOf(x.shape)));
  // not v != v: WGSL's compilers take that for false, whatever v is
  const body = `v = ${value};\nif (found == 0 || v > m || (!(v == v) && m == m)) { m = v; found = 1; mh = h; mw = w; }`;
  const search = eachElement([row, column], [H, W], attrs, body);
  const at = place("mh", W, "mw");
  return `${names}let m = -inf;\nlet v = m;\nlet found = 0;\nlet mh = 0;\nlet mw = 0;\n${search}${returnWords(i, wordsOfPosition(at))}`;
});

const gradText = single("maxPool2dGrad", ([dy], _attrs, out) => ([grads, indices], i) => {
  const [H, W] = out.shape.slice(2);
  const windows = sizeOf(dy.shape.slice(2));
  const shape = [sizeOf(out.shape.slice(0, 2)), H * W];
  const [names, [plane, at]] = named("c", indexOf(i, shape), shape);
  const there = grads.place([plane, "k"], [windows, 1]);
  const [low, high] = wordsAt(indices, indices.place([plane, "k"], [windows, 1]));
  return `${names}let t = 0;\n${loop("k", windows, `if (${high} * 65536 + ${low} == ${at}) { t = t + ${grads.at(there)}; }`)}return t;`;
});
/** dy [N,C,oh,ow], added at `indices` of its plane of the result [N,C,H,W]. */
export const maxPool2dGrad: Row = (device, inputs, attrs, scalars, out) => {
  const [dy, indices] = inputs;
  const windows = sizeOf(dy.shape.slice(2));
  const plane = sizeOf(out.shape.slice(2));
  if (windows <= LONG) return gradText(device, inputs, attrs, scalars, out);
  const place = (i: number, at: number) => Math.floor(i / windows) * plane + at;
  return addedOnHost(device, sizeOf(out.shape), dy.buffer, indices.buffer, place);
};
