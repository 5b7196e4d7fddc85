// The pointwise ops. They run in whatever order of axes most inputs have, and leave broadcasting to TensorFlow's ops.
import { type DType, type Shape, sizeOf } from "@lamina/core";
import { type Handle, type as typeAttr } from "../binding.ts";
import type { Lowering, Operand } from "../operand.ts";
import type { TensorFlow } from "../tensorflow.ts";
import { type Order, rowMajor } from "../value.ts";

/** The order that the fewest elements have to be moved for. */
function commonOrder(inputs: readonly Operand[]): Order {
  const [first, ...others] = inputs.flatMap((x) => x.held().map((h) => h.order));
  if (!others.some((order) => `${order}` !== `${first}`)) return first;
  const moved = (order: Order) =>
    inputs.reduce((sum, x) => {
      const held = x.held();
      return held.some((h) => `${h.order}` === `${order}`) ? sum : sum + sizeOf(held[0].dims);
    }, 0);
  return [first, ...others].reduce((best, order) => (moved(order) < moved(best) ? order : best));
}
const broadcastDims = (all: readonly Shape[]): Shape =>
  all[0].map((_, axis) => all.reduce((n, dims) => (dims[axis] === 1 ? n : dims[axis]), 1));

type Body = (tf: TensorFlow, inputs: readonly Handle[], dtype: DType) => Handle;

/** `body` broadcasts its inputs by TensorFlow's rules, which are NumPy's. */
const broadcasting =
  (body: Body): Lowering =>
  (tf, inputs) => {
    const order = commonOrder(inputs);
    const held = inputs.map((x) => x.broadcastable(order));
    const handle = body(
      tf,
      held.map((h) => h.handle),
      inputs.at(-1)!.dtype,
    );
    return { handle, order, dims: broadcastDims(held.map((h) => h.dims)) };
  };
/** `body` wants inputs of one shape. */
const elementwise =
  (body: Body): Lowering =>
  (tf, inputs) => {
    const order = commonOrder(inputs);
    const handles = inputs.map((x) => x.whole(order));
    return { handle: body(tf, handles, inputs[0].dtype), order };
  };

/** An op of TensorFlow's with this meaning. */
const named = (name: string): Lowering =>
  broadcasting((tf, inputs, dtype) => tf.apply(name, dtype as "float32", ...inputs));
/** TensorFlow has it for float32 and integers, not for bool: as numbers, 0 and 1. */
const withoutBool = (name: string, isComparison: boolean): Lowering =>
  broadcasting((tf, inputs, dtype) => {
    if (dtype !== "bool") return tf.apply(name, dtype as "float32", ...inputs);
    const numbers = inputs.map((x) => tf.cast(x, "bool", "uint8"));
    const result = tf.apply(name, "uint8", ...numbers);
    return isComparison ? result : tf.cast(result, "uint8", "bool");
  });

/** x/2 * (1 + erf(x/sqrt(2))); TensorFlow's Erfc would cancel less, but takes thirty times as long. */
const gelu = broadcasting((tf, [x]) => {
  const error = tf.apply("Erf", "float32", tf.apply("Mul", "float32", x, tf.scalar(Math.SQRT1_2, "float32")));
  const half = tf.apply("Mul", "float32", x, tf.scalar(0.5, "float32"));
  return tf.apply("Mul", "float32", half, tf.apply("AddV2", "float32", error, tf.scalar(1, "float32")));
});
/** x / (1 + exp(-x)): the sigmoid itself is subnormal, and taken for 0, before the product is. */
const silu = broadcasting((tf, [x]) => {
  const power = tf.apply("Exp", "float32", tf.apply("Neg", "float32", x));
  return tf.apply("RealDiv", "float32", x, tf.apply("AddV2", "float32", power, tf.scalar(1, "float32")));
});

/** TensorFlow refuses to divide integers by 0, where the result is 0; by -1 it is 0, too, and the machine may trap. */
const remainder = broadcasting((tf, [x, y], dtype) => {
  if (dtype === "float32") return tf.apply("FloorMod", dtype, x, y);
  const integer = dtype as "int32" | "uint8";
  const isZero = tf.apply("Equal", integer, y, tf.scalar(0, integer));
  const trivial =
    dtype === "int32"
      ? tf.op("LogicalOr", [], [isZero, tf.apply("Equal", integer, y, tf.scalar(-1, integer))])
      : isZero;
  const divisor = tf.apply("SelectV2", integer, trivial, tf.scalar(1, integer), y);
  return tf.apply("FloorMod", integer, x, divisor);
});

/** By its bits, since TensorFlow takes denormal numbers for 0: all but the sign, shifted out. */
function isTrue(tf: TensorFlow, x: Handle): Handle {
  const bits = tf.op("Bitcast", [typeAttr("T", "float32"), typeAttr("type", "int32")], [x]);
  return tf.apply("NotEqual", "int32", tf.apply("AddV2", "int32", bits, bits), tf.scalar(0, "int32"));
}
const cast: Lowering<{ dtype: "float32" | "int32" | "uint8" | "bool" }> = (tf, [x], { dtype }) => {
  const order = x.held()[0].order;
  const { handle, dims } = x.broadcastable(order);
  const result = x.dtype === "float32" && dtype === "bool" ? isTrue(tf, handle) : tf.cast(handle, x.type, dtype);
  return { handle: result, order, dims };
};

/** Exact, where TensorFlow's Reciprocal and Rsqrt are made for speed. */
const oneOver = (tf: TensorFlow, x: Handle): Handle => tf.apply("RealDiv", "float32", tf.scalar(1, "float32"), x);
/** max(x,0) + log1p(exp(-|x|)): TensorFlow's Softplus loses places below -10. */
const softplus = broadcasting((tf, [x]) => {
  const small = tf.apply("Exp", "float32", tf.apply("Neg", "float32", tf.apply("Abs", "float32", x)));
  return tf.apply("AddV2", "float32", tf.apply("Relu", "float32", x), tf.apply("Log1p", "float32", small));
});
/** TensorFlow's has no -0. */
const sign = broadcasting((tf, [x], dtype) => {
  const signs = tf.apply("Sign", dtype as "float32", x);
  if (dtype !== "float32") return signs;
  return tf.apply("SelectV2", dtype, tf.apply("Equal", dtype, x, tf.scalar(0, dtype)), x, signs);
});

const one = { neg: "Neg", abs: "Abs", floor: "Floor", ceil: "Ceil", round: "Rint", sqrt: "Sqrt" } as const;
const functions = {
  exp: "Exp",
  expm1: "Expm1",
  log: "Log",
  log1p: "Log1p",
  sin: "Sin",
  cos: "Cos",
  tan: "Tan",
  asin: "Asin",
  acos: "Acos",
  atan: "Atan",
  sinh: "Sinh",
  cosh: "Cosh",
  square: "Square",
  sigmoid: "Sigmoid",
  relu: "Relu",
} as const;
const two = {
  add: "AddV2",
  sub: "Sub",
  mul: "Mul",
  div: "RealDiv",
  pow: "Pow",
  atan2: "Atan2",
  equal: "Equal",
} as const;

const rows = <Name extends string>(table: Readonly<Record<Name, string>>): Record<Name, Lowering> =>
  Object.fromEntries(Object.entries<string>(table).map(([op, name]) => [op, named(name)])) as Record<Name, Lowering>;
/** TensorFlow's gradients of functions, given y and dy. */
const gradient = (body: (tf: TensorFlow, dy: Handle, y: Handle) => Handle): Lowering =>
  elementwise((tf, [dy, y]) => body(tf, dy, y));

/** In double precision: TensorFlow's own in float32 are some 5 units in the last place off. */
const inDoubles = (name: string): Lowering =>
  broadcasting((tf, [x]) => tf.cast(tf.apply(name, "float64", tf.cast(x, "float32", "float64")), "float64", "float32"));

export const pointwise = {
  tanh: inDoubles("Tanh"),
  erf: inDoubles("Erf"),
  ...rows(one),
  ...rows(functions),
  ...rows(two),
  trunc: broadcasting((tf, [x]) => {
    const down = tf.apply("Floor", "float32", x);
    const up = tf.apply("Ceil", "float32", x);
    return tf.apply("SelectV2", "float32", tf.apply("Less", "float32", x, tf.scalar(0, "float32")), up, down);
  }),
  sign,
  reciprocal: broadcasting((tf, [x]) => oneOver(tf, x)),
  rsqrt: broadcasting((tf, [x]) => oneOver(tf, tf.apply("Sqrt", "float32", x))),
  softplus,
  gelu,
  silu,
  remainder,
  cast,
  logicalNot: broadcasting((tf, [x]) => tf.op("LogicalNot", [], [x])),
  maximum: withoutBool("Maximum", false),
  minimum: withoutBool("Minimum", false),
  less: withoutBool("Less", true),
  lessEqual: withoutBool("LessEqual", true),
  where: broadcasting((tf, inputs, dtype) => tf.apply("SelectV2", dtype as "float32", ...inputs)),
  /** Chosen, since TensorFlow's ReluGrad multiplies by 0, which NaN and infinities survive. */
  reluGrad: broadcasting((tf, [dy, y]) => {
    const zero = tf.scalar(0, "float32");
    return tf.apply("SelectV2", "float32", tf.apply("Greater", "float32", y, zero), dy, zero);
  }),
  sigmoidGrad: gradient((tf, dy, y) => tf.apply("SigmoidGrad", "float32", y, dy)),
  tanhGrad: gradient((tf, dy, y) => tf.apply("TanhGrad", "float32", y, dy)),
};

/** Broadcasting is put off: most ops that read the result do it themselves. */
export const expand: Lowering = (tf, [x], _attrs, _scalars, out) => {
  const { handle, order, dims } = x.broadcastable(x.held()[0].order);
  const added = out.shape.length - x.shape.length;
  const newOrder = [...rowMajor(added), ...order.map((axis) => axis + added)];
  const newDims = [...rowMajor(added).map(() => 1), ...dims];
  return { handle: tf.reshape(handle, x.type, newDims), order: newOrder, dims: newDims };
};
