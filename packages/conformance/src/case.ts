// What a case is: plain data that says what to run. Who runs it is in levels/, what should come out is the oracle's business.
import type { DType, OpName, Shape } from "@lamina/core";

export const levels = [
  "ops",
  "edges",
  "gradients",
  "vectors",
  "programs",
  "memory",
  "determinism",
  "concurrency",
  "errors",
  "training",
  "models",
  "epoch",
] as const;
export type Level = (typeof levels)[number];
/** What tests run unless they say otherwise: an epoch takes a slow device minutes. */
export const quickLevels: readonly Level[] = levels.filter((level) => level !== "epoch");

/** Where the numbers of an input come from. All but lists are drawn by Philox, seeded by the case's id. */
export type Fill =
  /** Uniform from `from` to `to`. */
  | { readonly from: number; readonly to: number }
  /** Whole numbers from `low` to `high` - 1: few values, so that there are ties. */
  | { readonly low: number; readonly high: number }
  /** These, over and over. */
  | { readonly values: readonly number[] };

export interface Input {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly fill: Fill;
}

/** One use of one op record, as a backend's kernel sees it. */
export interface OpCase {
  readonly op: OpName;
  /** Unique among the op's cases. */
  readonly name: string;
  /** "ops" unless it is about sizes and values at the edge. */
  readonly level?: "ops" | "edges";
  readonly inputs: readonly Input[];
  readonly attrs?: object;
  readonly scalars?: readonly number[];
}

export type Status = "passed" | "failed" | "declared" | "absent";
export interface Result {
  /** `level/op/name`, the name by which a gap is declared. */
  readonly id: string;
  readonly level: Level;
  readonly op: string;
  readonly status: Status;
  /** Why it failed, or the reason declared. */
  readonly message?: string | undefined;
  /** Of a declared gap, the reason alone. */
  readonly reason?: string | undefined;
  /** The largest error found and the largest allowed, in units in the last place of what each is measured by. */
  readonly ulps?: number | undefined;
  readonly tolerance?: number | undefined;
  readonly milliseconds: number;
}

export const input = (shape: Shape, fill: Fill = { from: -2, to: 2 }, dtype: DType = "float32"): Input => ({
  shape,
  dtype,
  fill,
});
