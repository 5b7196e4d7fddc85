// The suite itself: what counts as a failure, what a declared gap is worth, and that a device that is not there is no success.
import { type ReferenceBuffer, reference } from "@lamina/backend-reference";
import { type Backend, type Kernel, ops } from "@lamina/core";
import { expect, test } from "vitest";
import type { OpCase } from "./case.ts";
import { opCases } from "./cases/index.ts";
import { compare, ulpOf } from "./compare.ts";
import { suiteFingerprints } from "./fingerprint.ts";
import type { Asked } from "./gaps.ts";
import { runConformance } from "./report.ts";
import { formatReport } from "./reports/table.ts";

/** A reference backend whose relu is wrong for negative numbers. */
async function leaky(): Promise<Backend> {
  const backend = await reference();
  return { ...backend, kernels: { ...backend.kernels, relu: backend.kernels.neg } };
}
const relu = { levels: ["ops"], filter: "ops/relu/" } as const;

test("a wrong kernel fails, by its id, with numbers", async () => {
  const report = await runConformance("leaky", leaky, relu);
  expect(report.failed).toBeGreaterThan(0);
  const failure = report.results.find((r) => r.id === "ops/relu/three axes")!;
  expect(failure.status).toBe("failed");
  expect(failure.message).toMatch(/^element \d+ is -?\d.* but must be .* ulp, 0 allowed\)/);
  expect(formatReport(report)).toContain("failed ops/relu/three axes");
});
test("a declared gap is no failure, and its reason is told", async () => {
  const { results: wrong } = await runConformance("leaky", leaky, relu);
  const declared = wrong.filter((r) => r.status === "failed").map(({ id }) => ({ id, reason: "no relu yet" }));
  const report = await runConformance("leaky", leaky, { ...relu, declared });
  expect(report.failed).toBe(0);
  expect(report.declared).toBe(declared.length);
  expect(report.results.find((r) => r.status === "declared")!.message).toContain("no relu yet");
});
test("a declared gap that passes fails", async () => {
  const declared = [{ id: "ops/relu/three axes", reason: "no relu yet" }];
  const report = await runConformance("reference", reference, { ...relu, declared });
  expect(report.failed).toBe(1);
  expect(report.results.find((r) => r.status === "failed")!.message).toBe(
    "declared as a gap (no relu yet), but it passes; remove the declaration",
  );
});
test("a gap can ask the open device: where it has none, nothing is declared", async () => {
  const said = { id: "ops/relu/three axes", reason: "the sign" };
  const asked: number[] = [];
  const when = async ({ compute }: Asked): Promise<boolean> => {
    asked.push(await compute("relu", -2));
    return asked.at(-1) !== 0;
  };
  const declared = [
    { ...said, when },
    { ...said, id: "ops/relu/empty", when },
  ];
  const options = { levels: ["ops"], declared, filter: said.id } as const;
  expect(await runConformance("reference", reference, options)).toMatchObject({ failed: 0, declared: 0 });
  expect(await runConformance("leaky", leaky, options)).toMatchObject({ failed: 0, declared: 1 });
  expect(asked).toEqual([0, 2]);
  const stubborn = { ...options, declared: [{ ...said, when: ({ details }: Asked) => details.mode === undefined }] };
  const report = await runConformance("reference", reference, stubborn);
  expect(report.results.find(({ id }) => id === said.id)!.message).toContain("but it passes; remove the declaration");
});
test("a device that does not open fails, unless it was declared absent", async () => {
  const missing = () => Promise.reject(new Error("no adapter"));
  const failed = await runConformance("gpu", missing);
  expect([failed.failed, failed.absent]).toEqual([1, 0]);
  const absent = await runConformance("gpu", missing, { absent: "this machine has no GPU" });
  expect([absent.failed, absent.absent]).toEqual([0, 1]);
  expect(absent.results[0].message).toBe("this machine has no GPU (the device did not open: no adapter)");
});
test("a dtype that a device does not have is told as absent", async () => {
  const floats = async (): Promise<Backend> => ({ ...(await reference()), dtypes: ["float32", "int32", "bool"] });
  const report = await runConformance("floats", floats, { levels: ["ops"], filter: "ops/flip/" });
  expect(report.results.find((r) => r.id.endsWith("the last axis, uint8"))!.status).toBe("absent");
  expect(report.failed).toBe(0);
});
type ReferenceKernel = Kernel<ReferenceBuffer>;
/** A reference backend whose relu does something beside. */
const withRelu =
  (
    around: (
      backend: Backend<ReferenceBuffer>,
      kernel: ReferenceKernel,
      args: Parameters<ReferenceKernel>,
    ) => ReferenceBuffer,
  ) =>
  async (): Promise<Backend> => {
    const backend = await reference();
    const relu: ReferenceKernel = (...args) => around(backend, backend.kernels.relu!, args);
    return { ...backend, kernels: { ...backend.kernels, relu } };
  };
test("a kernel that keeps a buffer fails", async () => {
  const greedy = withRelu((backend, kernel, args) => {
    backend.upload(new Float32Array(3), "float32");
    return kernel(...args);
  });
  const report = await runConformance("greedy", greedy, relu);
  expect(report.results[0].message).toContain("1 buffers and 12 bytes are left over");
});
test("a kernel that writes to its input fails", async () => {
  const spoiling = withRelu((_, kernel, args) => {
    const result = kernel(...args);
    args[0][0].buffer.data![0] += 1;
    return result;
  });
  const report = await runConformance("spoiling", spoiling, relu);
  expect(report.results[0].message).toContain("input 0 was written to");
});
test("an op without a case would be told", async () => {
  const covered = new Set<string>(opCases.map((c) => c.op));
  expect(
    Object.values(ops)
      .filter((op) => !op.alias && !covered.has(op.name))
      .map((op) => op.name),
  ).toEqual([]);
});
test("the suite's fingerprint is another where a case changes, and only there", async () => {
  const cases = opCases as OpCase[];
  const before = await suiteFingerprints();
  const at = cases.findLastIndex(({ level }) => level === undefined);
  const [one] = cases.splice(at, 1);
  const fewer = await suiteFingerprints();
  cases.splice(at, 0, { ...one, inputs: one.inputs.map((x) => ({ ...x, fill: { values: [Number.NaN] } })) });
  const other = await suiteFingerprints();
  cases.splice(at, 1, one);
  expect(await suiteFingerprints()).toEqual(before);
  expect(new Set([before.ops, fewer.ops, other.ops]).size).toBe(3);
  for (const each of [fewer, other]) expect({ ...each, ops: "" }).toEqual({ ...before, ops: "" });
});
test("ids are unique", async () => {
  const report = await runConformance("reference", reference, {
    levels: ["ops", "edges", "gradients", "vectors", "errors", "programs"],
  });
  const ids = report.results.map((r) => r.id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
});

test("units in the last place", () => {
  expect(ulpOf(1)).toBe(2 ** -23);
  expect(ulpOf(-1.5)).toBe(2 ** -23);
  expect(ulpOf(2)).toBe(2 ** -22);
  expect(ulpOf(0)).toBe(2 ** -149);
  expect(ulpOf(2 ** -130)).toBe(2 ** -149);
  expect(ulpOf(3.4e38)).toBe(2 ** 104);
});
test("comparison: NaN, infinities, overflow, zeros of both signs", () => {
  const of = (...values: number[]) => Float64Array.from(values);
  const passes = (actual: number, expected: number, ulps = 1, signedZero = false) =>
    compare(of(actual), of(expected), { ulps, signedZero }).message === undefined;
  expect(passes(Number.NaN, Number.NaN)).toBe(true);
  expect(passes(1, Number.NaN)).toBe(false);
  expect(passes(Number.NaN, 1)).toBe(false);
  expect(passes(Infinity, Infinity)).toBe(true);
  expect(passes(-Infinity, Infinity)).toBe(false);
  expect(passes(Infinity, 1e39)).toBe(true);
  expect(passes(3.4e38, Infinity)).toBe(false);
  expect(passes(0, -0)).toBe(true);
  expect(passes(0, -0, 1, true)).toBe(false);
  expect(passes(1 + 2 ** -23, 1)).toBe(true);
  expect(passes(1 + 2 ** -22, 1)).toBe(false);
  expect(compare(of(1, 2), of(1), { ulps: 1 }).message).toBe("2 elements instead of 1");
});
