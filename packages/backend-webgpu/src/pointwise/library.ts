// Functions of float32 in WGSL: those it lacks, those it has only roughly (its sin may be off by 2^-11), and those whose
// special cases its compilers may forget, because they are allowed to assume that NaN and infinity do not occur: what is
// special is told by its bits. Reductions of the argument are Cody and Waite's ("Software Manual for the Elementary
// Functions", 1980); the polynomials are least-maximum fits to the function, in relative error, made for these ranges.

/** p(x) from the highest coefficient down. */
const polynomial = (x: string, coefficients: readonly number[]): string =>
  coefficients.slice(1).reduce((text, c) => `(${text} * ${x} + ${literal(c)})`, literal(coefficients[0]));
const literal = (c: number): string => (c < 0 ? `(${c}f)` : `${c}f`);

const EXP = [0.0001979121, 0.0013944714, 0.008333495818, 0.041666295379, 0.16666665673, 0.5];
const EXPM1 = [2.479192809e-5, 0.00019973615, 0.00138893013, 0.0083331419155, 0.0416666604578, 0.16666667163, 0.5];
const LOG = [
  0.06750480831, -0.11678848416, 0.11888241768, -0.12405095249, 0.14219476283, -0.16668018699, 0.20002123713,
  -0.25000008941, 0.33333313465,
];
const SIN = [2.71808403e-6, -0.00019839308516, 0.0083333291113, -0.16666667163];
const COS = [-2.7209893e-7, 2.479951581e-5, -0.00138888834, 0.041666667908];
const ASIN = [0.0421782285, 0.0241729524, 0.0454716086, 0.07495288551, 0.166667521];
const ATAN = [0.0805362016, -0.13877649605, 0.1997770816, -0.33332949877];
const SINH = [2.81695134e-6, 0.0001983615948, 0.0083333496, 0.16666667163];
const TANH = [-0.005702706, 0.02063712664, -0.05373914167, 0.1333143562, -0.33333280683];
const ERF = [
  -9.641521501e-6, 0.000112569498, -0.00084828287, 0.0052209454589, -0.02686540037, 0.11283782125, -0.37612637877,
  1.12837922573,
];
/** erfc(x)*exp(x*x) as a polynomial in 1/(1 + x/2), for x from 1 to 4. */
const ERFC = [-0.23073457181, 0.63648343086, -0.0642309039, 0.39666831493, 0.25973942876, 0.00181799207];

/**
 * Of a number, or of four at a time: F, I, U and B stand for f32, i32, u32 and bool, or vectors of them. No branches, since four
 * would have to take the same.
 */
const wide: Readonly<Record<string, string>> = {
  // ---- special values ----------------------------------------------------------------------------------------------------
  size_bits: `fn size_bits(x: F) -> U { return bitcast<U>(x) & U(0x7fffffffu); }`,
  is_nan: `fn is_nan(x: F) -> B { return size_bits(x) > U(0x7f800000u); }`,
  is_infinite: `fn is_infinite(x: F) -> B { return size_bits(x) == U(0x7f800000u); }`,
  is_negative: `fn is_negative(x: F) -> B { return bitcast<U>(x) >= U(0x80000000u); }`,
  /** More than 0, and no NaN. */
  is_positive: `fn is_positive(x: F) -> B { return bitcast<U>(x) - U(1u) < U(0x7f800000u); }`,
  /** Anything but zero; NaN, too, and numbers that arithmetic may take for zero. */
  is_true: `fn is_true(x: F) -> B { return size_bits(x) != U(0u); }`,
  magnitude: `fn magnitude(x: F) -> F { return bitcast<F>(size_bits(x)); }`,
  negative: `fn negative(x: F) -> F { return bitcast<F>(bitcast<U>(x) ^ U(0x80000000u)); }`,
  with_sign: `fn with_sign(x: F, model: F) -> F { return bitcast<F>(size_bits(x) | (bitcast<U>(model) & U(0x80000000u))); }`,

  // ---- order: by the bits, as integers, so that nothing is taken for zero and NaN is never equal ------------------------------
  order_of: `fn order_of(x: F) -> I { let size = bitcast<I>(size_bits(x)); return select(size, -size, is_negative(x)); }`,
  are_numbers: `fn are_numbers(x: F, y: F) -> B { return max(size_bits(x), size_bits(y)) <= U(0x7f800000u); }`,
  equal_to: `fn equal_to(x: F, y: F) -> B { return (order_of(x) == order_of(y)) & are_numbers(x, y); }`,
  less_than: `fn less_than(x: F, y: F) -> B { return (order_of(x) < order_of(y)) & are_numbers(x, y); }`,
  at_most: `fn at_most(x: F, y: F) -> B { return (order_of(x) <= order_of(y)) & are_numbers(x, y); }`,
  /** NaN wins; 0 is larger than -0. */
  maximum_of: `fn maximum_of(x: F, y: F) -> F {
  let a = order_of(x); let b = order_of(y);
  let first = (a > b) | ((a == b) & !is_negative(x));
  return select(select(y, x, first & !is_nan(y)), x, is_nan(x));
}`,
  minimum_of: `fn minimum_of(x: F, y: F) -> F {
  let a = order_of(x); let b = order_of(y);
  let first = (a < b) | ((a == b) & is_negative(x));
  return select(select(y, x, first & !is_nan(y)), x, is_nan(x));
}`,
  sign_of: `fn sign_of(x: F) -> F { return select(x, with_sign(F(1.0), x), is_true(x) & !is_nan(x)); }`,
  relu_of: `fn relu_of(x: F) -> F { return select(x, F(0.0), is_negative(x) & !is_nan(x)); }`,

  // ---- rounding: what has no fraction, or is no number, stays as it is; a result of zero keeps the sign ------------------------
  has_fraction: `fn has_fraction(x: F) -> B { return size_bits(x) < U(0x4b000000u); }`,
  /** Between 0 and 1, however small. */
  is_proper: `fn is_proper(x: F) -> B { return size_bits(x) - U(1u) < U(0x3f7fffffu); }`,
  signed_zero: `fn signed_zero(y: F, x: F) -> F { return select(y, with_sign(F(0.0), x), y == F(0.0)); }`,
  floor_of: `fn floor_of(x: F) -> F {
  let y = select(x, signed_zero(floor(x), x), has_fraction(x));
  return select(y, select(F(0.0), F(-1.0), is_negative(x)), is_proper(x));
}`,
  ceil_of: `fn ceil_of(x: F) -> F {
  let y = select(x, signed_zero(ceil(x), x), has_fraction(x));
  return select(y, select(F(1.0), with_sign(F(0.0), x), is_negative(x)), is_proper(x));
}`,
  round_of: `fn round_of(x: F) -> F { return select(x, signed_zero(round(x), x), has_fraction(x)); }`,
  trunc_of: `fn trunc_of(x: F) -> F { return select(x, signed_zero(trunc(x), x), has_fraction(x)); }`,

  // ---- roots and exponentials ------------------------------------------------------------------------------------------------
  /** A subnormal number is its bits * 2^-149. */
  sqrt_of: `fn sqrt_of(x: F) -> F {
  let small = size_bits(x) < U(0x00800000u);
  let root = select(sqrt(x), sqrt(F(size_bits(x)) * 2.0) * 0x1p-75f, small);
  let y = select(root, F(nan_value()), is_negative(x) | is_nan(x));
  return select(y, x, !is_true(x) | (bitcast<U>(x) == U(0x7f800000u)));
}`,
  rsqrt_of: `fn rsqrt_of(x: F) -> F {
  return select(1.0 / sqrt_of(x), with_sign(F(infinity()), x), !is_true(x));
}`,
  /** x * 2^k for k from -250 to 250, in two steps, since 2^k alone may be out of range. */
  scaled: `fn scaled(x: F, k: I) -> F {
  let half = k >> U(1u);
  return x * bitcast<F>((half + I(127)) << U(23u)) * bitcast<F>((k - half + I(127)) << U(23u));
}`,
  /** e^r for |r| up to ln(2)/2. */
  small_exp: `fn small_exp(r: F) -> F { return 1.0 + (r + r * r * ${polynomial("r", EXP)}); }`,
  exp_of: `fn exp_of(x: F) -> F {
  let y = clamp(x, F(-110.0), F(100.0));
  let k = round(y * 1.44269504);
  return select(scaled(small_exp((y - k * 0.693359375) + k * 2.12194440e-4), I(k)), x, is_nan(x));
}`,
  sigmoid_of: `fn sigmoid_of(x: F) -> F {
  let e = exp_of(-magnitude(x));
  return select(select(F(1.0), e, is_negative(x)) / (1.0 + e), x, is_nan(x));
}`,
  /** Where e^x may be too small for the device, x*e^x is not. */
  silu_of: `fn silu_of(x: F) -> F {
  let half = exp_of(0.5 * x);
  return select(x * sigmoid_of(x), x * half * half, (x < F(-80.0)) & !is_infinite(x) & !is_nan(x));
}`,
  tanh_of: `fn tanh_of(x: F) -> F {
  let z = x * x;
  let small = x + x * z * ${polynomial("z", TANH)};
  let e = exp_of(-2.0 * magnitude(x));
  let large = with_sign((1.0 - e) / (1.0 + e), x);
  let y = select(large, small, size_bits(x) < U(0x3f200000u));
  return select(y, x, (size_bits(x) < U(0x39000000u)) | is_nan(x));
}`,
};

/** Of one number. Each may use the others, and those above. */
const functions: Readonly<Record<string, string>> = {
  // the bits come from a variable, since constants must not be NaN or infinite
  nan_value: `fn nan_value() -> f32 { var bits = 0x7fc00000u; return bitcast<f32>(bits); }`,
  infinity: `fn infinity() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }`,

  // ---- powers and logarithms ---------------------------------------------------------------------------------------------------
  expm1_of: `fn expm1_of(x: f32) -> f32 {
  let small = x + x * x * ${polynomial("x", EXPM1)};
  return select(exp_of(x) - 1.0, select(small, x, size_bits(x) < 0x33000000u), size_bits(x) < 0x3f000000u);
}`,
  /** ln(1 + f) for f from sqrt(1/2) - 1 to sqrt(2) - 1. */
  small_log: `fn small_log(f: f32) -> f32 { let s = f * f; return f + (f * s * ${polynomial("f", LOG)} - 0.5 * s); }`,
  /** x = (1 + f) * 2^k for a positive number. */
  Parts: `struct Parts { f: f32, k: i32 }`,
  parts_of: `fn parts_of(x: f32) -> Parts {
  var bits = bitcast<u32>(x);
  var k = 0;
  if (bits < 0x00800000u) { // below the normal range: its highest bit moves to where a normal number's is
    let shift = countLeadingZeros(bits) - 8u;
    bits = (bits << shift) & 0x007fffffu;
    k = -i32(shift) - 126;
  } else {
    k = i32(bits >> 23u) - 127;
    bits &= 0x007fffffu;
  }
  let high = bits > 0x003504f3u; // more than sqrt(2)
  let m = bitcast<f32>(bits | select(0x3f800000u, 0x3f000000u, high));
  return Parts(m - 1.0, select(k, k + 1, high));
}`,
  log_of: `fn log_of(x: f32) -> f32 {
  if (size_bits(x) == 0u) { return -infinity(); }
  if (is_negative(x) || is_nan(x)) { return nan_value(); }
  if (is_infinite(x)) { return x; }
  let parts = parts_of(x);
  let k = f32(parts.k);
  return (small_log(parts.f) - k * 2.12194440e-4) + k * 0.693359375;
}`,
  log1p_of: `fn log1p_of(x: f32) -> f32 {
  if (size_bits(x) < 0x33000000u) { return x; }
  if (x > -0.2928 && x < 0.4142) { return small_log(x); }
  return log_of(1.0 + x);
}`,
  /** The first 12 bits of x: products of two such are exact. */
  head_of: `fn head_of(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u); }`,
  /** |x|^y for x finite and not 0, y finite: log2(x) and its product with y as sums of two numbers. */
  pow_of_size: `fn pow_of_size(x: f32, y: f32) -> f32 {
  let parts = parts_of(magnitude(x));
  let f = parts.f;
  let fh = head_of(f);
  let square = 0.5 * fh * fh;
  let top = f - square;
  let rest = ((f - top) - square) - 0.5 * (f + fh) * (f - fh) + f * f * f * ${polynomial("f", LOG)};
  let th = head_of(top);
  let tl = (top - th) + rest;
  let a = th * 1.4423828125;
  let b = th * 3.12228786e-4 + tl * 1.44269504;
  let k = f32(parts.k);
  let sum = k + a;
  let zl = (a - (sum - k)) + b;
  let zh = head_of(sum + zl);
  let low = (sum - zh) + zl;
  let yc = clamp(y, -1e9, 1e9);
  let yh = head_of(yc);
  let p = yh * zh;
  let q = (yc - yh) * zh + yc * low;
  let total = p + q;
  if (total > 129.0) { return infinity(); }
  if (total < -151.0) { return 0.0; }
  let n = round(total);
  return scaled(small_exp(((p - n) + q) * 0.69314718), i32(n));
}`,
  pow_of: `fn pow_of(x: f32, y: f32) -> f32 {
  if (size_bits(y) == 0u || bitcast<u32>(x) == 0x3f800000u) { return 1.0; }
  if (is_nan(x) || is_nan(y)) { return nan_value(); }
  let size = size_bits(x);
  if (is_infinite(y)) {
    if (size == 0x3f800000u) { return 1.0; }
    return select(0.0, infinity(), (size > 0x3f800000u) != is_negative(y));
  }
  let whole = size_bits(y) >= 0x3f800000u && (size_bits(y) >= 0x4b800000u || y == trunc(y));
  let odd = whole && size_bits(y) < 0x4b800000u && (i32(y) & 1) != 0;
  var result: f32;
  if (size == 0u || size == 0x7f800000u) {
    result = select(0.0, infinity(), (size == 0u) == is_negative(y));
  } else {
    if (is_negative(x) && !whole) { return nan_value(); }
    result = pow_of_size(x, y);
  }
  return select(result, -result, is_negative(x) && odd);
}`,
  remainder_of: `fn remainder_of(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y) || is_infinite(x) || size_bits(y) == 0u) { return nan_value(); }
  if (is_infinite(y)) { return select(x, y, size_bits(x) != 0u && is_negative(x) != is_negative(y)); }
  var r = x - trunc(x / y) * y; // the quotient may have been rounded over a whole number; a small x is kept as it is
  if (abs(r) >= abs(y)) { r -= with_sign(y, r); }
  if (r != 0.0 && is_negative(r) != is_negative(y)) { r += y; }
  return r;
}`,
  int_remainder_of: `fn int_remainder_of(x: i32, y: i32) -> i32 {
  if (y == 0 || y == -1) { return 0; }
  let r = x % y;
  return select(r, r + y, r != 0 && ((r < 0) != (y < 0)));
}`,
  uint_remainder_of: `fn uint_remainder_of(x: u32, y: u32) -> u32 { if (y == 0u) { return 0u; } return x % y; }`,

  // ---- trigonometry ------------------------------------------------------------------------------------------------------
  /** x = k * pi/2 + r. */
  Turned: `struct Turned { r: f32, k: i32 }`,
  turned: `fn turned(x: f32) -> Turned {
  let k = round(x * 0.636619772);
  return Turned(((x - k * 1.5703125) - k * 4.8375129699707e-4) - k * 7.54978995489188e-8, i32(k));
}`,
  small_sin: `fn small_sin(r: f32) -> f32 { let z = r * r; return r + r * z * ${polynomial("z", SIN)}; }`,
  small_cos: `fn small_cos(r: f32) -> f32 { let z = r * r; return 1.0 - (0.5 * z - z * z * ${polynomial("z", COS)}); }`,
  sin_of: `fn sin_of(x: f32) -> f32 {
  if (size_bits(x) >= 0x7f800000u) { return nan_value(); }
  if (size_bits(x) < 0x39000000u) { return x; }
  let t = turned(x);
  let y = select(small_sin(t.r), small_cos(t.r), (t.k & 1) != 0);
  return select(y, -y, (t.k & 2) != 0);
}`,
  cos_of: `fn cos_of(x: f32) -> f32 {
  if (size_bits(x) >= 0x7f800000u) { return nan_value(); }
  let t = turned(x);
  let y = select(small_cos(t.r), small_sin(t.r), (t.k & 1) != 0);
  return select(y, -y, ((t.k + 1) & 2) != 0);
}`,
  tan_of: `fn tan_of(x: f32) -> f32 {
  if (size_bits(x) >= 0x7f800000u) { return nan_value(); }
  if (size_bits(x) < 0x39000000u) { return x; }
  let t = turned(x);
  let s = small_sin(t.r);
  let c = small_cos(t.r);
  return select(s / c, -(c / s), (t.k & 1) != 0);
}`,
  small_asin: `fn small_asin(x: f32) -> f32 { let z = x * x; return x + x * z * ${polynomial("z", ASIN)}; }`,
  asin_of: `fn asin_of(x: f32) -> f32 {
  let size = magnitude(x);
  if (size_bits(x) > 0x3f800000u) { return nan_value(); }
  if (size_bits(x) < 0x39000000u) { return x; }
  if (size <= 0.5) { return small_asin(x); }
  return with_sign(1.57079633 - 2.0 * small_asin(sqrt(0.5 * (1.0 - size))), x);
}`,
  acos_of: `fn acos_of(x: f32) -> f32 {
  let size = magnitude(x);
  if (size_bits(x) > 0x3f800000u) { return nan_value(); }
  if (size <= 0.5) { return 1.57079633 - small_asin(x); }
  let y = 2.0 * small_asin(sqrt(0.5 * (1.0 - size)));
  return select(y, 3.14159265 - y, is_negative(x));
}`,
  small_atan: `fn small_atan(x: f32) -> f32 { let z = x * x; return x + x * z * ${polynomial("z", ATAN)}; }`,
  /** For x from 0 to infinity. */
  atan_of_size: `fn atan_of_size(x: f32) -> f32 {
  if (size_bits(x) < 0x39000000u) { return x; }
  if (size_bits(x) >= 0x4c800000u) { return 1.57079633; }
  if (x > 2.41421356) { return 1.57079633 - small_atan(1.0 / x); }
  if (x > 0.41421356) { return 0.785398163 + small_atan((x - 1.0) / (x + 1.0)); }
  return small_atan(x);
}`,
  atan_of: `fn atan_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  return with_sign(atan_of_size(magnitude(x)), x);
}`,
  atan2_of: `fn atan2_of(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return nan_value(); }
  var angle: f32;
  if (size_bits(y) == 0u) {
    angle = 0.0;
  } else if (size_bits(x) == 0u) {
    angle = 1.57079633;
  } else if (is_infinite(x) || is_infinite(y)) {
    angle = select(select(0.0, 1.57079633, is_infinite(y)), 0.785398163, is_infinite(x) && is_infinite(y));
  } else {
    angle = atan_of_size(magnitude(y) / magnitude(x));
  }
  return with_sign(select(angle, 3.14159265 - angle, is_negative(x)), y);
}`,

  // ---- exponentials' kin -------------------------------------------------------------------------------------------------
  sinh_of: `fn sinh_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let size = magnitude(x);
  if (size_bits(x) < 0x39000000u) { return x; }
  if (size < 1.0) { let z = x * x; return x + x * z * ${polynomial("z", SINH)}; }
  let half = exp_of(0.5 * size);
  return with_sign(0.5 * half * half - 0.5 / (half * half), x);
}`,
  cosh_of: `fn cosh_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let half = exp_of(0.5 * magnitude(x));
  return 0.5 * half * half + 0.5 / (half * half);
}`,
  erf_of: `fn erf_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let size = magnitude(x);
  if (size < 1.0) { let z = x * x; return x * ${polynomial("z", ERF)}; }
  if (size >= 4.0) { return with_sign(1.0, x); }
  let t = 1.0 / (1.0 + 0.5 * size);
  return with_sign(1.0 - exp_of(-size * size) * ${polynomial("t", ERFC)}, x);
}`,
  softplus_of: `fn softplus_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  return relu_of(x) + log1p_of(exp_of(-magnitude(x)));
}`,
  gelu_of: `fn gelu_of(x: f32) -> f32 { return 0.5 * x * (1.0 + erf_of(x * 0.707106781)); }`,
};

const NAME = /\b[A-Za-z_]\w*(?=[( {])/g;
const types = { F: "f32", I: "i32", U: "u32", B: "bool" } as const;

/** Whether a function has a form for four numbers at a time: NAME_4. */
export const isWide = (name: string): boolean => Object.hasOwn(wide, name);

function textOf(name: string): string | undefined {
  if (Object.hasOwn(functions, name)) return functions[name];
  if (isWide(name)) return wide[name].replace(/\b[FIUB]\b/g, (t) => types[t as keyof typeof types]);
  const single = name.endsWith("_4") ? name.slice(0, -2) : "";
  if (!isWide(single)) return undefined;
  const text = wide[single].replace(NAME, (called) => (isWide(called) ? `${called}_4` : called));
  return text.replace(/\b[FIUB]\b/g, (t) => `vec4<${types[t as keyof typeof types]}>`);
}
const called = (text: string): string[] => text.match(NAME) ?? [];

/** The functions that `text` calls, and those that they call. */
export function libraryOf(text: string): string {
  const found = new Map<string, string>();
  const add = (name: string): void => {
    const own = found.has(name) ? undefined : textOf(name);
    if (own === undefined) return;
    found.set(name, own);
    called(own).forEach(add);
  };
  called(text).forEach(add);
  return [...found.values()].join("\n");
}
