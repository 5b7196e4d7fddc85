// Where two devices part: runs a model on both in lock step, op by op on the same inputs, and stops at the first whose result the suite
// would not let pass. Where there is none, bisectProgram.ts looks at what they compile.

import { reference } from "@lamina/backend-reference";
import {
  type Backend,
  debug,
  getBackend,
  nn,
  type OpName,
  randomState,
  setBackend,
  setRandomState,
  type Tensor,
} from "@lamina/core";
import { bisectProgram } from "./bisectProgram.ts";
import { type CaseFile, caseFileOf, programCaseFileOf } from "./caseFile.ts";
import { compare } from "./compare.ts";
import type { Graph } from "./graph.ts";
import { computeAlone, expectedOf, judge, toleranceOn } from "./levels/ops.ts";
import type { Use, Value } from "./subject.ts";

export interface BisectOptions {
  /** With it the backward pass is compared as well: gives the loss from what the model returns. */
  loss?: (output: Tensor) => Tensor;
  /** Where the case of the op that was found is written (Node). */
  file?: string;
}
export interface Divergence {
  /** What came out wrong: this op's result. */
  readonly op: OpName;
  /** The module that recorded it, as `layers.3.conv`; "" for the model itself and what comes after it. */
  readonly path: string;
  readonly pass: "forward" | "backward";
  /** The device that is wrong. */
  readonly device: string;
  /** By how much. */
  readonly message: string;
  /** Set where every op is right by itself, and this program of them is not the same compiled: its ops, as few as show it. */
  readonly program?: readonly string[];
  /** For the suite: `lamina conformance --backend NAME --case FILE`. */
  readonly caseFile: CaseFile;
}
export interface Bisection {
  /** The first op that is wrong on one of them, or else the first program; or undefined. */
  readonly found: Divergence | undefined;
  /** How many ops were compared. */
  readonly compared: number;
}

interface Recorded {
  readonly node: Tensor;
  readonly op: NonNullable<Tensor["op"]>;
  readonly inputs: readonly Tensor[];
  readonly attrs: object;
  readonly scalars: readonly number[];
  readonly path: string;
  readonly pass: "forward" | "backward";
}

/**
 * Runs `model` on `input` on both devices, op by op: each op gets the same inputs on both, so that one error does not hide behind
 * another. Stops at the first op that one of the devices computes further from the definition than the suite allows, names it with the
 * path of its module, and gives (or writes) a case that the suite can replay. Where all kernels are right, it looks for a program that
 * does not give the same bits compiled as kernel by kernel, and names its ops. Weights, running statistics, the generator and the backend
 * in use are as before afterwards; gradients are cleared.
 * @param input a tensor, or all that `forward` takes.
 */
export async function bisectBackends(
  model: nn.Module,
  input: Tensor | readonly Tensor[],
  a: Backend,
  b: Backend,
  { loss, file }: BisectOptions = {},
): Promise<Bisection> {
  const before = { backend: backendInUse() ?? a, random: randomState(), state: await model.stateDict() };
  const oracle = await reference({ precision: "double" });
  try {
    setBackend(a);
    const recorded = record(model, Array.isArray(input) ? input : [input as Tensor], loss);
    const values = await leavesOf(recorded);
    const leaves = new Map(values); // the walk lets go of what it no longer needs
    let bisection = await walk(recorded, values, [a, b], oracle);
    bisection = bisection.found ? bisection : { ...bisection, found: await lookAtPrograms(recorded, leaves, [a, b]) };
    if (file && bisection.found) await write(file, bisection.found.caseFile);
    return bisection;
  } finally {
    setBackend(before.backend);
    model.zeroGrad();
    model.loadStateDict(before.state);
    setRandomState(before.random);
    await oracle.close();
  }
}
function backendInUse(): Backend | undefined {
  try {
    return getBackend();
  } catch {
    return undefined; // none has been set
  }
}
async function write(file: string, content: CaseFile): Promise<void> {
  const { writeFile } = await import("node:fs/promises");
  await writeFile(file, `${JSON.stringify(content)}\n`);
}

/** All ops of a pass, each with the module it was recorded in. */
function record(model: nn.Module, inputs: readonly Tensor[], loss: BisectOptions["loss"]): Recorded[] {
  const recorded: Recorded[] = [];
  const paths = new Map<Tensor, string>();
  const within: string[] = [""];
  const undo = model.namedModules().map(([path, module]) => follow(module, path, within));
  debug({
    onRecord(node, gradientOf) {
      const path = gradientOf ? (paths.get(gradientOf) ?? "") : within.at(-1)!;
      paths.set(node, path);
      const { op, inputs: from, attrs, scalars } = node;
      recorded.push({
        node,
        op: op!,
        inputs: from,
        attrs: attrs!,
        scalars,
        path,
        pass: gradientOf ? "backward" : "forward",
      });
    },
  });
  try {
    const output = model.forward(...inputs);
    loss?.(output).backward();
  } finally {
    debug({});
    for (const f of undo.reverse()) f(); // a shared module is wrapped once for each of its paths
  }
  return recorded;
}
/** Notes that `module` runs while it does. */
const follow = (module: nn.Module, path: string, within: string[]): (() => void) =>
  nn.wrapForward(module, (forward) => {
    within.push(path);
    try {
      return forward();
    } finally {
      within.pop();
    }
  });

/** The numbers that the pass starts from. */
async function leavesOf(recorded: readonly Recorded[]): Promise<Map<Tensor, Value>> {
  const made = new Set(recorded.map(({ node }) => node));
  const leaves = new Set(recorded.flatMap(({ inputs }) => inputs).filter((x) => !made.has(x)));
  const read = async (x: Tensor) => [x, { shape: x.shape, dtype: x.dtype, data: await x.data() }] as const;
  return new Map(await Promise.all([...leaves].map(read)));
}

async function walk(
  recorded: readonly Recorded[],
  values: Map<Tensor, Value>,
  devices: readonly [Backend, Backend],
  oracle: Backend,
): Promise<Bisection> {
  const last = new Map(recorded.flatMap(({ inputs }, i) => inputs.map((x) => [x, i] as const)));
  let compared = 0;
  for (const [i, r] of recorded.entries()) {
    const { shape, dtype } = r.node;
    const use: Use = {
      op: r.op.name as OpName,
      inputs: r.inputs.map((x) => values.get(x)!),
      attrs: r.attrs,
      scalars: r.scalars,
      out: { shape, dtype },
    };
    if (r.op.alias) values.set(r.node, { shape, dtype, data: use.inputs[0].data });
    else {
      const { data, wrong } = await compareOn(devices, use, oracle);
      compared++;
      if (wrong) return { found: divergence(r, use, wrong), compared };
      values.set(r.node, { shape, dtype, data });
    }
    for (const x of r.inputs) if (last.get(x) === i) values.delete(x);
  }
  return { found: undefined, compared };
}
interface Wrong {
  readonly device: string;
  readonly message: string;
}
/** Asks the oracle only where the devices differ: it is slow. */
async function compareOn(
  devices: readonly [Backend, Backend],
  use: Use,
  oracle: Backend,
): Promise<{ data: Value["data"]; wrong?: Wrong }> {
  const results: Value["data"][] = [];
  for (const device of devices)
    try {
      results.push(await computeAlone(device, use));
    } catch (error) {
      return {
        data: use.inputs[0]?.data ?? new Float32Array(),
        wrong: { device: device.name, message: (error as Error).message },
      };
    }
  const [data, other] = results;
  if (!compare(other, data, { ulps: 0, signedZero: true }).message) return { data };
  const expected = await expectedOf(oracle, use);
  for (const [i, device] of devices.entries())
    try {
      judge(results[i], expected, toleranceOn(device, expected));
    } catch (error) {
      return { data, wrong: { device: device.name, message: (error as Error).message } };
    }
  return { data };
}
function divergence({ op, path, pass }: Recorded, use: Use, { device, message }: Wrong): Divergence {
  const name = `${path || "model"}, ${pass}`;
  return {
    op: op.name as OpName,
    path,
    pass,
    device,
    message,
    caseFile: caseFileOf(use, name, `${device}: ${message}`),
  };
}

/** The recorded ops as data. */
function graphOf(recorded: readonly Recorded[], leaves: ReadonlyMap<Tensor, Value>): Graph {
  const nodes = [...leaves.keys(), ...recorded.map(({ node }) => node)];
  const place = new Map(nodes.map((node, i) => [node, i]));
  const ops = recorded.map(({ op, inputs, attrs, scalars }) => ({
    op: op.name as OpName,
    attrs,
    scalars,
    inputs: inputs.map((x) => place.get(x)!),
  }));
  const used = new Set(ops.flatMap(({ inputs }) => inputs));
  const outputs = recorded.map((_, i) => leaves.size + i).filter((i) => !used.has(i));
  return { leaves: [...leaves.values()], ops, outputs };
}
async function lookAtPrograms(
  recorded: readonly Recorded[],
  leaves: ReadonlyMap<Tensor, Value>,
  devices: readonly Backend[],
): Promise<Divergence | undefined> {
  const wrong = await bisectProgram(graphOf(recorded, leaves), devices);
  if (!wrong) return undefined;
  const { device, chosen, graph, change } = wrong;
  const ops = chosen.map((k) => recorded[k]);
  const { op, path, pass } = ops[graph.outputs[change.result] - graph.leaves.length];
  const program = ops.map(titleOf);
  const message = `each op is right by itself, but compiled into one program of ${ops.length} ops the ${device} device gives another ${op.name} than kernel by kernel: ${change.message}`;
  const name = ops.length > 1 ? `${program[0]} to ${program.at(-1)}` : program[0];
  return {
    op: op.name as OpName,
    path,
    pass,
    device,
    message,
    program,
    caseFile: programCaseFileOf(graph, name, `${device}: ${message}`),
  };
}
/** "conv2d of layers.3.conv, forward" */
const titleOf = ({ op, path, pass }: Recorded): string => `${op.name} of ${path || "model"}, ${pass}`;
