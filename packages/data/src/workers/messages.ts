// What a loader and its workers say to each other, and a thread as both Node and browsers have it.
import { type DType, Tensor, type TypedArray, tensor } from "@lamina/core";

/** Load these items. */
export interface Request {
  readonly id: number;
  readonly indices: Int32Array;
  readonly seed: number;
  readonly epoch: number;
}
/** A tensor's bytes, or several. */
export type Plain = { readonly data: TypedArray; readonly shape: readonly number[]; readonly dtype: DType } | Plain[];
export type Answer = { readonly id: number } & ({ readonly batch: Plain } | { readonly error: string });
/** "ready" comes first: what is sent to a browser's worker before it listens is lost. */
export type Reply = "ready" | Answer;

/** The part of Node's and of a browser's Worker that a loader uses. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): unknown;
  /** Node. */
  // biome-ignore lint/suspicious/noExplicitAny: what arrives depends on the event.
  on?(event: string, listener: (value: any) => void): unknown;
  ref?(): void;
  unref?(): void;
  /** Browsers. */
  // biome-ignore lint/suspicious/noExplicitAny: what arrives depends on the event.
  addEventListener?(event: string, listener: (event: any) => void): void;
}

/** @throws if it holds something else than tensors. */
export async function toPlain(batch: unknown): Promise<Plain> {
  if (batch instanceof Tensor) return { data: await batch.data(), shape: batch.shape, dtype: batch.dtype };
  if (Array.isArray(batch)) return Promise.all(batch.map(toPlain));
  throw new Error(
    `DataLoader: a worker's batch holds ${typeof batch}, but only tensors can be sent; give tensors, or leave out workers`,
  );
}
export function fromPlain(plain: Plain): unknown {
  return Array.isArray(plain) ? plain.map(fromPlain) : tensor(plain.data, { shape: plain.shape, dtype: plain.dtype });
}
export const buffersOf = (plain: Plain): ArrayBuffer[] =>
  Array.isArray(plain) ? plain.flatMap(buffersOf) : [plain.data.buffer as ArrayBuffer];
