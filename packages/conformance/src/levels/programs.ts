// Level "programs": the same graphs kernel by kernel and compiled give the same bits, so that fusing and placing change
// nothing; and they are what the oracle says.
import {
  add,
  argmax,
  type Backend,
  batchNormTrain,
  cast,
  cat,
  conv2d,
  equal,
  exp,
  layerNorm,
  less,
  maxPool2d,
  mean,
  mul,
  reshape,
  setBackend,
  sigmoid,
  softmax,
  stats,
  sub,
  sum,
  type Tensor,
  type TypedArray,
  where,
} from "@lamina/core";
import { type Check, expect, Mismatch } from "../check.ts";
import { compare, largest, sameBits } from "../compare.ts";
import { type Graph as Recorded, replay } from "../graph.ts";
import { descend, labelsOf, noise, smallNet } from "../nets.ts";
import { type Subject, uncompiled } from "../subject.ts";
import { graphTolerance } from "../tolerance.ts";

/** Makes a graph's state, if it has any; the graph itself is recorded once a round, with other numbers each time. */
type Graph = () => (round: number) => Tensor[];
const ROUNDS = 4;

const a = () => noise("a", [7, 33]);
const b = () => noise("b", [7, 33]);
const row = () => noise("row", [33]);
const column = () => noise("column", [7, 1]);
const images = () => noise("images", [2, 3, 9, 10]);
const kernels = () => noise("kernels", [4, 3, 3, 3]);

const graphs: Readonly<Record<string, Graph>> = {
  "a chain of pointwise ops": () => (r) => [sigmoid(sub(mul(add(a(), b()), r + 0.5), exp(a())))],
  "a product that is added to, where an engine could round once": () => () => [
    add(mul(a(), b()), a()),
    sub(mul(a(), b()), mul(b(), b())),
  ],
  "broadcasting of rows and columns": () => (r) => [mul(add(a(), row()), sub(column(), r))],
  "a value used by several others": () => () => {
    const shared = exp(a());
    return [add(shared, b()), mul(shared, shared), sum(shared, 1)];
  },
  "a value that is a result and goes on": () => () => {
    const inner = mul(a(), b()).keep();
    return [inner, sigmoid(inner)];
  },
  "results under other shapes": () => () => {
    const y = mul(a(), 2);
    return [reshape(y, [33, 7]), y, reshape(y, [-1]).add(1)];
  },
  "what nobody asks for": () => () => {
    const y = add(a(), 1);
    mul(y, b());
    return [y];
  },
  "a reduction between pointwise ops": () => () => [mul(sub(a(), mean(a(), 1, { keepDim: true })), b())],
  "normalisation of rows": () => () => [layerNorm(a(), 33, { weight: row(), bias: row() })],
  "normalisation of channels": () => () => {
    const { y, mean: m, variance } = batchNormTrain(images());
    return [y, m, variance];
  },
  "a convolution with bias, activation and pooling": () => () => [
    maxPool2d(sigmoid(conv2d(images(), kernels(), noise("bias", [4]), { padding: 1 })), 2),
  ],
  "integers, booleans and choices": () => () => {
    const best = argmax(a(), 1);
    const hit = equal(best, labelsOf("labels", 7, 33));
    return [
      best,
      hit,
      cast(hit, "float32").mean(),
      where(less(a(), b()), a(), 0),
      cast(less(a(), 0), "uint8").add(200),
    ];
  },
  "bytes and whole numbers that wrap on the way": () => () => {
    const bytes = cast(mul(a(), 100).add(128), "uint8");
    const large = mul(cast(mul(a(), 1e4), "int32"), 1 << 20);
    return [less(bytes.add(200), bytes), cast(bytes.mul(bytes), "float32").div(3), less(large.add(large), large)];
  },
  "pieces put together": () => () => [cat([a(), mul(b(), 2), a().flip(1)], 1), a().transpose().matmul(b())],
  "softmax by its parts": () => () => [softmax(a(), 0), exp(a()).div(sum(exp(a()), 0, { keepDim: true }))],
  "one matrix as it is and transposed": () => () => [a().matmul(b().T), b().T.matmul(a())],
  "a training step": () => {
    const net = smallNet("programs");
    return (round) => {
      const loss = net.loss(round);
      loss.backward();
      descend(net.parameters, 0.5 / (round + 1));
      return [loss, ...net.parameters];
    };
  },
};

interface Ran {
  readonly rounds: TypedArray[][];
  readonly compiled: number;
}
async function run(backend: Backend, graph: Graph): Promise<Ran> {
  setBackend(backend);
  const round = graph();
  const rounds: TypedArray[][] = [];
  for (let r = 0; r < ROUNDS; r++) rounds.push(await Promise.all(round(r).map((t) => t.data())));
  return { rounds, compiled: stats().compiled };
}

export interface Change {
  readonly round: number;
  /** Which of what the graph gives. */
  readonly result: number;
  readonly message: string;
}
/** The first bits that differ compiled from kernel by kernel. */
export async function changeWhenCompiled(backend: Backend, graph: Graph): Promise<Change | undefined> {
  const apart = await run(uncompiled(backend), graph);
  const whole = await run(backend, graph);
  if (backend.compile)
    expect(whole.compiled > 0, () => `no program was compiled in ${ROUNDS} rounds; it must be found again`);
  for (const [round, values] of apart.rounds.entries())
    for (const [result, expected] of values.entries()) {
      const message = sameBits(whole.rounds[round][result], expected);
      if (message) return { round, result, message };
    }
  return undefined;
}
async function sameEitherWay(backend: Backend, graph: Graph): Promise<undefined> {
  const change = await changeWhenCompiled(backend, graph);
  expect(!change, () => {
    const { result, round, message } = change!;
    return `result ${result} of round ${round} is not the same compiled as kernel by kernel: ${message}`;
  });
  return undefined;
}
async function asTheOracle({ backend, oracle }: Subject, graph: Graph): Promise<{ ulps: number; tolerance: number }> {
  const expected = await run(oracle, graph);
  const actual = await run(backend, graph);
  const tolerance = graphTolerance(64);
  let worst = 0;
  expected.rounds.forEach((values, r) =>
    values.forEach((value, i) => {
      const { ulps, message } = compare(actual.rounds[r][i], value, { ulps: tolerance, of: largest([value], 1) });
      if (message) throw new Mismatch(`result ${i} of round ${r}: ${message}`, { ulps, tolerance });
      worst = Math.max(worst, ulps);
    }),
  );
  return { ulps: worst, tolerance };
}

export function programChecks(subject: Subject): Check[] {
  return Object.entries(graphs).flatMap(([name, graph]): Check[] => [
    { level: "programs", op: "program", name, run: () => sameEitherWay(subject.backend, graph) },
    { level: "programs", op: "program", name: `${name}, by the oracle`, run: () => asTheOracle(subject, graph) },
  ]);
}

/** One program, from a file. */
export const programCaseChecks = (
  { backend }: Subject,
  { name, graph }: { name: string; graph: Recorded },
): Check[] => [
  { level: "programs", op: "program", name, run: () => sameEitherWay(backend, () => () => replay(graph)) },
];
