// One run of a compiled program: takes memory, binds it, writes the step's numbers, and sends all dispatches to the device,
// as one submission unless that would be more work than a watchdog lets pass.
import { type Program, type Spec, sizeOf } from "@lamina/core";
import type { GpuArray, Part } from "./array.ts";
import type { Call, HostValue, IndexCheck, Place, Quantity, Scratch } from "./calls.ts";
import type { Gpu } from "./gpu.ts";
import { judge, outOfRange, REPORT_WORDS } from "./indices.ts";
import type { Layout } from "./layout.ts";
import { ALIGN, bytesInPart, type Heap, roundUp, WORD } from "./memory.ts";
import { Outcome, throwKnown, unsettled } from "./outcome.ts";
import type { Pipeline } from "./pipelines.ts";
import type { Reads } from "./reads.ts";
import { FIXED_WORDS } from "./shader.ts";
import type { Timings } from "./timings.ts";

/** A call with its pipeline, in as many dispatches as its work asks for. */
export interface Step {
  readonly call: Call;
  readonly pipeline: Pipeline;
  /** The arrays it binds, in the order of its bindings. */
  readonly binds: readonly Bind[];
  readonly slices: readonly Slice[];
  /** Bind groups by the buffers in them: a step that repeats meets the same ones. */
  readonly groups: Map<string, GPUBindGroup>;
}
export interface Bind {
  readonly at: Place;
  readonly part: number;
}
/** A range of workgroups, and where its numbers are. */
export interface Slice {
  readonly from: number;
  readonly to: number;
  /** In bytes. */
  readonly numbersAt: number;
}

export interface Runnable {
  readonly program: Program;
  readonly outputs: readonly Spec[];
  readonly steps: readonly Step[];
  readonly hostValues: readonly HostValue[];
  readonly layout: Layout;
  /** The numbers of all dispatches; those that are the program's scalars are filled in at each run. */
  readonly numbers: ArrayBuffer;
  readonly specs: ReadonlyMap<number, Spec>;
}
export interface Engine {
  readonly gpu: Gpu;
  readonly heap: Heap;
  readonly reads: Reads;
  /** Multiply-adds, or so, that are submitted at a time. */
  readonly workPerSubmission: number;
  /** Operands of convolutions and products are kept as f16. */
  readonly f16: boolean;
  readonly timings: Timings | undefined;
}

interface Piece {
  readonly part: Part;
  readonly offset: number;
  readonly bytes: number;
}
/** What one dispatch is given. */
interface Launch {
  readonly step: Step;
  readonly slice: Slice;
  readonly group: GPUBindGroup;
}

const GROUPS_KEPT = 16;

/** The range in which the host has seen the values of an index, if it has. */
function isKnownGood({ slot, size, axis, op }: IndexCheck, inputs: readonly GpuArray[]): boolean {
  const range = inputs[slot]?.range;
  if (!range) return false;
  const [low, high] = range;
  if (low >= 0 && high < size) return true;
  throw outOfRange({ slot, size, axis, op }, low < 0 ? low : high);
}

export function run(
  engine: Engine,
  runnable: Runnable,
  inputs: readonly GpuArray[],
  scalars: readonly number[],
): GpuArray[] {
  const { gpu, heap } = engine;
  gpu.check();
  for (const x of inputs) heap.check(x);
  const before = unsettled(inputs.map((x) => x.outcomes));
  throwKnown(before);
  const steps = runnable.steps.filter(({ call }) => !call.check || !isKnownGood(call.check, inputs));
  const taken: Part[] = [];
  const results: GpuArray[] = [];
  const reports: { check: IndexCheck; part: Part }[] = [];
  const take = (bytes: number): Part => {
    const part = heap.take(bytes);
    taken.push(part);
    return part;
  };
  try {
    for (const { shape, dtype } of runnable.outputs) results.push(heap.allocate(dtype, sizeOf(shape)));
    const blocks = runnable.layout.blocks.map(take);
    const numbers = take(runnable.numbers.byteLength);
    for (const { call } of steps)
      if (call.check) reports.push({ check: call.check, part: heap.take(REPORT_WORDS * WORD) });
    let report = 0;
    const find = placer(runnable, heap, inputs, results, blocks);
    const launches = steps.flatMap((step): Launch[] => {
      const own = step.call.check ? reports[report++].part : undefined;
      const pieces = step.binds.map(({ at, part }) =>
        "report" in at ? { part: own!, offset: 0, bytes: 16 } : find(at, part),
      );
      return step.slices.map((slice) => ({ step, slice, group: groupOf(gpu, step, slice, numbers, pieces) }));
    });
    const words = fill(runnable, scalars);
    const values = runnable.hostValues.map(({ slot, values }) => ({ slot, words: values(scalars) }));
    const send = () => {
      gpu.device.queue.writeBuffer(numbers.buffer, 0, words);
      for (const v of values) writeValues(gpu, heap, v.words, (part) => find({ slot: v.slot }, part));
      submit(engine, launches);
    };
    const pending = [...new Set(steps.flatMap(({ pipeline }) => pipeline.ready ?? []))];
    const ready = pending.length ? Promise.all(pending).then(() => {}) : undefined;
    const sent = enqueue(gpu, send, ready);
    const own = reports.map(({ check, part }) => engine.reads.inspect(part, REPORT_WORDS, judge(check)));
    const outcomes = unsettled([before, ...(sent ? [[sent]] : []), own, taken.map((part) => part.outcome)]);
    for (const result of results) result.outcomes = unsettled([result.outcomes, outcomes]);
    return results;
  } catch (error) {
    for (const array of results) heap.release(array);
    for (const { part } of reports) heap.give(part);
    throw error;
  } finally {
    for (const part of taken) heap.give(part);
  }
}

/** Sends at once if it can; else the outcome of sending it later. */
function enqueue(gpu: Gpu, send: () => void, ready: Promise<void> | undefined): Outcome | undefined {
  if (!ready && gpu.order.isIdle) {
    send();
    return undefined;
  }
  return new Outcome(
    new Promise((settle) => {
      const go = () => {
        send();
        settle(undefined);
      };
      gpu.order.push(go, ready, settle);
    }),
  );
}

function placer(
  { program, specs, layout }: Runnable,
  heap: Heap,
  inputs: readonly GpuArray[],
  results: readonly GpuArray[],
  blocks: readonly Part[],
): (at: Exclude<Place, { report: true }>, part: number) => Piece {
  const ofArray = (array: GpuArray, part: number): Piece => ({
    part: array.parts[part],
    offset: 0,
    bytes: bytesInPart(array.length, part, heap.partLength),
  });
  const outputAt = new Map(program.outputs.map((slot, i) => [slot, i]));
  return (at, part) => {
    if ("slot" in at && at.slot < inputs.length) return ofArray(inputs[at.slot], part);
    const output = "slot" in at ? outputAt.get(at.slot) : undefined;
    if (output !== undefined) return ofArray(results[output], part);
    const regions = layout.regions.get("slot" in at ? at.slot : (at as Scratch));
    if (!regions) throw new Error(`webgpu: slot ${"slot" in at ? at.slot : "scratch"} of ${specs.size} has no place`);
    const { block, offset, bytes } = regions[part];
    return { part: blocks[block], offset, bytes };
  };
}

function groupOf(
  gpu: Gpu,
  { groups, pipeline, binds }: Step,
  slice: Slice,
  numbers: Part,
  pieces: readonly Piece[],
): GPUBindGroup {
  const key = `${slice.numbersAt} ${numbers.id} ${pieces.map(({ part }) => part.id)}`;
  const known = groups.get(key);
  if (known) return known;
  const numbersBytes = numbers.bytes - slice.numbersAt;
  const group = gpu.device.createBindGroup({
    layout: pipeline.layout,
    entries: [
      {
        binding: 0,
        resource: { buffer: numbers.buffer, offset: slice.numbersAt, size: Math.min(numbersBytes, ALIGN * 4) },
      },
      ...pieces.map(({ part, offset, bytes }, i) => ({
        binding: i + 1,
        resource: { buffer: part.buffer, offset, size: bytes },
      })),
    ],
  });
  if (groups.size >= GROUPS_KEPT * Math.max(1, binds.length)) groups.delete(groups.keys().next().value as string);
  groups.set(key, group);
  return group;
}

// ---- numbers -----------------------------------------------------------------------------------------------------------
/** As WGSL has it, from a JavaScript number that typed arrays would convert. */
export function writeNumber(view: DataView, at: number, quantity: Quantity, value: number): void {
  if (quantity.type === "f32") view.setFloat32(at, value, true);
  else if (quantity.type === "i32") view.setInt32(at, value, true);
  else view.setUint32(at, asUnsigned(value, "dtype" in quantity ? quantity.dtype : undefined), true);
}
const asUnsigned = (value: number, dtype: string | undefined): number =>
  dtype === "bool" ? +(value !== 0) : dtype === "uint8" ? value & 255 : value;

/** Fixed numbers, with this run's scalars among them. */
function fill({ numbers, steps }: Runnable, scalars: readonly number[]): ArrayBuffer {
  const words = numbers.slice(0);
  const view = new DataView(words);
  for (const { call, slices } of steps)
    call.numbers.forEach((quantity, i) => {
      if (!("scalar" in quantity)) return;
      for (const { numbersAt } of slices)
        writeNumber(view, numbersAt + WORD * (FIXED_WORDS + i), quantity, scalars[quantity.scalar]);
    });
  return words;
}
/** Bytes of one dispatch's numbers. */
export const numbersBytes = ({ numbers }: Call): number => roundUp(WORD * (FIXED_WORDS + numbers.length), ALIGN);

function writeValues(gpu: Gpu, heap: Heap, values: ArrayLike<number>, find: (part: number) => Piece): void {
  const words = values instanceof Uint8Array ? Uint32Array.from(values) : (values as Float32Array<ArrayBuffer>);
  for (let part = 0; part * heap.partLength < words.length; part++) {
    const { part: at, offset } = find(part);
    const from = part * heap.partLength;
    const to = Math.min(words.length, from + heap.partLength);
    gpu.device.queue.writeBuffer(at.buffer, offset, words, from, to - from);
  }
}

// ---- submission --------------------------------------------------------------------------------------------------------
function submit({ gpu, workPerSubmission, timings }: Engine, launches: readonly Launch[]): void {
  const { device } = gpu;
  const most = device.limits.maxComputeWorkgroupsPerDimension;
  const stamps = timings?.begin(launches.length);
  let encoder = device.createCommandEncoder();
  let pass: GPUComputePassEncoder | undefined;
  let work = 0;
  const endPass = () => {
    pass?.end();
    pass = undefined;
  };
  for (const { step, slice, group } of launches) {
    const count = slice.to - slice.from;
    const share = (step.call.work * count) / step.call.workgroups;
    if (work > 0 && work + share > workPerSubmission) {
      endPass();
      device.queue.submit([encoder.finish()]);
      encoder = device.createCommandEncoder();
      work = 0;
    }
    work += share;
    pass ??= encoder.beginComputePass({ timestampWrites: stamps?.pass(step.call.ops) });
    pass.setPipeline(step.pipeline.compiled!);
    pass.setBindGroup(0, group);
    const width = Math.min(count, most);
    pass.dispatchWorkgroups(width, Math.ceil(count / width));
    if (stamps) endPass(); // the device's clock is read between passes
  }
  endPass();
  stamps?.resolve(encoder);
  device.queue.submit([encoder.finish()]);
  stamps?.collect();
}
