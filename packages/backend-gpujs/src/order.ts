// In which order things are done on a device. gpu.js' mode "webgpu" answers with promises, so there each piece of work waits for the one
// before it; in all other modes it is done at once.

export type Later<T> = T | Promise<T>;

/** Runs `work` when everything before it is done. */
export type Order = <T>(work: () => Later<T>) => Later<T>;

export const atOnce: Order = (work) => work();
/** One after the other. What fails rejects for whoever waits for it, and the rest goes on. */
export function inTurn(): Order {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Later<T>) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

/** Calls back with what `values` are or come to: at once if none is a promise. */
export function whenAll<T, R>(values: readonly Later<T>[], use: (values: readonly T[]) => Later<R>): Later<R> {
  if (values.some((value) => value instanceof Promise)) return Promise.all(values).then(use);
  return use(values as readonly T[]);
}
