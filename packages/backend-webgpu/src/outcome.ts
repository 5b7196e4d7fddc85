// What is known about values only later: whether memory could be had, indices were in range, kernels compiled. Arrays carry
// the outcomes that they depend on, and reading one waits for them.

export class Outcome {
  /** Resolves in any case; `error` then says what was wrong. */
  readonly settled: Promise<void>;
  done = false;
  error: Error | undefined = undefined;

  constructor(failed: Promise<Error | undefined>) {
    this.settled = failed
      .catch((error: Error) => error)
      .then((error) => {
        this.error = error;
        this.done = true;
      });
  }
}

/** Those that are not yet known to be good, each once. */
export function unsettled(lists: readonly (readonly Outcome[])[]): Outcome[] {
  const found = new Set<Outcome>();
  for (const list of lists) for (const outcome of list) if (!outcome.done || outcome.error) found.add(outcome);
  return [...found];
}

/** @throws the first error that is already known. */
export function throwKnown(outcomes: readonly Outcome[]): void {
  for (const { error } of outcomes) if (error) throw error;
}
