// A whole run of the suite as one object. How it is shown is in reports/.
import { type Backend, type OpName, ops } from "@lamina/core";
import type { Result, Status } from "./case.ts";
import { type ConformOptions, conform } from "./conform.ts";
import { recordOf } from "./subject.ts";

/** Where a run took place. */
export interface Environment {
  /** "Node 24.19.2 on linux x64", "Chromium 156.0.8078.79, cross-origin isolated". */
  readonly runtime: string;
  /** What the device says of itself: adapter, driver, versions, threads. */
  readonly device: NonNullable<Backend["details"]>;
}
export interface Report {
  readonly backend: string;
  readonly passed: number;
  readonly failed: number;
  readonly declared: number;
  readonly absent: number;
  readonly seconds: number;
  readonly environment: Environment;
  /** Ops with a kernel of the device's own. */
  readonly native: readonly OpName[];
  /** Ops that core makes of others for it. */
  readonly decomposed: readonly OpName[];
  readonly results: readonly Result[];
}
export interface RunOptions extends ConformOptions {
  /** Called with each result as it comes, for progress. */
  onResult?: (result: Result) => void;
}

export const count = (results: readonly Result[], status: Status): number =>
  results.filter((r) => r.status === status).length;

const secondsOf = (results: readonly Result[]): number => results.reduce((sum, r) => sum + r.milliseconds, 0) / 1000;

/** Ops that a device can be asked for; aliases are core's. */
const asked = (Object.keys(ops) as OpName[]).filter((name) => !recordOf(name).alias);

/** @param backend undefined where it did not open */
export function reportOf(
  name: string,
  results: readonly Result[],
  backend?: Pick<Backend, "kernels" | "details">,
  runtime: string = runtimeHere(),
): Report {
  const isNative = (op: OpName): boolean => backend !== undefined && op in backend.kernels;
  return {
    backend: name,
    passed: count(results, "passed"),
    failed: count(results, "failed"),
    declared: count(results, "declared"),
    absent: count(results, "absent"),
    seconds: secondsOf(results),
    environment: { runtime, device: backend?.details ?? {} },
    native: asked.filter(isNative),
    decomposed: backend ? asked.filter((op) => !isNative(op)) : [],
    results,
  };
}

function runtimeHere(): string {
  if (typeof process === "object" && process.versions?.node)
    return `Node ${process.versions.node} on ${process.platform} ${process.arch}`;
  return typeof navigator === "object" ? navigator.userAgent : "an unknown runtime";
}

/** Runs the suite to its end. It failed if `failed` is not 0, or if nothing was run. */
export async function runConformance(
  name: string,
  open: () => Promise<Backend>,
  { onResult, ...options }: RunOptions = {},
): Promise<Report> {
  const results: Result[] = [];
  let first: Backend | undefined;
  const remembering = async (): Promise<Backend> => {
    const backend = await open();
    first ??= backend;
    return backend;
  };
  for await (const result of conform(remembering, options)) {
    results.push(result);
    onResult?.(result);
  }
  return reportOf(name, results, first);
}
