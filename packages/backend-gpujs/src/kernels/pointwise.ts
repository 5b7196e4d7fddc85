// The pointwise ops: a row an op, each a formula on numbers x and y, on words for int32, or modulo 256 for uint8.
import type { DType } from "@lamina/core";
import { type Operand, quotient } from "../source.ts";
import { type Row, single } from "./kernel.ts";
import { carried, equalWords, lessWords, product, returnWords, type Words, wordsAt } from "./words.ts";

const floats = {
  neg: "-x",
  abs: "Math.abs(x)",
  sign: "sign32(x)",
  floor: "Math.floor(x)",
  ceil: "Math.ceil(x)",
  round: "round32(x)",
  trunc: "trunc32(x)",
  sqrt: "sqrt32(x, inf, nan)",
  exp: "exp32(x)",
  expm1: "expm132(x)",
  log: "log32(x, inf, nan)",
  log1p: "log1p32(x, inf, nan)",
  sin: "wave(x, 0)",
  cos: "wave(x, 1)",
  tan: "wave(x, 0) / wave(x, 1)",
  asin: "asin32(x, nan)",
  acos: "acos32(x, nan)",
  atan: "atan32(x)",
  sinh: "sinh32(x)",
  cosh: "cosh32(x)",
  tanh: "tanh32(x)",
  erf: "erf32(x)",
  square: "x * x",
  reciprocal: "1 / x",
  relu: "(x > 0 ? x : (x <= 0 ? 0 : x))",
  logicalNot: "(x == 0 ? 1 : 0)",
  add: "x + y",
  sub: "x - y",
  mul: "x * y",
  div: "x / y",
  pow: "pow32(x, y, inf, nan)",
  atan2: "atan232(x, y)",
  remainder: "remainder32(x, y, inf)",
  maximum: "larger(x, y)",
  minimum: "smaller(x, y)",
  equal: "(x == y ? 1 : 0)",
  less: "(x < y ? 1 : 0)",
  lessEqual: "(x <= y ? 1 : 0)",
  reluGrad: "(y > 0 ? x : 0)",
  sigmoidGrad: "x * y * (1 - y)",
  tanhGrad: "x * (1 - y * y)",
} as const;
type Name = keyof typeof floats;

/** Where bytes differ from floats: they wrap, and have no remainder by 0. */
const modulo256 = (sum: string) => `(${sum}) - Math.floor((${sum}) * 0.00390625) * 256`;
const bytes: Partial<Record<Name, string>> = {
  add: modulo256("x + y"),
  sub: modulo256("x - y"),
  mul: modulo256("x * y"),
  remainder: "byteRemainder(x, y)",
};

const x: Words = ["xl", "xh"];
const y: Words = ["yl", "yh"];
const chosen = (condition: string, [al, ah]: Words, [bl, bh]: Words): Words => [
  `(${condition} ? ${al} : ${bl})`,
  `(${condition} ? ${ah} : ${bh})`,
];
const minus: Words = carried("(0 - xl)", "(0 - xh)");
const integers: Partial<Record<Name, Words>> = {
  neg: minus,
  abs: chosen("xh < 0", minus, x),
  sign: ["(xh < 0 ? 65535 : (xh + xl > 0 ? 1 : 0))", "(xh < 0 ? -1 : 0)"],
  add: carried("(xl + yl)", "(xh + yh)"),
  sub: carried("(xl - yl)", "(xh - yh)"),
  mul: product(x, y),
  maximum: chosen(lessWords(x, y), y, x),
  minimum: chosen(lessWords(x, y), x, y),
  remainder: ["rl", "rh"],
};
const comparisons: Partial<Record<Name, string>> = {
  equal: equalWords(x, y),
  less: lessWords(x, y),
  lessEqual: `(${lessWords(x, y)} || ${equalWords(x, y)})`,
};
/**
 * r = x - floor(x / y) * y. Quotients of float32 are near; what two of them leave is at most one y off, which exact
 * comparisons then see.
 */
const remainderWords = `let rl = xl; let rh = xh;
if (yl == 0 && yh == 0) { rl = 0; rh = 0; } else {
for (let step = 0; step < 3; step++) {
const q = Math.floor((rh * 65536 + rl) / (yh * 65536 + yl));
const qr = Math.floor(q * 0.0000152587890625);
const ql = q - qr * 65536;
const qh = wrapped(qr);
const pl = lowWord(lowProduct(ql, yl));
const ph = highProduct(ql, qh, yl, yh);
const dl = rl - pl;
rh = highWord(dl, rh - ph);
rl = lowWord(dl);
}
let more = 0;
if (rh < 0 && yh >= 0) { more = 1; }
if (yh < 0 && (rh > 0 || (rh == 0 && rl > 0))) { more = 1; }
if (yh >= 0 && (rh > yh || (rh == yh && rl >= yl))) { more = -1; }
if (yh < 0 && rh < 0 && (rh < yh || (rh == yh && rl <= yl))) { more = -1; }
const ml = rl + more * yl;
rh = highWord(ml, rh + more * yh);
rl = lowWord(ml);
}
`;

const names = ["x", "y"];
const operandsText = (operands: readonly Operand[], e: string): string =>
  operands.map((o, k) => `const ${names[k]} = ${o.at(e)};\n`).join("");
const wordsText = (operands: readonly Operand[], e: string): string =>
  operands
    .map((o, k) => {
      const [low, high] = wordsAt(o, e);
      return `const ${names[k]}l = ${low};\nconst ${names[k]}h = ${high};\n`;
    })
    .join("");

function textOf(name: Name, dtype: DType, operands: readonly Operand[], i: string): string {
  if (dtype !== "int32") {
    const formula = (dtype === "uint8" && bytes[name]) || floats[name];
    return `${operandsText(operands, i)}return ${formula};`;
  }
  const comparison = comparisons[name];
  if (comparison) return `${wordsText(operands, i)}return (${comparison} ? 1 : 0);`;
  const before = name === "remainder" ? remainderWords : "";
  return wordsText(operands, quotient(i, 2)) + before + returnWords(i, integers[name]!);
}

const row = (name: Name): Row =>
  single(
    name,
    ([{ dtype }]) =>
      (operands, i) =>
        textOf(name, dtype, operands, i),
  );

/** Never reads what is not chosen. */
const where: Row = single("where", (_, __, { dtype }) => ([c, a, b], i) => {
  const e = dtype === "int32" ? quotient(i, 2) : i;
  return `if (${c.at(e)} == 1) { return ${a.at(i)}; } return ${b.at(i)};`;
});

export const pointwise = {
  ...(Object.fromEntries((Object.keys(floats) as Name[]).map((name) => [name, row(name)])) as Record<Name, Row>),
  where,
};
