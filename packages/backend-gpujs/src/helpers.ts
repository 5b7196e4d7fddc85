// The functions that kernels call, as gpu.js is given them: source text in the part of JavaScript that it translates.
// What a shader language has of its own differs from driver to driver (exp, log, int division), so these use only
// + - * /, floor, abs, sqrt and comparisons. Polynomials are those of Cephes (S. Moshier) and fdlibm (Sun), for float32.

type Type = "Number" | "Integer";
interface Helper {
  readonly parameters: Readonly<Record<string, Type>>;
  readonly returns: Type;
  readonly body: string;
}
const integer = (names: string, body: string): Helper => helper(names, "Integer", body);
const number = (names: string, body: string): Helper => helper(names, "Number", body);
function helper(names: string, type: Type, body: string): Helper {
  const parameters = Object.fromEntries(names.split(" ").map((name) => [name, type]));
  return { parameters, returns: type, body };
}

// gpu.js keeps whole numbers whole in parameters and expressions, but stores variables as float32, where they end at 2^24.
// So positions are computed by calls of these, one inside the other, and never named.
const positions = {
  /** a mod b and floor(a / b) by a quotient that may be one off, made right in exact arithmetic. */
  refined: integer("a b q", "if (a - q * b < 0) { return q - 1; } if (a - q * b >= b) { return q + 1; } return q;"),
  nearer: integer("a b q", "return refined(a, b, q + Math.floor((a - q * b) / b));"),
  quotient: integer("a b", "return nearer(a, b, Math.floor(a / b));"),
  rest: integer("a b", "return a - quotient(a, b) * b;"),
  /** Where coordinate c of an axis lies, `stride` apart, from `start` on. */
  place: integer("c stride start", "return c * stride + start;"),
};

// int32 values are two words: `high` from -32768 to 32767, and `low` from 0 to 65535; value = high * 65536 + low.
const words = {
  lowWord: number("low", "return low - Math.floor(low * 0.0000152587890625) * 65536;"),
  wrapped: number("high", "return high - Math.floor((high + 32768) * 0.0000152587890625) * 65536;"),
  /** What a low word that ran over adds to the high one. */
  highWord: number("low high", "return wrapped(high + Math.floor(low * 0.0000152587890625));"),
  /** Products of bytes stay below 2^24. */
  lowProduct: number(
    "a b",
    "const a1 = Math.floor(a * 0.00390625); const a0 = a - a1 * 256; const b1 = Math.floor(b * 0.00390625); const b0 = b - b1 * 256; " +
      "const m = a0 * b1 + a1 * b0; return a0 * b0 + (m - Math.floor(m * 0.00390625) * 256) * 256;",
  ),
  carriedProduct: number(
    "a b",
    "const a1 = Math.floor(a * 0.00390625); const a0 = a - a1 * 256; const b1 = Math.floor(b * 0.00390625); const b0 = b - b1 * 256; " +
      "const m = a0 * b1 + a1 * b0; return a1 * b1 + Math.floor(m * 0.00390625);",
  ),
  /** high * low, of which 16 bits matter. */
  crossProduct: number(
    "high low",
    "const b1 = Math.floor(low * 0.00390625); const b0 = low - b1 * 256; const t = high * b1; " +
      "return wrapped(high * b0 + (t - Math.floor(t * 0.00390625) * 256) * 256);",
  ),
  highProduct: number(
    "xl xh yl yh",
    "return wrapped(carriedProduct(xl, yl) + Math.floor(lowProduct(xl, yl) * 0.0000152587890625) + crossProduct(xh, yl) + crossProduct(yh, xl));",
  ),
};

const functions = {
  /** 2^n, exactly, for n from -126 to 127. */
  pow2: number(
    "n",
    `let r = 1; let a = Math.abs(n); ${[64, 32, 16, 8, 4, 2, 1]
      .map((k) => `if (a >= ${k}) { r = r * ${2 ** k}; a = a - ${k}; }`)
      .join(" ")} if (n < 0) { return 1 / r; } return r;`,
  ),
  scaled: number("x n", "const h = Math.floor(n * 0.5); return x * pow2(h) * pow2(n - h);"),
  /** exp(r) - 1 for |r| < ln(2)/2 */
  expTail: number(
    "r",
    "return (((((0.00019875691500 * r + 0.0013981999507) * r + 0.0083334519073) * r + 0.041665795894) * r + 0.16666665459) * r + 0.50000001201) * r * r + r;",
  ),
  expRest: number("x n", "return x - n * 0.693359375 + n * 0.00021219444005469;"),
  exp32: number(
    "x",
    "if (x > 89) { return x * 2e38; } if (x < -104) { return 0; } " +
      "const n = Math.floor(x * 1.44269504088896341 + 0.5); return scaled(expTail(expRest(x, n)) + 1, n);",
  ),
  expm132: number(
    "x",
    "if (x > 80) { return exp32(x); } if (x < -18) { return -1; } " +
      "const n = Math.floor(x * 1.44269504088896341 + 0.5); const p = pow2(n); return p * expTail(expRest(x, n)) + (p - 1);",
  ),
  /** log(1 + f) - f for f from sqrt(1/2) - 1 to sqrt(2) - 1 */
  logTail: number(
    "f",
    "return ((((((((0.070376836292 * f - 0.11514610310) * f + 0.11676998740) * f - 0.12420140846) * f + 0.14249322787) * f " +
      "- 0.16668057665) * f + 0.20000714765) * f - 0.24999993993) * f + 0.33333331174) * f * f * f - 0.5 * f * f;",
  ),
  /** The e for which x / 2^e lies from sqrt(1/2) to sqrt(2), given one that may be one off. */
  exponentNear: number(
    "x e",
    "const m = scaled(x, -e); if (m >= 2.82842712) { return e + 2; } if (m >= 1.41421356) { return e + 1; } if (m < 0.70710678) { return e - 1; } return e;",
  ),
  exponent: number("x", "return exponentNear(x, Math.floor(Math.log2(x)));"),
  log32: number(
    "x inf nan",
    "if (x < 0) { return nan; } if (x == 0) { return -inf; } if (x == inf) { return inf; } " +
      "if (x < 1e-37) { return logNormal(x * 16777216) - 16.635532333438686; } return logNormal(x);",
  ),
  logNormal: number(
    "x",
    "const e = exponent(x); const f = scaled(x, -e) - 1; return (logTail(f) - e * 0.00021219444005469 + f) + e * 0.693359375;",
  ),
  log1p32: number(
    "x inf nan",
    "if (x > -0.29) { if (x < 0.41) { return logTail(x) + x; } } return log32(1 + x, inf, nan);",
  ),
  sqrt32: number(
    "x inf nan",
    "if (x < 0) { return nan; } if (x == 0) { return x; } if (x == inf) { return x; } return Math.sqrt(x);",
  ),
  sinTail: number(
    "r",
    "const z = r * r; return ((-0.00019515295891 * z + 0.0083321608736) * z - 0.16666654611) * z * r + r;",
  ),
  cosTail: number(
    "r",
    "const z = r * r; return ((0.00002443315711809948 * z - 0.001388731625493765) * z + 0.04166664568298827) * z * z - 0.5 * z + 1;",
  ),
  /** sin(x) for quarter 0, cos(x) for quarter 1. */
  wave: number(
    "x quarter",
    "const n = Math.floor(x * 0.6366197723675814 + 0.5); " +
      "const r = x - n * 1.5703125 - n * 0.0004837512969970703 - n * 0.0000000754978995489188; " +
      "const k = n + quarter; const q = k - Math.floor(k * 0.25) * 4; " +
      "if (q == 0) { return sinTail(r); } if (q == 1) { return cosTail(r); } if (q == 2) { return -sinTail(r); } return -cosTail(r);",
  ),
  asinTail: number(
    "x",
    "const z = x * x; return ((((0.042163199048 * z + 0.024181311049) * z + 0.045470025998) * z + 0.074953002686) * z + 0.16666752422) * z * x + x;",
  ),
  asin32: number(
    "x nan",
    "const a = Math.abs(x); if (a > 1) { return nan; } if (a <= 0.5) { return asinTail(x); } " +
      "const y = 1.5707963267948966 - 2 * asinTail(Math.sqrt(0.5 * (1 - a))); if (x < 0) { return -y; } return y;",
  ),
  acos32: number(
    "x nan",
    "if (Math.abs(x) > 1) { return nan; } if (x > 0.5) { return 2 * asinTail(Math.sqrt(0.5 * (1 - x))); } " +
      "if (x < -0.5) { return 3.141592653589793 - 2 * asinTail(Math.sqrt(0.5 * (1 + x))); } return 1.5707963267948966 - asinTail(x);",
  ),
  atanTail: number(
    "t",
    "const z = t * t; return (((0.0805374449538 * z - 0.138776856032) * z + 0.199777106478) * z - 0.333329491539) * z * t + t;",
  ),
  atan32: number(
    "x",
    "const a = Math.abs(x); let y = 0; if (a > 2.414213562) { y = 1.5707963267948966 + atanTail(-1 / a); } else { " +
      "if (a > 0.4142135624) { y = 0.7853981633974483 + atanTail((a - 1) / (a + 1)); } else { y = atanTail(a); } } " +
      "if (x < 0) { return -y; } return y;",
  ),
  /** 1 where the sign is set, that of -0 too. */
  negative: number("x", "if (x < 0) { return 1; } if (x == 0) { if (1 / x < 0) { return 1; } } return 0;"),
  atan232: number(
    "y x",
    "const ax = Math.abs(x); const ay = Math.abs(y); let a = 0; if (ax == ay) { if (ax > 0) { a = 0.7853981633974483; } } else { " +
      "if (ay < ax) { a = atan32(ay / ax); } else { if (ay > ax) { a = 1.5707963267948966 - atan32(ax / ay); } else { return x + y; } } } " +
      "if (negative(x) == 1) { a = 3.141592653589793 - a; } if (negative(y) == 1) { return -a; } return a;",
  ),
  sinh32: number(
    "x",
    "const a = Math.abs(x); if (a < 1) { const z = x * x; return ((0.000203721912945 * z + 0.00833028376239) * z + 0.166667160211) * z * x + x; } " +
      "let y = 0; if (a > 80) { const h = exp32(0.5 * a); y = 0.5 * h * h; } else { const e = exp32(a); y = 0.5 * e - 0.5 / e; } if (x < 0) { return -y; } return y;",
  ),
  cosh32: number(
    "x",
    "const a = Math.abs(x); if (a > 80) { const h = exp32(0.5 * a); return 0.5 * h * h; } const e = exp32(a); return 0.5 * e + 0.5 / e;",
  ),
  tanh32: number(
    "x",
    "const a = Math.abs(x); if (a < 0.625) { const z = x * x; return ((((-0.00570498872745 * z + 0.0206390887954) * z - 0.0537397155531) * z + 0.133314422036) * z - 0.333332819422) * z * x + x; } " +
      "let y = 1; if (a >= 10) { y = 1; } else { y = 1 - 2 / (exp32(2 * a) + 1); } if (x < 0) { return -y; } return y;",
  ),
  erf32: number(
    "x",
    "const a = Math.abs(x); let y = 1; if (a < 0.84375) { const z = x * x; " +
      "return x * (1 + (0.128379167095512559 + z * (-0.325042107247001499 + z * (-0.0284817495755985105 + z * (-0.00577027029648944159 - z * 0.0000237630166566501626)))) / " +
      "(1 + z * (0.397917223959155353 + z * (0.0650222499887672944 + z * (0.00508130628187576563 + z * (0.000132494738004321645 - z * 0.00000396022827877536812)))))); } " +
      "if (a < 1.25) { const s = a - 1; " +
      "y = 0.845062911510467529 + (-0.00236211856075265944 + s * (0.414856118683748332 + s * (-0.372207876035701324 + s * (0.318346619901161754 + s * (-0.110894694282396677 + s * (0.0354783043256182359 - s * 0.00216637559486879084)))))) / " +
      "(1 + s * (0.106420880400844228 + s * (0.540397917702171049 + s * (0.0718286544141962663 + s * (0.126171219808761642 + s * (0.0136370839120290507 + s * 0.0119844998467991074)))))); } " +
      "else { if (a < 6) { y = 1 - erfcFar(a); } } if (x < 0) { return -y; } if (x > 0) { return y; } return x;",
  ),
  /** Chebyshev's fit of "Numerical Recipes" (2nd edition, 6.2), 1.2e-7 of the value. */
  erfcFar: number(
    "a",
    "const t = 1 / (1 + 0.5 * a); return t * exp32(-a * a - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 " +
      "+ t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));",
  ),
  /** To the nearest, halves to even, -0 kept. */
  roundUp: number(
    "x",
    "const f = Math.floor(x); const d = x - f; if (d < 0.5) { return f; } if (d > 0.5) { return f + 1; } if (f - 2 * Math.floor(f * 0.5) == 0) { return f; } return f + 1;",
  ),
  round32: number("x", "if (x < 0) { return -roundUp(-x); } return roundUp(x);"),
  trunc32: number("x", "if (x < 0) { return Math.ceil(x); } return Math.floor(x);"),
  sign32: number("x", "if (x > 0) { return 1; } if (x < 0) { return -1; } return x;"),
  /** NaN wins, and 0 is more than -0. */
  larger: number(
    "x y",
    "if (x == 0) { if (y == 0) { return x + y; } } if (x > y) { return x; } if (y >= x) { return y; } return x + y;",
  ),
  smaller: number(
    "x y",
    "if (x == 0) { if (y == 0) { return -(-x - y); } } if (x < y) { return x; } if (y <= x) { return y; } return x + y;",
  ),
  /** By infinity what is left is all, or on the other side of 0 infinity. */
  remainder32: number(
    "x y inf",
    "if (Math.abs(y) == inf) { if (Math.abs(x) < inf) { if (x * y < 0) { return y; } return x; } } return x - Math.floor(x / y) * y;",
  ),
  byteRemainder: number("x y", "if (y == 0) { return 0; } return x - Math.floor((x + 0.5) / y) * y;"),
  /** x^y, by exponents and rests apart, so that a large product keeps its places. */
  pow32: number(
    "x y inf nan",
    "if (x == 1) { return 1; } if (y == 0) { return 1; } const a = Math.abs(x); const b = Math.abs(y); " +
      "if (a == 1) { if (b == inf) { return 1; } } if (a >= 0) { if (b >= 0) { " +
      "let odd = 0; if (Math.floor(y) == y) { if (Math.floor(y * 0.5) != y * 0.5) { odd = 1; } } let sign = 1; if (odd == 1) { if (negative(x) == 1) { sign = -1; } } " +
      "if (a == 0) { if (y > 0) { return 0 * sign; } return sign * inf; } if (a == inf) { if (y > 0) { return sign * inf; } return 0 * sign; } " +
      "if (b == inf) { if (a > 1) { if (y > 0) { return inf; } return 0; } if (y > 0) { return 0; } return inf; } " +
      "if (x < 0) { if (Math.floor(y) != y) { return nan; } } return sign * powNormal(a, y); } } return x + y;",
  ),
  powNormal: number(
    "x y",
    "const e = exponent(x); const f = scaled(x, -e) - 1; const whole = Math.floor(y); const part = Math.floor((y - whole) * 4096) * 0.000244140625; " +
      "const t = part * e; const n = whole * e + Math.floor(t); const r = (t - Math.floor(t)) * 0.6931471805599453 + (y - whole - part) * e * 0.6931471805599453 + y * (logTail(f) + f); " +
      "if (n > 200) { return exp32(200 + r); } if (n < -300) { return 0; } return scaled(exp32(r * 0.5), n) * exp32(r * 0.5);",
  ),
};

const helpers: Readonly<Record<string, Helper>> = { ...positions, ...words, ...functions };
/** Names that are called, with the number of their depth. */
const mentioned = (text: string): string[] => [...text.matchAll(/\b(\w+)\(/g)].map(([, name]) => name).filter(helperOf);
const helperOf = (name: string): Helper | undefined => helpers[name] ?? helpers[name.replace(/\d+$/, "")];

/** What gpu.js takes as one of a kernel's `functions`. */
export interface KernelFunction {
  readonly source: string;
  readonly settings: { readonly argumentTypes: Readonly<Record<string, Type>>; readonly returnType: Type };
}
function definition(name: string): KernelFunction {
  const { parameters, returns, body } = helperOf(name)!;
  const source = `function ${name}(${Object.keys(parameters).join(", ")}) { ${body} }`;
  return { source, settings: { argumentTypes: parameters, returnType: returns } };
}

/** The functions that a kernel's text calls, and those that they call. */
export function functionsIn(text: string): KernelFunction[] {
  const found = new Set(mentioned(text));
  for (const name of found) for (const inner of mentioned(helperOf(name)!.body)) found.add(inner);
  return [...found].map(definition);
}

const GLSL: Record<Type, string> = { Number: "float", Integer: "int" };
/** Declarations for shaders: gpu.js orders functions by their calls, but not well where two call a third. */
export const declarations = (functions: readonly KernelFunction[]): string =>
  functions
    .map(({ source, settings: { argumentTypes, returnType } }) => {
      const name = source.slice("function ".length, source.indexOf("("));
      return `${GLSL[returnType]} ${name}(${Object.values(argumentTypes).map((type) => GLSL[type])});`;
    })
    .join("\n");
