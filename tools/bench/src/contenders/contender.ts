// The shape of every file in this folder: who takes part, where it comes from, and how it does each kind of work.
import type { Work } from "../work/works.ts";

/** Where a peer's program comes from; install.ts gets it, on demand and into the user's cache folder. */
export type Source =
  | { readonly kind: "workspace"; readonly packages: readonly string[] }
  | { readonly kind: "npm"; readonly packages: Readonly<Record<string, string>> }
  | { readonly kind: "tfjs-node" }
  | { readonly kind: "python"; readonly packages: Readonly<Record<string, string>> };

/** One way to run a peer: its threads, its device, its settings. */
export interface Contender {
  /** For `--peers` and tables: the peer's name, then what is particular. */
  readonly name: string;
  /** Cores that it may use. */
  readonly threads: number;
  readonly where: "node" | "chromium" | "python";
  /** Handed to `open`. */
  readonly options?: Options;
  readonly env?: Readonly<Record<string, string>>;
}
export type Options = Readonly<Record<string, string | number | boolean>>;

export interface Peer {
  readonly name: string;
  /** Its name in words, and what it computes with. */
  readonly title: string;
  readonly source: Source;
  readonly contenders: readonly Contender[];
}

/** A piece of work made ready. */
export interface Job {
  /** Does it once. When it is over, a network's result is on the host, and an op's is computed. */
  run(): unknown;
  /** What the last run gave, to be held against the others': the loss of a training step, or all values. Not timed. */
  result(): ArrayLike<number> | Promise<ArrayLike<number>>;
}
export interface Runner {
  readonly version: string;
  /** @throws what the peer says if it cannot do this. */
  prepare(work: Work): Job | Promise<Job>;
}
/** Opens the peer. `modules` are the namespaces of its npm packages, in their order. */
export type Open<M extends readonly unknown[] = readonly never[]> = (
  modules: M,
  options: Options,
) => Runner | Promise<Runner>;

export const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** What a peer exports. Its types are where it is installed, which is not here. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Untyped = any;
/** A namespace, or what stands for one where a CommonJS module was imported. */
export const namespaceOf = (module: Untyped): Untyped => module.default ?? module;
